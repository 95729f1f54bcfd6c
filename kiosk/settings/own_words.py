"""A value that is refused with words of its own, where the general ones would say too little."""

from __future__ import annotations

from typing import Final

from pydantic_core import PydanticCustomError

OWN_WORDS: Final = "own_words"
"""The type of an error that brings its words along, as `zh` and `en`."""


def refusal(zh: str, en: str) -> PydanticCustomError:
    """What a validator raises; the words say what to write instead."""
    return PydanticCustomError(OWN_WORDS, "{en}", {"zh": zh, "en": en})
