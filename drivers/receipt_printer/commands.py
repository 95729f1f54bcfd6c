"""Commands out of a stream of printer bytes: for the simulated printer and for recordings.

Written from the command tables and not from the encoder, so that the two are not one mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a command does; `SKIPPED` is known and of no consequence here."""

    INITIALISE = "initialise"
    JUSTIFY = "justify"
    IMAGE = "image"
    FEED = "feed"
    CUT = "cut"
    DRAWER = "drawer"
    SENSOR = "sensor"
    AUTO_STATUS = "auto_status"
    PROCESS_ID = "process_id"
    INFORMATION = "information"
    TEXT = "text"
    SIZE = "size"
    BOLD = "bold"
    CHINESE_ON = "chinese_on"
    CHINESE_OFF = "chinese_off"
    LINE_FEED = "line_feed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """One command with all its bytes."""

    kind: Kind
    data: bytes


_PLAIN = {
    0x00: Kind.SKIPPED,
    0x09: Kind.SKIPPED,
    0x0A: Kind.LINE_FEED,
    0x0C: Kind.FEED,
    0x0D: Kind.SKIPPED,
    0x18: Kind.SKIPPED,
}
_FIXED: dict[bytes, tuple[int, Kind]] = {
    b"\x10\x04": (3, Kind.SKIPPED),  # taken at reception already
    b"\x10\x05": (3, Kind.SKIPPED),
    b"\x1b@": (2, Kind.INITIALISE),
    b"\x1ba": (3, Kind.JUSTIFY),
    b"\x1bp": (5, Kind.DRAWER),
    b"\x1bJ": (3, Kind.FEED),
    b"\x1bd": (3, Kind.FEED),
    b"\x1b2": (2, Kind.SKIPPED),
    b"\x1b$": (4, Kind.SKIPPED),
    b"\x1bc": (4, Kind.SKIPPED),
    b"\x1bE": (3, Kind.BOLD),
    b"\x1d!": (3, Kind.SIZE),
    b"\x1c&": (2, Kind.CHINESE_ON),
    b"\x1c.": (2, Kind.CHINESE_OFF),
    b"\x1cS": (4, Kind.SKIPPED),
    b"\x1dr": (3, Kind.SENSOR),
    b"\x1dI": (3, Kind.INFORMATION),
    b"\x1da": (3, Kind.AUTO_STATUS),
    b"\x1dL": (4, Kind.SKIPPED),
    b"\x1dW": (4, Kind.SKIPPED),
    b"\x1dP": (4, Kind.SKIPPED),
}
_FIXED |= {b"\x1b" + bytes((name,)): (3, Kind.SKIPPED) for name in b"! -3GMRtV{"}
_FIXED |= {b"\x1d" + bytes((name,)): (3, Kind.SKIPPED) for name in b"BHhwf"}
_FIXED |= {b"\x1c" + bytes((name,)): (3, Kind.SKIPPED) for name in b"!-"}


def next_command(buffer: bytes) -> Command | None:
    """The first command of a buffer, or None while it is not complete."""
    first = buffer[:1]
    if not first:
        return None
    if first not in (b"\x10", b"\x1b", b"\x1c", b"\x1d"):
        return Command(_PLAIN.get(first[0], Kind.TEXT), first)
    if len(buffer) < 2:
        return None
    length, kind = _FIXED.get(buffer[:2]) or _variable(buffer)
    return Command(kind, buffer[:length]) if length and len(buffer) >= length else None


def _variable(buffer: bytes) -> tuple[int, Kind]:
    """Length (0 while it cannot be told) and kind of a command whose length stands in itself."""
    known = len(buffer)
    match buffer[:2]:
        case b"\x10\x14":
            lengths = {1: 5, 2: 5, 8: 10}
            return (lengths.get(buffer[2], 3) if known > 2 else 0, Kind.SKIPPED)
        case b"\x1dv":
            if known < 8:
                return 0, Kind.IMAGE
            columns, rows = int.from_bytes(buffer[4:6], "little"), int.from_bytes(buffer[6:8], "little")
            return 8 + columns * rows, Kind.IMAGE
        case b"\x1dV":
            return ((4 if buffer[2] in (65, 66) else 3) if known > 2 else 0, Kind.CUT)
        case b"\x1d(":
            named = buffer[2:3] == b"H" and buffer[5:6] == b"0"
            kind = Kind.PROCESS_ID if named else Kind.SKIPPED
            return (5 + int.from_bytes(buffer[3:5], "little") if known > 5 else 0, kind)
        case _:
            return 2, Kind.UNKNOWN
