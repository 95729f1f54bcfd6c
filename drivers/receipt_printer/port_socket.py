"""A printer behind a stream socket: a raw port on the network, or a child process that has the cable."""

from __future__ import annotations

import contextlib
import socket

from drivers.receipt_printer.port import POLL_S, PortLostError


class SocketPort:
    """Implements `Port` on a connected stream socket, whose send buffer is `send_buffer_bytes`.

    Little is kept by the system: a write's pace is the printer's pace, and little is lost unseen.
    """

    bytes_per_s = 8_000.0
    """The slowest printer that is worth waiting for: a slice of 256 rows of 72 bytes in 2.3 s."""

    def __init__(self, connection: socket.socket, *, send_buffer_bytes: int) -> None:
        # One short time-out for both directions: it belongs to the socket, not to the call.
        connection.settimeout(POLL_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
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

    def interrupt(self, *, discard: bool) -> None:  # noqa: ARG002 - see `Port`
        # The peer may already be gone, which is what is wanted.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()
