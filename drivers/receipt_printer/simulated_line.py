"""The character side of a simulated printer: a line is set, then printed at LF. A GBK font inside.

As with many real ones its GB18030 is GBK: a code of four bytes, or one that GBK leaves to users,
prints something else. Here that is a black cell for each byte, so that a test can see it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from drivers.receipt_printer.commands import Command, Kind

_HALF, _CELL, _SPACING = 12, 24, 34
_GARBAGE = "\ufffd"


@dataclass(frozen=True, slots=True)
class _Glyph:
    """`character` in a cell of `wide` half cells; GS ! `size`."""

    character: str
    wide: int
    size: int
    bold: bool

    @property
    def across(self) -> int:
        return self.wide * _HALF * (((self.size >> 4) & 7) + 1)

    @property
    def high(self) -> int:
        return _CELL * ((self.size & 7) + 1)


class TextLine:
    """Takes commands and text as they come; everything wider than the paper begins a new line.

    `garbled` counts the pairs of bytes for which the font has no character.
    """

    def __init__(self, width_dots: int, font: Path | None) -> None:
        self.centred = False
        self.garbled = 0
        self._width_dots = width_dots
        self._font = None if font is None else ImageFont.truetype(str(font), _CELL - 2)
        self._glyphs: list[_Glyph] = []
        self._lead = b""
        self._size, self._bold, self._chinese = 0, False, False

    def obey(self, command: Command) -> None:
        """What sets type; anything else is none of a line's business."""
        match command.kind:
            case Kind.INITIALISE:
                self._glyphs, self._lead = [], b""
                self.centred, self._size, self._bold, self._chinese = False, 0, False, False
            case Kind.JUSTIFY:
                self.centred = command.data[2] == 1
            case Kind.SIZE:
                self._size = command.data[2]
            case Kind.BOLD:
                self._bold = bool(command.data[2] & 1)
            case Kind.CHINESE_ON | Kind.CHINESE_OFF:
                self._chinese = command.kind is Kind.CHINESE_ON
            case Kind.TEXT:
                self._set(command.data)
            case _:
                pass

    def printed(self) -> Iterator[bytes]:
        """LF: the rows of what was set, wrapped at the paper's width."""
        glyphs, self._glyphs, self._lead = self._glyphs, [], b""
        line: list[_Glyph] = []
        for glyph in glyphs:
            if line and sum(each.across for each in line) + glyph.across > self._width_dots:
                yield from self._rows(line)
                line = []
            line.append(glyph)
        yield from self._rows(line)

    def _set(self, byte: bytes) -> None:
        if not self._lead and (byte < b"\x81" or not self._chinese):
            self._add(byte.decode("ascii", "replace"), 1)
        elif not self._lead:
            self._lead = byte
        else:
            pair, self._lead = self._lead + byte, b""
            try:
                self._add(pair.decode("gbk"), 2)
            except UnicodeDecodeError:
                self.garbled += 1
                self._add(_GARBAGE, 2)

    def _add(self, character: str, wide: int) -> None:
        self._glyphs.append(_Glyph(character, wide, self._size, self._bold))

    def _rows(self, line: list[_Glyph]) -> Iterator[bytes]:
        high = max((glyph.high for glyph in line), default=_CELL)
        width = sum(glyph.across for glyph in line)
        page = Image.new("1", (-(-max(width, 8) // 8) * 8, high + _SPACING - _CELL), 0)
        x = 0
        for glyph in line:
            page.paste(self._drawn(glyph), (x, high - glyph.high))
            x += glyph.across
        free = self._width_dots - width
        sheet = Image.new("1", (self._width_dots, page.height), 0)
        sheet.paste(page, (free // 2 if self.centred else 0, 0))
        row_bytes = self._width_dots // 8
        data = sheet.tobytes()
        yield from (data[start : start + row_bytes] for start in range(0, len(data), row_bytes))

    def _drawn(self, glyph: _Glyph) -> Image.Image:
        cell = Image.new("1", (glyph.wide * _HALF, _CELL), 0)
        draw = ImageDraw.Draw(cell)
        box = (1, 2, cell.width - 2, _CELL - 3)
        if glyph.character == _GARBAGE:
            draw.rectangle(box, fill=1)
        elif self._font is None and not glyph.character.isspace():
            draw.rectangle(box, outline=1)
        elif self._font is not None:
            bold = 1 if glyph.bold else 0
            draw.text((cell.width / 2, _CELL - 4), glyph.character, 1, self._font, "ms", stroke_width=bold)
        return cell.resize((glyph.across, glyph.high), Image.Resampling.NEAREST)
