"""Breaking lines of Chinese and English: no closing mark begins a line, no word is torn, no last
line of a single character. Pure: the width of a text comes in as a function.
"""

from __future__ import annotations

from collections.abc import Callable

CLOSING = set("，。！？；：、）》」』】”’…·,.!?;:)]}%％")
"""Marks that never begin a line (GB/T 15834 in short)."""
OPENING = set("（《「『【“‘([{")
"""Marks that never end one."""

WidthOf = Callable[[str], float]


def is_wide(character: str) -> bool:
    """A character that a line may be broken around: Han, kana, full-width marks."""
    return ord(character) >= 0x2E80 or character in "“”‘’…—·"


def pieces(text: str) -> list[str]:
    """The smallest parts that stay together; a space ends the part before it."""
    out: list[str] = []
    glue = False
    for character in text:
        last = out[-1] if out else ""
        joins_word = bool(last) and not is_wide(character) and not is_wide(last[-1]) and last[-1] != " "
        closes = bool(last) and (character in CLOSING or character == " ")
        if glue or joins_word or closes:
            out[-1] += character
        else:
            out.append(character)
        glue = character in OPENING
    return out


def wrap(text: str, width_of: WidthOf, width: float) -> list[str]:
    """Lines that fit `width`. A part wider than a line is cut by character."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _even_end(
            _fill(_cut_long(pieces(paragraph), width_of, width), width_of, width), width_of, width
        )
    return lines


def _cut_long(parts: list[str], width_of: WidthOf, width: float) -> list[str]:
    out: list[str] = []
    for part in parts:
        if width_of(part.rstrip()) <= width:
            out.append(part)
            continue
        chunk = ""
        for character in part:
            if chunk and width_of(chunk + character) > width:
                out.append(chunk)
                chunk = ""
            chunk += character
        out.append(chunk)
    return out


def _fill(parts: list[str], width_of: WidthOf, width: float) -> list[list[str]]:
    lines: list[list[str]] = [[]]
    for part in parts:
        if lines[-1] and width_of("".join((*lines[-1], part)).rstrip()) > width:
            lines.append([])
        lines[-1].append(part)
    return lines


def _even_end(lines: list[list[str]], width_of: WidthOf, width: float) -> list[str]:
    """Give the last line company: one or two characters alone look lost and are overlooked."""
    if len(lines) > 1:
        before, last = lines[-2], lines[-1]
        while len(before) > 4 and width_of("".join(last).rstrip()) < width * 0.22:
            last.insert(0, before.pop())
    return ["".join(line).rstrip() for line in lines]
