"""A printer's raw port (9100) over TCP."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Final

from drivers.contract import Failed, Ok
from drivers.receipt_printer.address import TcpAddress
from drivers.receipt_printer.port import POLL_S, Port, PortLostError

CONNECT_TIMEOUT_S: Final = 3.0
_SEND_BUFFER_BYTES = 16_384


class TcpPort:
    """Implements `Port`."""

    bytes_per_s = 8_000.0
    """The slowest printer that is worth waiting for: a slice of 256 rows of 72 bytes in 2.3 s."""

    def __init__(self, connection: socket.socket) -> None:
        # One short time-out for both directions: it belongs to the socket, not to the call.
        connection.settimeout(POLL_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Little kept by the system: a write's pace is the printer's pace, and little is lost unseen.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._socket = connection

    def take(self, data: memoryview) -> int:
        try:
            return self._socket.send(data)
        except TimeoutError:
            return 0
        except OSError as error:
            raise PortLostError(error.strerror or type(error).__name__) from error

    def receive(self) -> bytes:
        try:
            data = self._socket.recv(4096)
        except TimeoutError:
            return b""
        except OSError as error:
            raise PortLostError(error.strerror or type(error).__name__) from error
        if not data:
            message = "the printer closed the connection"
            raise PortLostError(message)
        return data

    def interrupt(self, *, discard: bool) -> None:
        if discard:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            # The peer may already be gone, which is what is wanted.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


def open_tcp(address: TcpAddress) -> Ok[Port] | Failed[str]:
    """Connect; the failure is the system's word for it."""
    try:
        connection = socket.create_connection((address.host, address.port), CONNECT_TIMEOUT_S)
    except OSError as error:
        return Failed(error.strerror or type(error).__name__)
    return Ok(TcpPort(connection))
