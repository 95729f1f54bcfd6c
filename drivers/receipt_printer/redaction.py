"""Printer traffic with the slip taken out: dots become white, text becomes stars, lengths stay. Pure.

Only commands of a known form are let through, and of a long one only the part that says how long
it is. A recording then replays on the simulated printer: the same paper, blank.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final, assert_never

from drivers.receipt_printer.commands import Command, Kind, next_command
from drivers.receipt_printer.protocol import (
    AutoStatus,
    BufferCleared,
    InformationReply,
    ProcessDone,
    RealtimeReply,
    Reply,
    SensorReply,
    UnknownBytes,
)

_STAR: Final = b"*"
_IMAGE_HEADER: Final = 8
_UNKNOWN_REPLY: Final = b"\x80"
"""In the place of a byte that is no part of any reply: itself one that is none."""
_SENSOR_BITS: Final = 0x0F
"""GS r and the last two bytes of GS a: the sensors' bits. The others stand at 0, and make a letter of it."""


def to_device(data: bytes) -> bytes:
    """What one write says. `data` is whole commands: a tail that is none becomes NUL."""
    redacted = b""
    while (command := next_command(data)) is not None:
        redacted += _shown(command)
        data = data[len(command.data) :]
    return redacted + bytes(len(data))


def from_device(replies: Iterable[Reply]) -> bytes:
    """What the printer says, in the forms of known replies; the text of GS I becomes stars.

    A letter may have the form of a status byte. In a row with bytes that are no reply it is taken for a
    part of a text: a printer, or a converter before it, may send back what was sent to it.
    """
    said = b""
    for may_be_text, row in groupby(replies, _may_be_text):
        answered = b"".join(map(_answered, row))
        unknown = may_be_text and _UNKNOWN_REPLY in answered
        said += _UNKNOWN_REPLY * len(answered) if unknown else answered
    return said


def _may_be_text(reply: Reply) -> bool:
    match reply:
        case RealtimeReply(bits):
            return chr(bits).isprintable()
        case SensorReply() | AutoStatus() | UnknownBytes():
            return True
        case ProcessDone() | BufferCleared() | InformationReply():
            return False
        case _:
            assert_never(reply)


def _answered(reply: Reply) -> bytes:
    match reply:
        case RealtimeReply(bits):
            return bytes((bits,))
        case SensorReply(bits):
            return bytes((bits,)) if bits <= _SENSOR_BITS else _UNKNOWN_REPLY
        case AutoStatus(data):
            return data if max(data[2:]) <= _SENSOR_BITS else _UNKNOWN_REPLY * len(data)
        case ProcessDone(process_id):
            return b"\x37\x22" + process_id + b"\0"
        case BufferCleared():
            return b"\x37\x25\0"
        case InformationReply(text):
            return b"\x5f" + _STAR * len(text) + b"\0"
        case UnknownBytes(data):
            return _UNKNOWN_REPLY * len(data)
        case _:
            assert_never(reply)


def _shown(command: Command) -> bytes:
    match command.kind:
        case Kind.IMAGE:
            return command.data[:_IMAGE_HEADER] + bytes(len(command.data) - _IMAGE_HEADER)
        case Kind.TEXT | Kind.UNKNOWN:
            return _STAR * len(command.data)
        case Kind.SKIPPED if command.data.startswith(b"\x1d("):
            return command.data[:5] + bytes(len(command.data) - 5)
        case _:
            return command.data
