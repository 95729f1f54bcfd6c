"""Wait on a condition, with a deadline: never sleep and hope."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 30.0


def wait_until(condition: Callable[[], bool], deadline_s: float = PATIENCE_S) -> bool:
    """Whether the condition came true in time."""
    end_s = time.monotonic() + deadline_s
    while time.monotonic() < end_s:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
