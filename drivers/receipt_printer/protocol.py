"""Status side of ESC/POS: requests, the stream of replies, and what their bits mean. Pure.

The layouts follow public manuals of the TM and SRP families. DLE EOT 3, GS r, GS a and
GS ( H differ between models: check them against the manual of the printer that is bought.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from drivers.contract import Cause, DeviceState, DeviceStatus

AUTO_STATUS_OFF = b"\x1da\x00"
"""GS a 0: no unasked status; taken in order, not at once."""

PAPER_SENSOR_REQUEST = b"\x1dr\x01"
"""GS r 1: taken in order, so its answer is a barrier, though one without a name."""

CLEAR_BUFFER = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""DLE DC4 fn 8: drop all that is received and not yet printed; answered by `BufferCleared`."""

DROP_LINE = b"\x1b@"
"""ESC @: back to the settings of the start; what stands in an unfinished line is dropped."""

RECOVER_AND_CLEAR = b"\x10\x05\x02"
"""DLE ENQ 2: leave a recoverable error and drop the buffers; no answer."""

_BLOCK_LIMIT = 84
"""Bytes after which a reply block without its end is no reply; GS I may answer with 80 of text."""


class Realtime(IntEnum):
    """What DLE EOT can ask; the printer answers at once with one byte, also when offline."""

    PRINTER = 1
    OFFLINE_CAUSE = 2
    ERROR_CAUSE = 3
    PAPER = 4


def realtime_request(kind: Realtime) -> bytes:
    """DLE EOT n."""
    return bytes((0x10, 0x04, kind))


class Information(IntEnum):
    """What GS I can ask; answered in order with a block of text."""

    FIRMWARE = 65
    MAKER = 66
    MODEL = 67
    SERIAL = 68


def information_request(kind: Information) -> bytes:
    """GS I n. A printer that does not know it may take the n for a letter to print."""
    return bytes((0x1D, 0x49, kind))


def process_id_request(process_id: bytes) -> bytes:
    """GS ( H fn 48: answered when all before it has been processed. `process_id` is four printable bytes."""
    if len(process_id) != 4 or not all(0x21 <= byte <= 0x7E for byte in process_id):
        message = "a process id is four printable ASCII bytes"
        raise ValueError(message)
    return b"\x1d(H\x06\x0000" + process_id


@dataclass(frozen=True, slots=True)
class RealtimeReply:
    """One byte that has the fixed bits of a DLE EOT answer. It does not say to which n."""

    bits: int


@dataclass(frozen=True, slots=True)
class SensorReply:
    """One byte that has the fixed bits of a GS r answer."""

    bits: int


@dataclass(frozen=True, slots=True)
class AutoStatus:
    """Four bytes sent unasked (GS a)."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ProcessDone:
    """All before the request with this id has been processed."""

    process_id: bytes


@dataclass(frozen=True, slots=True)
class BufferCleared:
    """Nothing received before is left to be printed."""


@dataclass(frozen=True, slots=True)
class InformationReply:
    """Text that answers GS I. It does not say to which n."""

    text: str


@dataclass(frozen=True, slots=True)
class UnknownBytes:
    """Bytes that are no reply: never taken for a good sign."""

    data: bytes


Reply = (
    RealtimeReply | SensorReply | AutoStatus | ProcessDone | BufferCleared | InformationReply | UnknownBytes
)


class Demultiplexer:
    """Turns the printer's bytes, split anywhere, into replies by their fixed bits."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes; return the replies that they complete, in order."""
        replies: list[Reply] = []
        for byte in data:
            replies.extend(self._take(byte))
        return replies

    def end(self) -> list[Reply]:
        """Nothing more will come: what was begun and not ended is no reply."""
        return [UnknownBytes(self._finish())] if self._pending else []

    def _take(self, byte: int) -> Iterator[Reply]:
        if not self._pending:
            yield from self._begin(byte)
        elif self._pending[0] in (0x37, 0x5F):
            self._pending.append(byte)
            if byte == 0 or len(self._pending) > _BLOCK_LIMIT:
                yield _block(self._finish())
        elif byte in (0x11, 0x13):
            return  # XON and XOFF may come between any two bytes
        elif byte & 0x90:
            yield UnknownBytes(self._finish())
            yield from self._begin(byte)
        else:
            self._pending.append(byte)
            if len(self._pending) == 4:
                yield AutoStatus(self._finish())

    def _begin(self, byte: int) -> Iterator[Reply]:
        if byte in (0x37, 0x5F) or byte & 0x93 == 0x10:
            self._pending.append(byte)
        elif byte & 0x93 == 0x12:
            yield RealtimeReply(byte)
        elif byte & 0x90 == 0:
            yield SensorReply(byte)
        elif byte not in (0x11, 0x13):
            yield UnknownBytes(bytes((byte,)))

    def _finish(self) -> bytes:
        data = bytes(self._pending)
        self._pending.clear()
        return data


