"""From the bytes in a code to a text that may be shown and used: pure."""

from __future__ import annotations

import unicodedata

from drivers.code_reader.contract import CodeFailure, Wanted
from drivers.contract import Failed, Ok

NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories: controls, direction marks and joiners, surrogates, private, unassigned, line ends."""


def text_of(payloads: list[bytes], wanted: Wanted) -> Ok[str] | Failed[CodeFailure]:
    """`payloads`: the different payloads of all codes of the wanted format in one picture."""
    if not payloads:
        return Failed(CodeFailure.NO_CODE)
    if len(payloads) > 1:
        return Failed(CodeFailure.SEVERAL)
    (payload,) = payloads
    if len(payload) > 4 * wanted.characters_max:
        return Failed(CodeFailure.TOO_LONG)
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return Failed(CodeFailure.NOT_TEXT)
    if len(text) > wanted.characters_max:
        return Failed(CodeFailure.TOO_LONG)
    if any(unicodedata.category(character) in NOT_SHOWN for character in text):
        return Failed(CodeFailure.CONTROL_CHARACTERS)
    if not text or (wanted.check is not None and not wanted.check(text)):
        return Failed(CodeFailure.CHECK_FAILED)
    return Ok(text)
