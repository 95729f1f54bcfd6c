"""Rows on the strip of paper that a simulated printer has."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass

from PIL import Image

from drivers.receipt_printer.commands import Command


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
