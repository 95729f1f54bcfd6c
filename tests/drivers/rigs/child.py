"""A child process, ended from outside as the kernel or a crash would."""

from __future__ import annotations

import os
import signal

from tests.drivers.waiting import wait_until


def end_child(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not _exists(pid))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
