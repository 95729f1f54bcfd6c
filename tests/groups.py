"""Tests that share something there is only one of run in one worker, one after another."""

from __future__ import annotations

ONE_READER = "one_reader"
"""The machine's smart-card service has one virtual reader (vpcd listens on one fixed port)."""

ONE_PROBE = "one_probe"
"""What a probe found in a real window is looked at by several tests: asked for once, in one worker."""
