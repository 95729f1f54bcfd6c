"""A printer on a serial port, or on a USB adapter that looks like one.

A line has no handshake that every printer obeys, so the pace is kept here: no more than
`_AHEAD_S` of line time is ever handed to the system, which would take any amount at once and
print it whenever the printer comes back.
"""

from __future__ import annotations

import contextlib
import select
import termios
import time
from typing import Final

import serial

from drivers.contract import Failed, Ok
from drivers.receipt_printer.address import Flow, SerialAddress
from drivers.receipt_printer.port import POLL_S, Port, PortLostError

_BITS_PER_BYTE: Final = 10
"""8N1: start, eight, stop."""

_AHEAD_S: Final = 0.1
_WIRE_SHARE: Final = 0.5
"""A printer that takes less than half of what its line can carry, over a whole slice, is not waited for."""

_GONE = (OSError, termios.error, TypeError, ValueError)
"""After an unplug: EIO or SerialException (an OSError) from read and write, termios.error from flush
and settings, TypeError or ValueError where pyserial's descriptor went away under a call."""


class SerialPort:
    """Implements `Port`, 8N1."""

    def __init__(self, port: serial.Serial, baud_rate: int) -> None:
        self.bytes_per_s = baud_rate / _BITS_PER_BYTE * _WIRE_SHARE
        self._port = port
        self._byte_s = _BITS_PER_BYTE / baud_rate
        self._line_free_at = 0.0

    def take(self, data: memoryview) -> int:
        # Woken when half of it has gone, so that pieces stay long.
        wait_s = self._line_free_at - time.monotonic() - _AHEAD_S / 2
        if wait_s > 0:
            time.sleep(min(wait_s, POLL_S))
        now = time.monotonic()
        room = int((_AHEAD_S - max(self._line_free_at - now, 0.0)) / self._byte_s)
        if room <= 0:
            return 0
        try:
            if not select.select([], [self._port.fileno()], [], POLL_S)[1]:
                return 0
            taken = int(self._port.write(data[:room]) or 0)
        except _GONE as error:
            raise PortLostError(_words(error)) from error
        self._line_free_at = max(self._line_free_at, now) + taken * self._byte_s
        return taken

    def receive(self) -> bytes:
        try:
            return bytes(self._port.read(self._port.in_waiting or 1))
        except _GONE as error:
            raise PortLostError(_words(error)) from error

    def interrupt(self, *, discard: bool) -> None:
        # The system keeps up to `_AHEAD_S`; held back by XOFF it would also delay `close` by half a minute.
        if discard:
            with contextlib.suppress(*_GONE):
                self._port.reset_output_buffer()
        with contextlib.suppress(*_GONE):
            self._port.cancel_read()

    def close(self) -> None:
        with contextlib.suppress(*_GONE):
            self._port.close()


def open_serial(address: SerialAddress) -> Ok[Port] | Failed[str]:
    """Open for this process alone; a path that moved is followed, since it is looked up at each opening."""
    try:
        port = serial.Serial(
            address.path,
            address.baud_rate,
            timeout=POLL_S,
            write_timeout=0,  # `take` waits for room by itself, and must know how much was taken
            exclusive=True,
            rtscts=address.flow is Flow.RTS_CTS,
        )
    except _GONE as error:
        return Failed(f"{address.path}: {_words(error)}")
    try:
        if address.flow is Flow.XON_XOFF:
            _obey_xoff(port.fileno())
        port.reset_input_buffer()  # an answer to somebody else's question
    except _GONE as error:
        port.close()
        return Failed(f"{address.path}: {_words(error)}")
    return Ok(SerialPort(port, address.baud_rate))


def _obey_xoff(descriptor: int) -> None:
    """Let the kernel stop at XOFF, at once. Not pyserial's `xonxoff`: that sends XOFF into the dots as well."""
    attributes = termios.tcgetattr(descriptor)
    attributes[0] |= termios.IXON
    attributes[0] &= ~(termios.IXOFF | termios.IXANY)
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)


def _words(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return f"{type(error).__name__} {'' if number is None else number}".strip()
