"""A slip as the printer's own characters: for printers with a GB18030 or GBK font, and for slow lines.

A line that holds a character outside GBK goes as dots between the others. GB18030 has codes for
it, but four bytes long (or in the area that GBK leaves to users), and the many printers that say
GB18030 and have GBK inside print two wrong characters for them: a name must not depend on that.
The QR code is dots as well, since the printer's own one (GS ( k) is missing or odd in many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from PIL import Image, ImageDraw

from drivers.receipt_printer.contract import Align, Block, Pair, QrCode, Rule, Size, Slip, Text
from drivers.receipt_printer.encoder import (
    CENTRE,
    LEFT,
    SLICE_ROWS,
    EncodedSlip,
    cut_command,
    encode_rows,
    start_command,
)
from drivers.receipt_printer.fonts import Fonts, Typeface
from drivers.receipt_printer.raster import INK_BELOW, render_slip
from drivers.receipt_printer.text import clean_text, wrap

COLUMN_DOTS: Final = 12
"""Font A: 12 by 24 dots, an ideograph 24 by 24: 48 columns on 80 mm, 32 on 58 mm."""

_CELL_DOTS: Final = 24
LINE_ROWS: Final = 34
"""ESC 2, the spacing after ESC @: a sixth of an inch."""

_LABEL_SHARE: Final = 0.36
_CHINESE_ON, _CHINESE_OFF = b"\x1c&", b"\x1c."
_LINE_FEED = b"\n"
_NORMAL, _TALL, _DOUBLE = 0x00, 0x01, 0x11
"""GS ! n; LARGE is only taller, so that a case code fits on 58 mm."""

_SIZES: Final = {Size.SMALL: _NORMAL, Size.BODY: _NORMAL, Size.LARGE: _TALL, Size.TITLE: _DOUBLE}


@dataclass(frozen=True, slots=True, repr=False)
class _Line:
    """One line of clean text that fits; `size` is that of GS !."""

    text: str
    size: int = _NORMAL
    bold: bool = False
    centred: bool = False

    @property
    def wide(self) -> int:
        return 2 if self.size & 0x10 else 1

    @property
    def rows(self) -> int:
        return LINE_ROWS + _CELL_DOTS if self.size & 0x01 else LINE_ROWS


def encode_text_slip(slip: Slip, width_dots: int, fonts: Fonts) -> EncodedSlip:
    """Encode for paper of `width_dots`. Raises ValueError when a QR code does not fit the paper."""
    style = _Style()
    pieces: list[tuple[bytes, int]] = []
    for kind, blocks in groupby(slip.blocks, key=type):
        group = list(blocks)
        if kind is QrCode:
            pieces += [
                piece
                for code in group
                for piece in _dots(render_slip(Slip("", (code,)), width_dots, fonts), style)
            ]
        else:
            for line in _lines(group, width_dots // COLUMN_DOTS):
                pieces += (
                    [(style.change(line) + line.text.encode("gb18030") + _LINE_FEED, line.rows)]
                    if in_gbk(line.text)
                    else _dots(_picture(line, width_dots, fonts), style)
                )
    pieces.append((style.change(_Line("")) + _CHINESE_OFF, 0))
    return EncodedSlip(
        start_command() + _CHINESE_ON, tuple(_slices(pieces)), cut_command(), sum(rows for _, rows in pieces)
    )


def in_gbk(text: str) -> bool:
    """True when every character has the same one or two bytes in GBK and in GB18030."""
    try:
        return text.encode("gbk") == text.encode("gb18030")
    except UnicodeEncodeError:
        return False


def columns(text: str) -> int:
    """How many columns a printer uses: two for everything but ASCII."""
    return sum(1 if character.isascii() else 2 for character in text)


class _Style:
    """What the printer is set to; ESC @ leaves it plain, left and small."""

    def __init__(self) -> None:
        self._now = _Line("")

    def change(self, line: _Line) -> bytes:
        """The commands from what is set to what this line wants."""
        data, now = b"", self._now
        if line.centred is not now.centred:
            data += CENTRE if line.centred else LEFT
        if line.size != now.size:
            data += b"\x1d!" + bytes((line.size,))
        if line.bold is not now.bold:
            data += b"\x1bE" + bytes((line.bold,))
        self._now = line
        return data


def _lines(blocks: Sequence[Block], width: int) -> Iterator[_Line]:
    pairs = [block for block in blocks if isinstance(block, Pair)]
    if pairs:
        yield from _pairs(pairs, width)
    for block in blocks:
        match block:
            case Text(text, size, bold, align):
                shape = _Line("", _SIZES[size], bold, align is Align.CENTRE)
                for line in wrap(clean_text(text), width // shape.wide, columns):
                    yield _Line(line, shape.size, bold, shape.centred)
            case Rule():
                yield _Line("-" * width)
            case Pair() | QrCode():
                pass


def _pairs(pairs: Sequence[Pair], width: int) -> Iterator[_Line]:
    """Neighbouring pairs share one column of values; a value wraps under itself."""
    cleaned = [(clean_text(pair.label), clean_text(pair.value)) for pair in pairs]
    limit = int(width * _LABEL_SHARE)
    label_width = min(max(columns(label) for label, _ in cleaned), limit)
    for label, value in cleaned:
        labels = wrap(label, limit, columns)
        values = wrap(value, width - label_width - 1, columns)
        for index in range(max(len(labels), len(values))):
            left = labels[index] if index < len(labels) else ""
            right = values[index] if index < len(values) else ""
            yield _Line((left + " " * (label_width + 1 - columns(left)) + right).rstrip())


def _picture(line: _Line, width_dots: int, fonts: Fonts) -> Image.Image:
    """The line as dots, each character in the columns that the printer would give it."""
    face = Typeface(fonts.bold if line.bold else fonts.regular, _CELL_DOTS)
    used = columns(line.text) * COLUMN_DOTS
    grey = Image.new("L", (used, LINE_ROWS), 255)
    draw = ImageDraw.Draw(grey)
    x = 0
    baseline = round(_CELL_DOTS * 0.88)  # the spacing is below, as the printer feeds it
    for character in line.text:
        cell = columns(character) * COLUMN_DOTS
        for piece, font in face.runs(character):
            draw.text(
                (x + (cell - font.getlength(piece)) / 2, baseline), piece, fill=0, font=font, anchor="ls"
            )
        x += cell
    high = 2 if line.size & 0x01 else 1
    scaled = grey.resize((used * line.wide, LINE_ROWS * high), Image.Resampling.NEAREST)
    page = Image.new("L", (width_dots, scaled.height), 255)
    page.paste(scaled, ((width_dots - scaled.width) // 2 if line.centred else 0, 0))
    return page.point([0 if level < INK_BELOW else 255 for level in range(256)], mode="1")


def _dots(image: Image.Image, style: _Style) -> Iterator[tuple[bytes, int]]:
    """Dots between lines; they leave the printer left-aligned, so the style is made plain before."""
    before = style.change(_Line(""))
    for top in range(0, image.height, SLICE_ROWS):
        part = image.crop((0, top, image.width, min(top + SLICE_ROWS, image.height)))
        yield before + encode_rows(part), part.height
        before = b""


def _slices(pieces: Sequence[tuple[bytes, int]]) -> Iterator[bytes]:
    """Pieces together while they are no more than `SLICE_ROWS` of paper."""
    data, used = b"", 0
    for piece, rows in pieces:
        if data and used + rows > SLICE_ROWS:
            yield data
            data, used = b"", 0
        data += piece
        used += rows
    yield data
