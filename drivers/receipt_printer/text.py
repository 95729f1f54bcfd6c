"""Text before layout: what may reach the paper at all, and where a line may break."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

SUBSTITUTE = "〓"
"""The mark that Chinese typesetting puts where a character could not be set: visible, never `?`."""

_LINE_ENDS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_NOT_AT_START = frozenset("、。，．；：？！…—～·）］｝〕〉》」』】〗’”％‰℃,.;:?!)]}%")
_NOT_AT_END = frozenset("（［｛〔〈《「『【〖‘“￥([{¥$#@")
_WIDE_FROM = 0x2E80
"""From CJK radicals on, every character may stand alone on a line."""


def clean_text(text: str) -> str:
    """Text as it may be laid out: one line, without a character that commands instead of showing.

    Line ends and tabs become one space. Controls (C0, DEL, C1), format characters (bidi
    controls, zero-width, BOM) and variation selectors go. A lone surrogate becomes the substitute.
    """
    spaced = _LINE_ENDS.sub(" ", text)
    return "".join(_shown(character) for character in spaced)


def _shown(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Cf":
            return ""
        case "Cs":
            return SUBSTITUTE
        case "Zs":
            return " "
        case "Mn" if unicodedata.name(character, "").startswith("VARIATION SELECTOR"):
            return ""
        case _:
            return character


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break clean text into lines no wider than `width`; at least one line.

    Latin words and numbers stay whole while they fit on a line of their own; closing
    punctuation never begins a line, opening punctuation never ends one.
    """
    lines: list[str] = []
    line = ""
    for unit in _units(text):
        if measure((line + unit).rstrip()) <= width:
            line += unit if line or not unit.isspace() else ""
            continue
        if line.strip():
            lines.append(line.rstrip())
        *full, line = _split(unit.lstrip(), width, measure)
        lines.extend(full)
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return lines


def _units(text: str) -> Iterator[str]:
    """The pieces that a line may be broken between."""
    unit = ""
    for character in text:
        if unit and _may_break(unit[-1], character):
            yield unit
            unit = ""
        unit += character
    if unit:
        yield unit


def _may_break(before: str, after: str) -> bool:
    if after in _NOT_AT_START or before in _NOT_AT_END or unicodedata.combining(after):
        return False
    if before.isspace() or after.isspace():
        return before.isspace() != after.isspace()
    return ord(before) >= _WIDE_FROM or ord(after) >= _WIDE_FROM


def _split(unit: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """A unit that may be wider than a line, cut where it must be."""
    pieces = [""]
    for character in unit:
        if pieces[-1] and measure(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces
