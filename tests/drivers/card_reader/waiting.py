import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], deadline_s: float = 10.0) -> bool:
    """Ask again until it holds; False when it never did."""
    ends_s = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > ends_s:
            return False
        time.sleep(0.02)
    return True
