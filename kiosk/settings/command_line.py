"""A program and its arguments in kiosk.ini, quoted as a shell would have them quoted."""

from __future__ import annotations

import shlex

from kiosk.settings.own_words import refusal


def command_line(value: str) -> str:
    """The value itself. Raises PydanticCustomError when a quotation mark is left open."""
    try:
        shlex.split(value)
    except ValueError:
        raise refusal("引号没有配对", "a quotation mark or backslash is left open") from None
    return value
