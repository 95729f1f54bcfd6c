"""One rig a driver: the real driver, the far end of its wire, and hands that do things to it.

How a driver joins is told in docs/drivers.md.
"""
