"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

PATIENCE_S = 60.0


def until(holds: Callable[[], bool]) -> bool:
    """True as soon as it holds; False when the patience is over."""
    ends_s = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > ends_s:
            return False
        time.sleep(0.05)
    return True


def says(log: Path, words: str) -> bool:
    """Do the words appear in the file?"""
    return until(lambda: log.exists() and words in log.read_text("utf-8", "replace"))


def dead(process: psutil.Process) -> bool:
    """Has it ended? A zombie has: only its parent has not looked yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
