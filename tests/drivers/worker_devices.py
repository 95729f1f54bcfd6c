"""Devices for the worker's tests: each misbehaves in one way, for real, in a real child."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from drivers.worker import Worker


class Device:
    def __init__(self, name: str = "device") -> None:
        self._name = name

    def name(self) -> str:
        return self._name

    def add(self, left: int, right: int) -> int:
        return left + right

    def size(self, content: bytes) -> int:
        return len(content)

    def process_id(self) -> int:
        return os.getpid()

    def modules(self) -> list[str]:
        return sorted(sys.modules)

    def hang(self) -> None:
        while True:
            time.sleep(3600)

    def die(self) -> None:
        os._exit(3)

    def fail(self) -> None:
        msg = "Zhang San 11019919900101001X"
        raise LookupError(msg)

    def unpicklable(self) -> object:
        return lambda: None

    def interrupt_action(self) -> bool:
        return signal.getsignal(signal.SIGINT) is signal.SIG_IGN


class Unbuildable:
    def __init__(self) -> None:
        msg = "no such model"
        raise FileNotFoundError(msg)


class FlakyStart:
    """Dies while it is built until the file `allowed` exists."""

    def __init__(self, allowed: str) -> None:
        if not Path(allowed).exists():
            os._exit(1)

    def fine(self) -> bool:
        return True


def hold_a_worker() -> None:
    """A parent to be killed: prints the child's pid, then holds on with the child busy for ever."""
    worker = Worker("tests.drivers.worker_devices:Device")
    if worker.wait_ready(30):
        sys.stdout.write(f"{worker.pid}\n")
        sys.stdout.flush()
    worker.call("hang", deadline_s=3600)


if __name__ == "__main__":
    hold_a_worker()
