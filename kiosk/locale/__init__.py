"""Words in the resident's language. The Chinese sentence is the key; `<language>.po` translates it.

A missing translation falls back to Chinese. Legal texts come from the service definitions, not
from here.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

SOURCE_LANGUAGE = "zh"
CATALOGUES = Path(__file__).parent


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def read_catalogue(file: Path, language: str) -> dict[str, str]:
    """The finished translations of a .po file: not fuzzy, not empty, with the source's placeholders."""
    from babel.messages.pofile import read_po

    with file.open("rb") as opened:
        catalogue = read_po(opened, locale=language, abort_invalid=True)
    return {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.id
        and message.string
        and not message.fuzzy
        and _placeholders(message.id) == _placeholders(message.string)
    }


class Texts:
    """The words of one language: `t("终端 {number}", number="0142")`."""

    def __init__(self, language: str, translations: Mapping[str, str]) -> None:
        self.language = language
        self._translations = dict(translations)

    def __call__(self, msgid: str, **values: object) -> str:
        """The sentence with its values. Without values it is taken as it stands, braces and all."""
        text = self._translations.get(msgid, msgid)
        return text.format_map(values) if values else text

    def has(self, msgid: str) -> bool:
        """Whether this language says it in its own words."""
        return self.language == SOURCE_LANGUAGE or msgid in self._translations

    @staticmethod
    def for_language(language: str) -> Texts:
        return texts_for(language)


@cache
def texts_for(language: str) -> Texts:
    """The words of a language, read once. A language without a catalogue speaks Chinese."""
    file = CATALOGUES / f"{language}.po"
    if language == SOURCE_LANGUAGE or not file.is_file():
        return Texts(language, {})
    return Texts(language, read_catalogue(file, language))


def missing(language: str, msgids: Iterable[str]) -> list[str]:
    """The sentences that would fall back to Chinese: what a test expects to be empty."""
    texts = texts_for(language)
    return [msgid for msgid in msgids if not texts.has(msgid)]
