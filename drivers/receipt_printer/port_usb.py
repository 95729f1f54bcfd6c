"""A printer on USB, seen from the terminal: a child process has the cable, a socket leads to the child.

Proved against a simulated bus only: not tried on hardware yet. Whatever libusb does (hang in an
open, crash), it does in the child: an opening or a closing that misses its deadline ends it, and a
child that ends is a printer that went away, found again by the next probe.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Final

from drivers.contract import Failed, Ok
from drivers.receipt_printer.address import UsbAddress
from drivers.receipt_printer.port import Port
from drivers.receipt_printer.port_socket import SocketPort
from drivers.worker import Worker

START_TIMEOUT_S: Final = 5.0
OPEN_TIMEOUT_S: Final = 3.0
_CLOSE_TIMEOUT_S: Final = 4.0
"""Longer than one transfer and a soft reset, a second each."""
_SEND_BUFFER_BYTES: Final = 4096

Bridge = tuple[str | Callable[..., object], tuple[Any, ...]]
"""What makes the child's half, and its arguments after the address."""
LIBUSB: Final[Bridge] = ("drivers.receipt_printer.usb_bridge:UsbBridge", ())


class UsbCable:
    """Opens the printer that `address` names, again and again."""

    def __init__(self, address: UsbAddress, bridge: Bridge = LIBUSB) -> None:
        target, arguments = bridge
        self._worker = Worker(target, (address, *arguments), start_deadline_s=START_TIMEOUT_S)

    @property
    def pid(self) -> int | None:
        """The child that has the cable, or None while there is none."""
        return self._worker.pid

    def open(self) -> Ok[Port] | Failed[str]:
        """Claim the printer; the failure says in plain words why it cannot be."""
        if not self._worker.wait_ready(START_TIMEOUT_S):
            why = self._worker.last_failure or "no answer"
            return Failed(f"the process for the USB printer does not start ({why})")
        match self._worker.call("open", deadline_s=OPEN_TIMEOUT_S):
            case Failed(reason, detail):
                self._worker.restart()  # it may hold what it could not let go
                return Failed(f"the USB printer cannot be opened: {reason.value} {detail}".rstrip())
            case Ok(Failed() as failed):
                return Failed(failed.reason)
            case Ok(Ok(name)):
                return self._connect(name)
            case _:
                return Failed("the USB printer's process answers nonsense")

    def close_device(self, *, discard: bool) -> None:
        """Let go of the printer; a child that cannot is ended, and the system lets go for it."""
        closed = self._worker.call("close", discard, deadline_s=_CLOSE_TIMEOUT_S)
        if isinstance(closed, Failed):
            self._worker.restart()

    def close(self) -> None:
        """End the child for good."""
        self._worker.close()

    def _connect(self, name: str) -> Ok[Port] | Failed[str]:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(f"\0{name}")
        except OSError as error:
            connection.close()
            return Failed(f"the USB printer's process went away: {error.strerror}")
        return Ok(UsbPort(connection, self))


class UsbPort(SocketPort):
    """Implements `Port` on the way to the child."""

    def __init__(self, connection: socket.socket, cable: UsbCable) -> None:
        super().__init__(connection, send_buffer_bytes=_SEND_BUFFER_BYTES)
        self._cable = cable

    def interrupt(self, *, discard: bool) -> None:
        self._cable.close_device(discard=discard)
        super().interrupt(discard=discard)
