"""A printer's raw port (9100) over TCP."""

from __future__ import annotations

import socket
import struct
from typing import Final

from drivers.contract import Failed, Ok
from drivers.receipt_printer.address import TcpAddress
from drivers.receipt_printer.port import Port
from drivers.receipt_printer.port_socket import SocketPort

CONNECT_TIMEOUT_S: Final = 3.0
_SEND_BUFFER_BYTES: Final = 16_384


class TcpPort(SocketPort):
    """Implements `Port`."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection, send_buffer_bytes=_SEND_BUFFER_BYTES)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def interrupt(self, *, discard: bool) -> None:
        if discard:  # the close then resets the connection
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            super().interrupt(discard=False)


def open_tcp(address: TcpAddress) -> Ok[Port] | Failed[str]:
    """Connect; the failure is the system's word for it."""
    try:
        connection = socket.create_connection((address.host, address.port), CONNECT_TIMEOUT_S)
    except OSError as error:
        return Failed(error.strerror or type(error).__name__)
    return Ok(TcpPort(connection))
