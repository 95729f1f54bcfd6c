"""How the demo hears that it should end, and how it makes sure that nothing is left."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Self

from kiosk.bench.children import children_of

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), Linux 3.4."""


class EndRequestedError(Exception):
    """Someone wants the demo to end while it is still starting."""


class EndRequest:
    """Inside `with`, Ctrl-C, SIGTERM and SIGHUP are a wish that can be waited for, however often they come.

    A pipe, since a handler may run while its own thread holds the lock of a `threading.Event`.
    """

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._former = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float) -> bool:
        """True as soon as the end is wished for; False after `seconds`."""
        readable, _, _ = select.select([self._read], [], [], seconds)
        return bool(readable)

    def check(self) -> None:
        """Raise EndRequestedError when the end is wished for."""
        if self.wait(0):
            raise EndRequestedError

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        with suppress(BlockingIOError):  # the pipe is full of wishes: one is enough
            os.write(self._write, b".")


def adopt_orphans() -> None:
    """From now on a grandchild whose parent dies becomes a child of this process, so it can be found."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def end_leftovers(patience_s: float = 10.0) -> int:
    """Kill every child that this process still has; returns how many lived. For the very end of a program."""
    ended = 0
    ends_s = time.monotonic() + patience_s
    while (children := children_of(os.getpid())) and time.monotonic() < ends_s:
        for pid in children:
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                ended += 1
    return ended
