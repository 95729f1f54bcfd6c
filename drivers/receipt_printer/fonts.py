"""Which font draws which character: the first in the list that has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from PIL import ImageFont

from drivers.receipt_printer.text import SUBSTITUTE


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font; `index` is the face inside a collection (.ttc)."""

    path: Path
    index: int = 0


@dataclass(frozen=True, slots=True)
class Fonts:
    """Fonts in order of preference; at least one of each weight must have `SUBSTITUTE`."""

    regular: tuple[FontFile, ...]
    bold: tuple[FontFile, ...]


@lru_cache(maxsize=16)
def covered(font: FontFile) -> frozenset[int]:
    """The code points that a font has a glyph for."""
    from fontTools.ttLib import TTFont

    with TTFont(font.path, fontNumber=font.index, lazy=True) as opened:
        return frozenset(opened.getBestCmap() or {})


@lru_cache(maxsize=64)
def _loaded(font: FontFile, size_dots: int) -> ImageFont.FreeTypeFont:
    # The basic layout gives the same dots with and without the optional shaping library.
    return ImageFont.truetype(str(font.path), size_dots, font.index, layout_engine=ImageFont.Layout.BASIC)


@dataclass(frozen=True, slots=True)
class Typeface:
    """Fonts at one size and weight."""

    fonts: tuple[FontFile, ...]
    size_dots: int

    def runs(self, text: str) -> Iterator[tuple[str, ImageFont.FreeTypeFont]]:
        """The text in pieces that one font draws; what no font has is the substitute."""
        chosen = [self._chosen(character) for character in text]
        for font, group in groupby(chosen, key=lambda pair: pair[1]):
            yield "".join(character for character, _ in group), _loaded(font, self.size_dots)

    def width(self, text: str) -> float:
        """Dots from the first to the last advance."""
        return sum(font.getlength(piece) for piece, font in self.runs(text))

    def _chosen(self, character: str) -> tuple[str, FontFile]:
        for wanted in (character, SUBSTITUTE):
            for font in self.fonts:
                if ord(wanted) in covered(font):
                    return wanted, font
        message = f"no font of {[font.path.name for font in self.fonts]} has the substitute mark"
        raise ValueError(message)
