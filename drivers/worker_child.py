"""The child's half of `worker`: builds the device, answers one request after the other.

Nothing that a person brought (a picture, an exception's text) is written anywhere here.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


def serve(
    connection: Connection, lifeline: Connection, target: str | Callable[..., object], args: tuple[Any, ...]
) -> None:
    """Build the device, then answer `(method, args)` with `(True, value)` or `(False, class name)`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    die_with(lifeline)
    try:
        device = resolve(target)(*args)
    except Exception as error:  # noqa: BLE001 - the parent is told, and decides
        connection.send((False, type(error).__name__))
        return
    connection.send((True, None))
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            answer = (True, getattr(device, method)(*arguments))
            connection.send(answer)
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 - the parent is told, and decides
            connection.send((False, type(error).__name__))


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


def resolve(target: str | Callable[..., object]) -> Callable[..., object]:
    """The callable behind "module:name"."""
    if not isinstance(target, str):
        return target
    module, _, name = target.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(module), name)
    return found
