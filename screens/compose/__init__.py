"""From a view to a scene: where everything stands on one panel. Pure.

`page` is the way in; `blocks` draws what a screen shows, `chrome` what is the same on every
screen, `overlay` what lies over it.
"""
