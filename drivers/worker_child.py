"""The child's half of `worker`: builds the device, answers one request after the other.

Nothing that a person brought (a picture, an exception's text) is written anywhere here: not even
a library's chatter is, which would also hold the child up once nobody empties the pipe.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import pickle
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from drivers import private_memory

PULSE = ""
"""The request that is answered here and asks only whether anybody is alive."""

SIZE_BYTES = 8
NAME_MAX = 15
"""Bytes of a process's name in the kernel (TASK_COMM_LEN of linux/sched.h, less the last zero)."""


def serve(
    connection: Connection,
    lifeline: Connection,
    target: str | Callable[..., object],
    args: tuple[Any, ...],
    *,
    is_private: bool = False,
    ends_with_visit: bool = False,
) -> None:
    """Build the device, then answer `(number, method, args)`. `is_private`: see `private_memory`.

    An answer is `(number, True, value)` or `(number, False, class name)`; number 0 is of the start.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    die_with(lifeline)
    Path("/proc/self/comm").write_text(name_of(target), "ascii")
    fall_mute()
    if not ends_with_visit:
        private_memory.overwrite_what_is_freed()
    if is_private:  # after the name was written: from here on /proc/self belongs to root
        private_memory.keep_private()
    try:
        device = resolve(target)(*args)
    except Exception as error:  # noqa: BLE001 - the parent is told, and decides
        answer(connection, (0, False, type(error).__name__))
        return
    answer(connection, (0, True, None))
    while True:
        try:
            number, method, arguments = connection.recv()
        except EOFError:
            return
        try:
            value = None if method == PULSE else getattr(device, method)(*arguments)
            answer(connection, (number, True, value))
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 - the parent is told, and decides
            answer(connection, (number, False, type(error).__name__))


def answer(connection: Connection, message: tuple[int, bool, Any]) -> None:
    """Size and pickle: plain bytes, so that the parent can read them against a deadline."""
    content = pickle.dumps(message)
    data = memoryview(len(content).to_bytes(SIZE_BYTES, "big") + content)
    while data:
        data = data[os.write(connection.fileno(), data) :]


def fall_mute() -> None:
    """Standard output and error lead nowhere from here on, for native code as well."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def die_with(lifeline: Connection) -> None:
    """End this process when the other end of the pipe `lifeline` is gone, whatever code runs here.

    The kernel sends SIGIO at the hang-up and its default action ends the process, so this works
    while native code holds the interpreter. (PR_SET_PDEATHSIG would fire when the *thread* that
    started the child ends, not the process.)
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    descriptor = lifeline.fileno()
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
    if lifeline.poll(0):  # nobody ever writes: readable means that the parent was gone before
        os._exit(1)


def name_of(target: str | Callable[..., object]) -> str:
    """What `ps` and `top` call the child: the device family, cut to what the kernel keeps of a name."""
    module = target.partition(":")[0] if isinstance(target, str) else target.__module__
    _room, _, inside = module.partition(".")
    return (inside or module).partition(".")[0][:NAME_MAX]


def resolve(target: str | Callable[..., object]) -> Callable[..., object]:
    """The callable behind "module:name"."""
    if not isinstance(target, str):
        return target
    module, _, name = target.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(module), name)
    return found
