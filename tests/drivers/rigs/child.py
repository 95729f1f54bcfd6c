"""A child process, ended from outside as the kernel or a crash would."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.worker import Worker
from tests.drivers.waiting import wait_until


def end_child(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not _exists(pid))


@contextmanager
def no_next_child_of(worker: Worker) -> Iterator[None]:
    """Until the end of the block none is started: what is to be seen meanwhile needs no luck."""
    goes_on, spawn = threading.Event(), worker._spawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_spawn", lambda: goes_on.wait() and spawn())
        try:
            yield
        finally:
            goes_on.set()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
