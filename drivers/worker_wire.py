"""Between a worker and its child, on the worker's side: every byte within the request's deadline."""

from __future__ import annotations

import os
import pickle
import select
import socket
import struct
import time
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from drivers import worker_child

READ_BYTES = 256 * 1024
ANSWER_BYTES_MAX = 32 * 1024 * 1024
"""Pictures travel through shared memory; an answer beyond this is a child gone mad."""


def send(connection: Connection, request: tuple[Any, ...], end_s: float) -> None:
    """Write a request as `Connection.recv` reads it. Raises BlockingIOError at `end_s`, OSError when nobody reads.

    `Connection.send` would wait anew for each part that a stopped child does not take.
    """
    data = bytes(ForkingPickler.dumps(request))
    rest = memoryview(struct.pack("!i", len(data)) + data)
    with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as shared:
        while rest:
            left_s = end_s - time.monotonic()
            if left_s <= 0 or not select.select([], [shared], [], left_s)[1]:
                raise BlockingIOError
            try:
                rest = rest[shared.send(rest, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                continue  # another part of the buffer went to somebody else


class SpoiltError(Exception):
    """What came is no answer to what was asked."""


def receive(connection: Connection, end_s: float) -> tuple[int, bool, Any]:
    """(number, fine, value) as `worker_child.answer` wrote it. A broken child may send anything, or a byte a second.

    Raises BlockingIOError at `end_s`, EOFError or OSError when the process ended, SpoiltError.
    """
    size = int.from_bytes(_read(connection, worker_child.SIZE_BYTES, end_s), "big")
    if size > ANSWER_BYTES_MAX:
        raise SpoiltError
    data = _read(connection, size, end_s)
    try:
        number, fine, value = pickle.loads(data)  # noqa: S301 - our own child, of this very program
    except Exception as error:
        raise SpoiltError from error
    return number, fine, value


def _read(connection: Connection, size: int, end_s: float) -> bytes:
    parts: list[bytes] = []
    while size:
        left_s = end_s - time.monotonic()
        if left_s <= 0 or not connection.poll(left_s):
            raise BlockingIOError
        data = os.read(connection.fileno(), min(size, READ_BYTES))
        if not data:
            raise EOFError
        parts.append(data)
        size -= len(data)
    return b"".join(parts)
