"""The wire to a receipt printer: bytes out, replies in. One reader thread, every wait bounded."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from drivers.contract import Failed, Ok
from drivers.receipt_printer.protocol import Demultiplexer, Reply

CONNECT_TIMEOUT_S = 3.0
_WRITE_BASE_S = 2.0
_WRITE_BYTES_PER_S = 8_000
"""The slowest printer that is worth waiting for: a slice of 256 rows of 72 bytes in 2.3 s."""
_SEND_BUFFER_BYTES = 16_384
_POLL_S = 0.2


class WireFault(StrEnum):
    """Why the wire did not do what was asked."""

    UNREACHABLE = "unreachable"
    WRITE_TIMEOUT = "write_timeout"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Closed:
    """The printer's end of the wire is gone; nothing more will come."""


class Transport(Protocol):
    """One open wire. Serial and USB have the same shape."""

    def write(self, data: bytes) -> Ok[None] | Failed[WireFault]:
        """Hand all bytes over, within a time that grows with their number. On failure an unknown part went."""
        ...

    def next_reply(self, timeout_s: float) -> Reply | Closed | None:
        """The next reply, `Closed`, or None when nothing came in time."""
        ...

    def close(self, *, discard: bool) -> None:
        """Close; `discard` drops what this side has not yet sent, so that it cannot print later."""
        ...


class TcpTransport:
    """A printer's raw port (9100) over TCP."""

    def __init__(self, connection: socket.socket) -> None:
        # One short time-out for both directions: it belongs to the socket, not to the call.
        connection.settimeout(_POLL_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Little kept by the system: a write's pace is the printer's pace, and little is lost unseen.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._socket = connection
        self._replies: queue.Queue[Reply | Closed] = queue.Queue()
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, name="receipt-printer-reader", daemon=True)
        self._reader.start()

    def write(self, data: bytes) -> Ok[None] | Failed[WireFault]:
        """See `Transport.write`."""
        deadline = time.monotonic() + _WRITE_BASE_S + len(data) / _WRITE_BYTES_PER_S
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError:
                if time.monotonic() > deadline:
                    return Failed(WireFault.WRITE_TIMEOUT, f"{len(rest)} of {len(data)} bytes not taken")
            except OSError as error:
                return Failed(WireFault.CLOSED, error.strerror or "")
        return Ok(None)

    def next_reply(self, timeout_s: float) -> Reply | Closed | None:
        """See `Transport.next_reply`."""
        try:
            return (
                self._replies.get(timeout=max(timeout_s, 0.0))
                if timeout_s > 0
                else self._replies.get_nowait()
            )
        except queue.Empty:
            return None

    def close(self, *, discard: bool) -> None:
        """See `Transport.close`."""
        self._closing.set()
        if discard:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            # Wakes the reader; the peer may already be gone, which is what is wanted.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()

    def _read(self) -> None:
        demultiplexer = Demultiplexer()
        while not self._closing.is_set():
            try:
                data = self._socket.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
            if not data:
                break
            for reply in demultiplexer.feed(data):
                self._replies.put(reply)
        self._replies.put(Closed())


def open_transport(address: str) -> Ok[Transport] | Failed[WireFault]:
    """Open `tcp://host:port`. Raises ValueError for an address of another kind."""
    parts = urlsplit(address)
    if parts.scheme != "tcp" or parts.hostname is None or parts.port is None:
        message = f"a receipt printer's address looks like tcp://host:9100, not {address!r}"
        raise ValueError(message)
    try:
        connection = socket.create_connection((parts.hostname, parts.port), CONNECT_TIMEOUT_S)
    except OSError as error:
        return Failed(WireFault.UNREACHABLE, error.strerror or type(error).__name__)
    return Ok(TcpTransport(connection))
