"""A text in several languages. Chinese and English are always there."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

LANGUAGES = ("zh", "en")


def _complete(value: dict[str, str]) -> dict[str, str]:
    lacking = [language for language in LANGUAGES if not value.get(language, "").strip()]
    if lacking:
        kind, message = "words", "the text is missing in: {lacking}"
        raise PydanticCustomError(kind, message, {"lacking": ", ".join(lacking)})
    return value


_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": list(LANGUAGES),
    "properties": {language: {"type": "string", "minLength": 1} for language in LANGUAGES},
    "additionalProperties": {"type": "string"},
}

Words = Annotated[dict[str, str], AfterValidator(_complete), WithJsonSchema(_SCHEMA)]
"""Language -> text; `zh` and `en` must be there and not be blank."""
