"""A slip as a picture of dots: the layout. 203 dots per inch, 8 dots per millimetre."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from PIL import Image, ImageDraw

from drivers.receipt_printer.contract import Align, Block, Pair, QrCode, Rule, Size, Slip, Text
from drivers.receipt_printer.fonts import Fonts, Typeface
from drivers.receipt_printer.text import clean_text, wrap

WIDE_DOTS: Final = 576
"""80 mm paper: 72 mm printable."""

NARROW_DOTS: Final = 384
"""58 mm paper: 48 mm printable."""

_SIZES: Mapping[Size, tuple[int, int]] = {
    # (80 mm, 58 mm) in dots; 30 dots are 3.75 mm, about 10.5 point
    Size.SMALL: (24, 21),
    Size.BODY: (30, 25),
    Size.LARGE: (40, 32),
    Size.TITLE: (56, 42),
}
_LEADING = 1.45
_PARAGRAPH_GAP = 0.2
INK_BELOW = 150
"""Grey that becomes a black dot. Thermal dots bleed, yet thin strokes of dense characters must not vanish."""
_LABEL_SHARE = 0.36
_QR_SHARE = 0.58
_QR_QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class _Mark:
    """Text from `x` on the baseline `y`."""

    x: float
    y: float
    text: str
    face: Typeface


@dataclass(frozen=True, slots=True)
class _Box:
    x: int
    y: int
    width: int
    height: int


class _Page:
    """A sheet that grows downwards."""

    def __init__(self, width_dots: int, fonts: Fonts) -> None:
        self.width = width_dots
        self.margin = width_dots // 36
        self.inner = width_dots - 2 * self.margin
        self.y = self.margin
        self.marks: list[_Mark] = []
        self.boxes: list[_Box] = []
        self._fonts = fonts

    def face(self, size: Size, *, bold: bool = False) -> Typeface:
        dots = _SIZES[size][0 if self.width >= WIDE_DOTS else 1]
        return Typeface(self._fonts.bold if bold else self._fonts.regular, dots)

    def paragraph(self, lines: Iterable[str], face: Typeface, x: float, *, centre: bool = False) -> None:
        for line in lines:
            left = (self.width - face.width(line)) / 2 if centre else x
            self.marks.append(_Mark(left, self.baseline(face), line, face))
            self.y += round(face.size_dots * _LEADING)

    def baseline(self, face: Typeface) -> float:
        # An ideograph fills from 0.12 below to 0.88 above the baseline; the rest of the leading is shared.
        return self.y + face.size_dots * ((_LEADING - 1) / 2 + 0.88)


def render_slip(slip: Slip, width_dots: int, fonts: Fonts) -> Image.Image:
    """The slip as a 1-bit image of `width_dots` (a multiple of 8), black on white.

    All text is cleaned here, so no source of text can reach the printer but as dots.
    Raises ValueError when a QR code's data does not fit the paper.
    """
    page = _Page(width_dots, fonts)
    for kind, blocks in groupby(slip.blocks, key=type):
        if kind is Pair:
            _pairs(page, [block for block in blocks if isinstance(block, Pair)])
        else:
            for block in blocks:
                _single(page, block)
    return _drawn(page)


def _single(page: _Page, block: Block) -> None:
    match block:
        case Text(text, size, bold, align):
            face = page.face(size, bold=bold)
            lines = wrap(clean_text(text), page.inner, face.width)
            page.paragraph(lines, face, page.margin, centre=align is Align.CENTRE)
            page.y += round(face.size_dots * _PARAGRAPH_GAP)
        case Rule():
            gap = page.margin
            page.boxes.append(_Box(page.margin, page.y + gap, page.inner, 2))
            page.y += 2 * gap + 2
        case QrCode(data):
            _qr(page, data)
        case Pair():
            _pairs(page, [block])


def _pairs(page: _Page, pairs: list[Pair]) -> None:
    """Neighbouring pairs share one column of values."""
    label_face, value_face = page.face(Size.SMALL), page.face(Size.BODY)
    cleaned = [(clean_text(pair.label), clean_text(pair.value)) for pair in pairs]
    limit = page.inner * _LABEL_SHARE
    column = min(max(label_face.width(label) for label, _ in cleaned), limit)
    start = page.margin + round(column) + page.margin
    for label, value in cleaned:
        top, baseline = page.y, page.baseline(value_face)
        for index, line in enumerate(wrap(label, limit, label_face.width)):
            y = baseline + index * label_face.size_dots * _LEADING
            page.marks.append(_Mark(page.margin, y, line, label_face))
            label_end = round(y + label_face.size_dots * 0.5)
        page.paragraph(wrap(value, page.width - page.margin - start, value_face.width), value_face, start)
        page.y = max(page.y, label_end, top) + round(value_face.size_dots * 0.1)


def _qr(page: _Page, data: str) -> None:
    import segno

    code = segno.make_qr(clean_text(data), error="m", boost_error=False)
    modules = int(code.symbol_size(border=_QR_QUIET_MODULES)[0])
    # Below 3 dots (0.375 mm) a module is hard to read for an old telephone's camera.
    scale = max(3, min(8, int(page.width * _QR_SHARE) // modules))
    side = modules * scale
    if side > page.width:
        message = f"a QR code of {modules} modules is too wide for {page.width} dots"
        raise ValueError(message)
    left = (page.width - side) // 2
    for row, line in enumerate(code.matrix_iter(border=_QR_QUIET_MODULES)):
        for column, dark in enumerate(line):
            if dark:
                page.boxes.append(_Box(left + column * scale, page.y + row * scale, scale, scale))
    page.y += side


def _drawn(page: _Page) -> Image.Image:
    grey = Image.new("L", (page.width, page.y + page.margin), 255)
    draw = ImageDraw.Draw(grey)
    for box in page.boxes:
        draw.rectangle((box.x, box.y, box.x + box.width - 1, box.y + box.height - 1), fill=0)
    for mark in page.marks:
        x = mark.x
        for piece, font in mark.face.runs(mark.text):
            draw.text((round(x), round(mark.y)), piece, fill=0, font=font, anchor="ls")
            x += font.getlength(piece)
    return grey.point([0 if level < INK_BELOW else 255 for level in range(256)], mode="1")
