"""What is read before a picture of a face is taken: every text with its version, in the one file beside this one.

A text that changes gets a new version and a place of its own, so that what was agreed to can always be read again.
A definition names the version; one with a text of its own keeps it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kiosk.catalogue.model import ConsentNotice
from kiosk.catalogue.words import Words

FILE = Path(__file__).with_name("consent.json")
BODY = "{responsible_body}"
"""Stands in a text for whoever runs the terminal."""
CLERK_VERSION = "clerk-2026-11"
"""Of the second consent: before a picture leaves the terminal."""


class Notice(BaseModel):
    """One text, sentence by sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[str, Field(min_length=1, max_length=40)]
    text: Annotated[tuple[Words, ...], Field(min_length=1)]

    def sentences(self, language: str, responsible_body: str) -> tuple[str, ...]:
        """As they are shown; Chinese where the language has no text."""
        return tuple(line.get(language, line["zh"]).replace(BODY, responsible_body) for line in self.text)

    def digest(self, language: str, responsible_body: str) -> str:
        """SHA-256 of the sentences as they were shown, in hexadecimal."""
        shown = "\n".join(self.sentences(language, responsible_body))
        return hashlib.sha256(shown.encode()).hexdigest()


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    notices: tuple[Notice, ...]


@cache
def notices() -> dict[str, Notice]:
    """Version -> notice. RuntimeError when the program's own file is not sound."""
    try:
        read = _File.model_validate_json(FILE.read_bytes())
    except (OSError, ValueError) as error:
        message = f"{FILE.name}: {type(error).__name__}"
        raise RuntimeError(message) from error
    found = {notice.version: notice for notice in read.notices}
    if len(found) != len(read.notices):
        message = f"{FILE.name}: a version stands twice"
        raise RuntimeError(message)
    return found


def notice_of(named: ConsentNotice) -> Notice | None:
    """What a definition's notice says; None where it has no version, or no text and an unknown version."""
    if not named.version:
        return None
    return Notice(version=named.version, text=named.text) if named.text else notices().get(named.version)
