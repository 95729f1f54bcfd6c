"""Characters that no font has: the slip says that the screen shows them, rather than leaving a mark unexplained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from drivers.receipt_printer.contract import Block, Pair, QrCode, Rule, Size, Slip, Text
from drivers.receipt_printer.fonts import Fonts, covered
from drivers.receipt_printer.text import SUBSTITUTE, clean_text

NOTE = Text(f"{SUBSTITUTE}：这个字打不出来，请看屏幕 / cannot be printed, see the screen", Size.SMALL)


def with_note(slip: Slip, fonts: Fonts) -> Slip:
    """The slip, with `NOTE` as its last line when a character of it will be the substitute mark."""
    known = frozenset[int]().union(*(covered(font) for font in (*fonts.regular, *fonts.bold)))
    missing = any(
        character == SUBSTITUTE or ord(character) not in known
        for words in _words(slip.blocks)
        for character in clean_text(words)
    )
    return replace(slip, blocks=(*slip.blocks, NOTE)) if missing else slip


def _words(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Text(text):
                yield text
            case Pair(label, value):
                yield label
                yield value
            case Rule() | QrCode():
                pass
