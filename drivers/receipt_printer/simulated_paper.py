"""What a simulated printer does with bytes: commands out of a stream, rows on a strip of paper.

Written from the command tables and not from the encoder, so that the two are not one mistake.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image


class Kind(StrEnum):
    """What a command does here; `SKIPPED` is known and has no effect on a picture of dots."""

    INITIALISE = "initialise"
    JUSTIFY = "justify"
    IMAGE = "image"
    FEED = "feed"
    CUT = "cut"
    DRAWER = "drawer"
    SENSOR = "sensor"
    AUTO_STATUS = "auto_status"
    PROCESS_ID = "process_id"
    TEXT = "text"
    SIZE = "size"
    BOLD = "bold"
    CHINESE_ON = "chinese_on"
    CHINESE_OFF = "chinese_off"
    LINE_FEED = "line_feed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
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
    b"\x1da": (3, Kind.AUTO_STATUS),
    b"\x1dL": (4, Kind.SKIPPED),
    b"\x1dW": (4, Kind.SKIPPED),
    b"\x1dP": (4, Kind.SKIPPED),
}
_FIXED |= {b"\x1b" + bytes((name,)): (3, Kind.SKIPPED) for name in b"! -3GMRtV{"}
_FIXED |= {b"\x1d" + bytes((name,)): (3, Kind.SKIPPED) for name in b"BHhwfI"}
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


def image_rows(command: Command) -> list[bytes]:
    """The rows of a GS v 0 image, one bit a dot, 1 is black."""
    columns = int.from_bytes(command.data[4:6], "little")
    dots = command.data[8:]
    return [dots[start : start + columns] for start in range(0, len(dots), columns)]


def placed(row: bytes, width_dots: int, *, centred: bool) -> bytes:
    """A row of dots on paper of this width: from the left edge, or in the middle."""
    free = width_dots - 8 * len(row)
    if free <= 0:
        return row[: width_dots // 8]
    left = free // 2 if centred else 0
    return (int.from_bytes(row, "big") << (free - left)).to_bytes(width_dots // 8, "big")


@dataclass(frozen=True, slots=True)
class Receipt:
    """One piece of paper that was cut off. `height` in dot rows."""

    png: bytes
    height: int


class Paper:
    """The strip that hangs out of the printer, and the pieces cut from it."""

    def __init__(self, width_dots: int) -> None:
        self.receipts: list[Receipt] = []
        self.printed_rows = 0
        self.cuts = 0
        self.width_dots = width_dots
        self._hanging: list[bytes] = []

    def add_row(self, dots: bytes) -> None:
        """One row of dots, as wide as the paper."""
        self._hanging.append(dots)
        self.printed_rows += 1

    def feed(self, rows: int) -> None:
        """White paper."""
        self._hanging.extend([bytes(self.width_dots // 8)] * rows)

    def cut(self) -> None:
        """Cut; white paper alone is no receipt."""
        self.cuts += 1
        if any(map(any, self._hanging)):
            self.receipts.append(Receipt(self.hanging_png(), len(self._hanging)))
        self._hanging.clear()

    def hanging_png(self) -> bytes:
        """What hangs out, as PNG; one white row when nothing does."""
        rows = self._hanging or [bytes(self.width_dots // 8)]
        inverted = bytes(byte ^ 0xFF for row in rows for byte in row)
        file = io.BytesIO()
        Image.frombytes("1", (self.width_dots, len(rows)), inverted).save(file, "PNG")
        return file.getvalue()

    @property
    def hanging_rows(self) -> int:
        """Rows not yet cut off."""
        return len(self._hanging)

    @property
    def duplicates(self) -> int:
        """Receipts beyond the first of each picture."""
        return sum(count - 1 for count in Counter(receipt.png for receipt in self.receipts).values())
