"""From JSON to a `Document`; what does not fit is named by its field, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from kiosk.catalogue.model import Document

PROBLEMS_SHOWN_MAX = 12
_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("缺少这一项", "is missing"),
    "extra_forbidden": ("没有这一项，请检查拼写", "is not known, check the spelling"),
    "words": ("要有中文（zh）和英文（en）", "needs Chinese (zh) and English (en)"),
    "enum": ("不在可选的值里", "is none of the allowed values"),
    "literal_error": ("不在可选的值里", "is none of the allowed values"),
    "string_pattern_mismatch": ("写法不对", "is not written in the right way"),
    "timezone_aware": ("时间要带时区，如 +08:00", "needs a time zone such as +08:00"),
    "too_short": ("不能空着", "must not be empty"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: where, and what to do, in both languages."""

    code: str
    path: str
    message_zh: str
    message_en: str


def shape(raw: Any) -> Document | tuple[Finding, ...]:
    """The document, or every field that does not fit."""
    try:
        return Document.model_validate(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(_finding(problem) for problem in problems[:PROBLEMS_SHOWN_MAX])


def _finding(problem: Any) -> Finding:
    zh, en = _WORDS.get(problem["type"], ("值不合要求", str(problem["msg"])))
    path = ".".join(str(part) for part in problem["loc"]) or "."
    return Finding(f"schema.{problem['type']}", path, zh, en)


def document_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a definition: for editors and for the centre's authors."""
    schema = Document.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