def _block(data: bytes) -> Reply:
    match data[:2], data[2:-1], data[-1:]:
        case b"\x37\x22", process_id, b"\0" if len(process_id) == 4:
            return ProcessDone(process_id)
        case b"\x37\x25", b"", b"\0":
            return BufferCleared()
        case _ if data[0] == 0x5F and data[-1] == 0:
            return InformationReply(
                "".join(filter(str.isprintable, data[1:-1].decode("gbk", "replace"))).strip()
            )
        case _:
            return UnknownBytes(data)


class Condition(StrEnum):
    """What a printer can say of itself."""

    COVER_OPEN = "cover_open"
    PAPER_OUT = "paper_out"
    CUTTER_ERROR = "cutter_error"
    UNRECOVERABLE = "unrecoverable"
    HEAD_HOT = "head_hot"
    """The print head's temperature (or voltage) is not right: it goes on by itself."""
    ERROR = "error"
    FEEDING = "feeding"
    """Somebody presses the feed button."""
    WAITING = "waiting"
    """After paper or cover: until somebody presses the feed button."""
    OFFLINE = "offline"
    PAPER_LOW = "paper_low"


_REALTIME_BITS: Mapping[Realtime, tuple[tuple[int, Condition], ...]] = {
    Realtime.PRINTER: (
        (0x08, Condition.OFFLINE),
        (0x20, Condition.OFFLINE),
        (0x20, Condition.WAITING),
    ),
    Realtime.OFFLINE_CAUSE: (
        (0x04, Condition.COVER_OPEN),
        (0x08, Condition.FEEDING),
        (0x20, Condition.PAPER_OUT),
        (0x40, Condition.ERROR),
    ),
    Realtime.ERROR_CAUSE: (
        (0x04, Condition.ERROR),
        (0x08, Condition.CUTTER_ERROR),
        (0x20, Condition.UNRECOVERABLE),
        (0x40, Condition.HEAD_HOT),
    ),
    Realtime.PAPER: ((0x0C, Condition.PAPER_LOW), (0x60, Condition.PAPER_OUT)),
}

_AUTO_BITS: tuple[tuple[int, int, Condition], ...] = (
    (0, 0x08, Condition.OFFLINE),
    (0, 0x20, Condition.COVER_OPEN),
    (0, 0x40, Condition.FEEDING),
    (1, 0x01, Condition.OFFLINE),
    (1, 0x01, Condition.WAITING),
    (1, 0x04, Condition.ERROR),
    (1, 0x08, Condition.CUTTER_ERROR),
    (1, 0x20, Condition.UNRECOVERABLE),
    (1, 0x40, Condition.HEAD_HOT),
    (2, 0x03, Condition.PAPER_LOW),
    (2, 0x0C, Condition.PAPER_OUT),
)

_CAUSES: tuple[tuple[Condition, Cause], ...] = (
    # An open cover often makes the paper sensor say "out" as well: the cover is what to close first.
    (Condition.COVER_OPEN, Cause.PRINTER_COVER),
    (Condition.PAPER_OUT, Cause.PRINTER_PAPER_OUT),
    (Condition.CUTTER_ERROR, Cause.PRINTER_CUTTER),
    (Condition.UNRECOVERABLE, Cause.PRINTER_ERROR),
    # An error bit without a name comes with it, too.
    (Condition.HEAD_HOT, Cause.PRINTER_HOT),
    (Condition.ERROR, Cause.PRINTER_ERROR),
    (Condition.FEEDING, Cause.PRINTER_FEEDING),
    (Condition.WAITING, Cause.PRINTER_WAITING),
    (Condition.OFFLINE, Cause.PRINTER_OFFLINE),
)


def realtime_conditions(kind: Realtime, bits: int) -> frozenset[Condition]:
    """What one DLE EOT answer says."""
    return frozenset(condition for mask, condition in _REALTIME_BITS[kind] if bits & mask)


def auto_conditions(reply: AutoStatus) -> frozenset[Condition]:
    """What four bytes of automatic status say."""
    return frozenset(condition for index, mask, condition in _AUTO_BITS if reply.data[index] & mask)


def device_status(conditions: frozenset[Condition]) -> DeviceStatus:
    """State and first cause; paper low is only a warning. Call it with a *complete* answer."""
    warnings = (Cause.PRINTER_PAPER_LOW,) if Condition.PAPER_LOW in conditions else ()
    detail = ", ".join(sorted(conditions))
    for condition, cause in _CAUSES:
        if condition in conditions:
            return DeviceStatus(DeviceState.FAULT, cause, detail, warnings)
    return DeviceStatus(DeviceState.READY, detail=detail, warnings=warnings)
