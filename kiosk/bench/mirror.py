"""The terminal's screen from outside, by the tools of any X display. The terminal knows nothing of it."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable

from kiosk.bench.web import Mirror, ScreenUnseenError

FRESH_S = 0.15
"""A picture younger than this serves every browser that asks."""
TOOL_S = 10.0


class Snapshots:
    """Takes pictures one at a time and shares each for `fresh_s` seconds after it was taken."""

    def __init__(
        self,
        shoot: Callable[[], bytes],
        *,
        fresh_s: float = FRESH_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shoot, self._fresh_s, self._clock = shoot, fresh_s, clock
        self._lock = threading.Lock()
        self._picture = b""
        self._stale_at_s = float("-inf")

    def latest(self) -> bytes:
        with self._lock:
            if self._clock() >= self._stale_at_s:
                self._picture = self._shoot()
                self._stale_at_s = self._clock() + self._fresh_s
            return self._picture

    def forget(self) -> None:
        """The next picture is a new one."""
        with self._lock:
            self._stale_at_s = float("-inf")


def mirror_of(display: str) -> Mirror:
    """JPEG pictures of the root window of `display`, and clicks of the first button on it.

    Both raise ScreenUnseenError when the display or the tool fails.
    """
    # -silent after -display: the other way round ImageMagick 6 forgets the display.
    snapshots = Snapshots(
        lambda: _use("import", "-display", display, "-silent", "-window", "root", "-quality", "85", "jpeg:-")
    )

    def click(x: int, y: int) -> None:
        # env(1) hands the display on: xdotool takes it from nowhere else.
        _use("env", f"DISPLAY={display}", "xdotool", "mousemove", str(x), str(y), "click", "1")
        snapshots.forget()

    return Mirror(snapshots.latest, click)


def _use(*command: str) -> bytes:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TOOL_S, check=True
        )
    except subprocess.CalledProcessError as error:
        raise ScreenUnseenError(error.stderr.decode("utf-8", "replace").strip()) from error
    except (subprocess.TimeoutExpired, OSError) as error:
        raise ScreenUnseenError(str(error)) from error
    if not done.stdout and command[0] == "import":
        message = "the picture is empty"
        raise ScreenUnseenError(message)
    return done.stdout
