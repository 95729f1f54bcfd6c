"""Measuring and breaking text with the very fonts that paint it.

Pillow measures and paints, since Kivy's text knows no second font: a rare character of a name
would be a box (see docs/decisions/screens.md). Caches hold residents' words: `forget` empties them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.receipt_printer.fonts import Fonts, Typeface, covered
from screens.wrapping import wrap

CACHE_LINES_MAX = 4000
"""A whole day of screens stays far below; past it the cache begins anew."""


@dataclass(slots=True)
class Typesetter:
    """Widths and lines in pixels."""

    fonts: Fonts
    _widths: dict[tuple[str, int, bool], float] = field(default_factory=dict, repr=False)

    def warm(self) -> None:
        """Read what each font has, before the first screen: for a rare character it takes a third of a second."""
        for font in {*self.fonts.regular, *self.fonts.bold}:
            covered(font)

    def face(self, size_px: int, *, bold: bool) -> Typeface:
        return Typeface(self.fonts.bold if bold else self.fonts.regular, size_px)

    def width(self, text: str, size_px: int, *, bold: bool = False) -> float:
        key = (text, size_px, bold)
        if key not in self._widths:
            if len(self._widths) >= CACHE_LINES_MAX:
                self.forget()
            self._widths[key] = self.face(size_px, bold=bold).width(text)
        return self._widths[key]

    def lines(self, text: str, size_px: int, width_px: float, *, bold: bool = False) -> tuple[str, ...]:
        def width_of(part: str) -> float:
            return self.width(part, size_px, bold=bold)

        return tuple(wrap(text, width_of, width_px))

    def forget(self) -> None:
        """Nothing of a resident's words stays after the visit."""
        self._widths.clear()
