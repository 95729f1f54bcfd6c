"""Devices for the worker's tests: each misbehaves in one way, for real, in a real child."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from drivers import private_memory, worker_child
from drivers.worker import Worker

PR_GET_DUMPABLE = 3
"""linux/prctl.h"""


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
        msg = "Zhang San 11019919900101007X"
        raise LookupError(msg)

    def unpicklable(self) -> object:
        return lambda: None

    def chatter(self, size: int) -> bool:
        """What a library without a log level does."""
        for descriptor in (1, 2):
            os.write(descriptor, bytes(size))
        return True

    def answer_unasked(self) -> bool:
        """An answer too many, as a callback of a vendor's library would send it."""
        worker_child.answer(self._connection(), (1_000_000, True, "of somebody else"))
        return True

    def claim(self, size: int) -> None:
        """Announce an answer of this size, and then send nothing of it."""
        os.write(self._connection().fileno(), size.to_bytes(worker_child.SIZE_BYTES, "big"))
        self.hang()

    def trickle(self) -> None:
        """One byte at a time, for ever: each read has something to read."""
        connection = self._connection()
        os.write(connection.fileno(), (1_000_000).to_bytes(worker_child.SIZE_BYTES, "big"))
        while True:
            os.write(connection.fileno(), b".")
            time.sleep(0.01)

    def rubbish(self) -> None:
        os.write(
            self._connection().fileno(), (4).to_bytes(worker_child.SIZE_BYTES, "big") + b"\xff\x00\x01\x02"
        )
        self.hang()

    def hold_the_interpreter_later(self) -> bool:
        """A native thread that never lets go: this process answers nothing from then on."""

        def hold() -> None:
            time.sleep(0.1)
            ctypes.PyDLL(None).pause()  # PyDLL keeps the interpreter locked during the call

        threading.Thread(target=hold, daemon=True).start()
        return True

    def _connection(self) -> Connection:
        """This process's end of the worker's pipe, found where `serve` holds it."""
        frame = sys._getframe()
        while frame.f_code is not worker_child.serve.__code__:
            assert frame.f_back is not None
            frame = frame.f_back
        connection: Connection = frame.f_locals["connection"]
        return connection

    def interrupt_action(self) -> bool:
        return signal.getsignal(signal.SIGINT) is signal.SIG_IGN


class Unbuildable:
    def __init__(self) -> None:
        msg = "no such model"
        raise FileNotFoundError(msg)


class SlowStart:
    """Is built for ever until the file `allowed` exists; says where it is being built."""

    def __init__(self, allowed: str, building: str) -> None:
        if not Path(allowed).exists():
            Path(building).write_text(str(os.getpid()))
            time.sleep(3600)

    def fine(self) -> bool:
        return True


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


class Secretive(Device):
    """Tells how private its own memory is."""

    def dumpable(self) -> int:
        return int(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))

    def core_limit(self) -> tuple[int, int]:
        return resource.getrlimit(resource.RLIMIT_CORE)

    def may_lock(self) -> bool:
        unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
        return unlimited or private_memory._has_capability(private_memory.CAP_IPC_LOCK)

    def lingering(self, picture: bytes, dropped: int) -> int:
        """Of so many copies of `picture`, how many can be read in their middle half right after they were dropped.

        Read by their addresses: a search of the whole memory allocates, and might itself take a copy's place.
        """
        bytearray(len(picture))  # the first free of a large size teaches glibc to keep the next ones
        # Every second one stays, the last one too: at the heap's end, freed memory may go back to the kernel.
        copies = sorted((bytearray(picture) for _ in range(2 * dropped)), key=_place)
        places = [_place(copy) + len(copy) // 4 for copy in copies[::2]]
        middle = picture[len(picture) // 4 : len(picture) * 3 // 4]
        seen = bytearray(len(middle))
        memory = os.open("/proc/self/mem", os.O_RDONLY)
        try:
            held = sum(_is_at(place, middle, seen, memory) for place in places)
            assert held == dropped, "each is read where it is"
            del copies[::2]
            return sum(_is_at(place, middle, seen, memory) for place in places)
        finally:
            os.close(memory)


def _is_at(place: int, wanted: bytes, seen: bytearray, memory: int) -> bool:
    try:
        os.preadv(memory, [seen], place)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return False  # the page went back to the kernel
    return seen == wanted


def _place(picture: bytearray) -> int:
    """The address of its first byte."""
    return ctypes.addressof(ctypes.c_char.from_buffer(picture))


if __name__ == "__main__":
    hold_a_worker()
