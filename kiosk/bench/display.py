"""The display that the terminal's window appears on: the one at hand, or a virtual one by Xvfb."""

from __future__ import annotations

import os
import re
import select
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kiosk.bench.child import Child

READY_S = 20.0
ANSWER_S = 10.0


class NoDisplayError(Exception):
    """Xvfb did not come up; the text names its log."""


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    def holds(self, other: Size) -> bool:
        return self.width >= other.width and self.height >= other.height


def size_of(name: str) -> Size | None:
    """The size of the first screen of display `name` (such as `:0`); None when it does not answer."""
    try:
        answer = subprocess.run(
            ["/usr/bin/xdpyinfo", "-display", name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    found = re.search(rb"dimensions:\s+(\d+)x(\d+) pixels", answer.stdout)
    if answer.returncode != 0 or found is None:
        return None
    return Size(int(found[1]), int(found[2]))


class VirtualDisplay:
    """An Xvfb on a free display number, reachable through its Unix socket only."""

    def __init__(self, size: Size, log: Path) -> None:
        read, write = os.pipe()
        try:
            self._child = Child(
                [
                    "/usr/bin/Xvfb",
                    "-displayfd",
                    str(write),
                    *("-screen", "0", f"{size}x24"),
                    *("-nolisten", "tcp"),
                    "-noreset",  # or the screen is thrown away when its last client goes
                    *("-s", "0", "-dpms"),  # or the mirror goes black after ten minutes without a touch
                ],
                log=log,
                cwd=log.parent,
                pass_fds=(write,),
            )
        finally:
            os.close(write)
        try:
            self.name = f":{_read_line(read)}"
        except NoDisplayError as error:
            self.close()
            message = f"Xvfb did not start; see {log.name}"
            raise NoDisplayError(message) from error
        finally:
            os.close(read)
        self.pid = self._child.pid

    def close(self) -> None:
        """End it; may be called twice."""
        self._child.end()


def _read_line(descriptor: int) -> str:
    text = b""
    while not text.endswith(b"\n"):
        readable, _, _ = select.select([descriptor], [], [], READY_S)
        piece = os.read(descriptor, 64) if readable else b""
        if not piece:
            raise NoDisplayError
        text += piece
    return text.decode("ascii").strip()
