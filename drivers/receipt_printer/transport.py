"""The wire to a receipt printer: bytes out, replies in. One reader thread, every wait bounded."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, assert_never

from drivers.contract import Failed, Ok
from drivers.receipt_printer import redaction
from drivers.receipt_printer.address import SerialAddress, TcpAddress
from drivers.receipt_printer.port import Port, PortLostError
from drivers.receipt_printer.port_usb import UsbCable
from drivers.receipt_printer.protocol import Demultiplexer, Reply
from drivers.tap import Direction, Tap

_WRITE_BASE_S = 2.0
"""On top of the time that the bytes themselves take."""


class WireFault(StrEnum):
    """Why the wire did not do what was asked."""

    UNREACHABLE = "unreachable"
    WRITE_TIMEOUT = "write_timeout"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Closed:
    """The printer's end of the wire is gone; nothing more will come."""


class Transport(Protocol):
    """One open wire, whatever it is made of."""

    def write(self, data: bytes) -> Ok[None] | Failed[WireFault]:
        """Hand all bytes over, within a time that grows with their number. On failure an unknown part went."""
        ...

    def next_reply(self, timeout_s: float) -> Reply | Closed | None:
        """The next reply, `Closed`, or None when nothing came in time."""
        ...

    def close(self, *, discard: bool) -> None:
        """Close; `discard` drops what this side has not yet sent, so that it cannot print later."""
        ...


class WireTransport:
    """Implements `Transport` on any `Port`. `tap` gets the traffic without what is printed."""

    def __init__(self, port: Port, tap: Tap | None = None) -> None:
        self._port = port
        self._tap = tap
        self._note(Direction.LINE, b"opened")
        self._replies: queue.Queue[Reply | Closed] = queue.Queue()
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, name="receipt-printer-reader", daemon=True)
        self._reader.start()

    def write(self, data: bytes) -> Ok[None] | Failed[WireFault]:
        """See `Transport.write`."""
        deadline = time.monotonic() + _WRITE_BASE_S + len(data) / self._port.bytes_per_s
        if self._tap is not None:
            self._note(Direction.TO_DEVICE, redaction.to_device(data))
        rest = memoryview(data)
        while rest:
            try:
                taken = self._port.take(rest)
            except PortLostError as error:
                return Failed(WireFault.CLOSED, str(error))
            rest = rest[taken:]
            if not taken and time.monotonic() > deadline:
                return Failed(WireFault.WRITE_TIMEOUT, f"{len(rest)} of {len(data)} bytes not taken")
        return Ok(None)

    def next_reply(self, timeout_s: float) -> Reply | Closed | None:
        """See `Transport.next_reply`."""
        try:
            return self._replies.get(timeout=timeout_s) if timeout_s > 0 else self._replies.get_nowait()
        except queue.Empty:
            return None

    def close(self, *, discard: bool) -> None:
        """See `Transport.close`."""
        self._closing.set()
        self._port.interrupt(discard=discard)
        self._reader.join()
        self._port.close()
        self._note(Direction.LINE, b"closed")

    def _read(self) -> None:
        demultiplexer = Demultiplexer()
        while not self._closing.is_set():
            try:
                data = self._port.receive()
            except PortLostError:
                self._record(demultiplexer.end())  # half an answer: the loss itself is what is told
                if not self._closing.is_set():
                    self._note(Direction.LINE, b"lost")
                break
            self._answered(demultiplexer.feed(data))
        self._replies.put(Closed())

    def _answered(self, replies: list[Reply]) -> None:
        self._record(replies)
        for reply in replies:
            self._replies.put(reply)

    def _record(self, replies: list[Reply]) -> None:
        if self._tap is not None:
            self._note(Direction.FROM_DEVICE, redaction.from_device(replies))

    def _note(self, direction: Direction, data: bytes) -> None:
        if self._tap is None or not data:
            return
        self._tap(direction, data, time.monotonic_ns())


def open_transport(
    way: TcpAddress | SerialAddress | UsbCable, *, tap: Tap | None = None
) -> Ok[Transport] | Failed[WireFault]:
    """Open the wire. A printer on USB is reached by its cable, whose child process is lasting."""
    opened = _open_port(way)
    if isinstance(opened, Failed):
        return Failed(WireFault.UNREACHABLE, opened.reason)
    return Ok(WireTransport(opened.value, tap))


def _open_port(way: TcpAddress | SerialAddress | UsbCable) -> Ok[Port] | Failed[str]:
    match way:
        case TcpAddress():
            from drivers.receipt_printer.port_tcp import open_tcp

            return open_tcp(way)
        case SerialAddress():
            from drivers.receipt_printer.port_serial import open_serial

            return open_serial(way)
        case UsbCable():
            return way.open()
        case _:
            assert_never(way)
