"""Tests that share something there is only one of run in one worker, one after another."""

from __future__ import annotations

ONE_READER = "one_reader"
"""The machine's smart-card service has one virtual reader (vpcd listens on one fixed port)."""

FACES = ONE_READER
"""A face is compared within seconds, which two slow cores cannot do for two residents at once. One group with the
reader's, since a visit may need both.
"""

ONE_PROBE = "one_probe"
"""What a probe found in a real window is looked at by several tests: asked for once, in one worker."""
