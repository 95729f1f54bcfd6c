"""Tests that share something there is only one of run in one worker, one after another."""

from __future__ import annotations

ONE_READER = "one_reader"
"""The machine's smart-card service has one virtual reader (vpcd listens on one fixed port)."""
