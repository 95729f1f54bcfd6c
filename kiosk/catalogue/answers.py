"""What was filled in: which questions are asked, what is kept of a value, what is wrong with it.

Terminal and centre judge by the same `data_schema`. Answers are text; a value is checked only
while its question is shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from kiosk.catalogue import ui
from kiosk.catalogue.model import Document
from kiosk.catalogue.rules import decide
from kiosk.identity import mask_mobile, mask_name, mask_number, normalise_number

REQUIRED = {"zh": "请回答这一项", "en": "Please answer this question"}
NOT_FITTING = {"zh": "写法不对，请再看一下", "en": "This does not look right, please check"}
TOO_LONG = {"zh": "最多 {limit} 个字", "en": "At most {limit} characters"}


def is_shown(rule: ui.Rule | None, answers: Mapping[str, str]) -> bool:
    """While a condition is unknown, SHOW hides and HIDE shows."""
    if rule is None:
        return True
    holds = decide(rule.condition, answers) is True
    return holds if rule.effect == "SHOW" else not holds


def shown_pages(
    definition: Document, answers: Mapping[str, str]
) -> tuple[tuple[ui.Page, tuple[ui.Control, ...]], ...]:
    """The pages that are asked now, each with its shown questions; an empty page is left out."""
    pages = []
    for page in definition.ui.pages:
        if not is_shown(page.rule, answers):
            continue
        controls = tuple(control for control in page.elements if is_shown(control.rule, answers))
        if controls:
            pages.append((page, controls))
    return tuple(pages)


def shown_fields(definition: Document, answers: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(control.field for _, controls in shown_pages(definition, answers) for control in controls)


def is_required(definition: Document, field: str) -> bool:
    """Whether the question must be answered once it is shown."""
    schema = definition.data_schema
    branches = [schema, *(part.get("then", {}) for part in (schema, *schema.get("allOf", ())))]
    return any(field in branch.get("required", ()) for branch in branches)


_DROPPED = frozenset("\u200b\u200e\u200f\u2028\u2029\u2060\ufeff\ufffe\uffff") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xFFF9, 0xFFFC))
}
"""Invisible signs that change what is read: direction marks, separators, a byte order mark."""


def _belongs_in_text(sign: str) -> bool:
    # Rare characters of names are newer than Python's tables or in private use: they stay.
    return sign == "\n" or (unicodedata.category(sign) not in ("Cc", "Cs") and sign not in _DROPPED)


def clean_value(control: ui.Control, value: str) -> str:
    """Without control characters and direction marks; one line for all but long text.

    A number also loses full-width digits and the spaces and dashes between its groups.
    """
    kept = "".join(c if _belongs_in_text(c) else " " for c in value.replace("\r\n", "\n"))
    match control.widget:
        case ui.Widget.LONG_TEXT:
            return "\n".join(" ".join(line.split()) for line in kept.split("\n")).strip()
        case ui.Widget.NUMBER:
            return normalise_number(kept).replace("-", "")
        case _:
            return " ".join(kept.split())


def kept_answers(definition: Document, answers: Mapping[str, str]) -> dict[str, str]:
    """What is sent: the shown questions that were answered, nothing that was hidden again."""
    shown = set(shown_fields(definition, answers))
    return {field: value for field, value in answers.items() if field in shown and value}


def check_answers(definition: Document, answers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Field -> language -> sentence, for everything that cannot stay as it is; by `data_schema`.

    Only what is sent is judged. An error that JSON Schema reports at the form as a whole
    (a missing or an unexpected field) is told at its field.
    """
    kept = kept_answers(definition, answers)
    found: dict[str, dict[str, str]] = {}
    for error in Draft202012Validator(definition.data_schema).iter_errors(kept):
        for field in _fields_of(error, kept):
            found.setdefault(field, _sentence(definition, field, error))
    return found


def _fields_of(error: ValidationError, kept: Mapping[str, str]) -> tuple[str, ...]:
    if error.path:
        return (str(error.path[0]),)
    if error.validator == "required":
        # One error for each missing name; which one stands only in its message.
        names: list[str] = list(error.validator_value) if isinstance(error.validator_value, list) else []
        return tuple(name for name in names if name not in kept)
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    return tuple(name for name in kept if name not in schema.get("properties", {}))


def _sentence(definition: Document, field: str, error: ValidationError) -> dict[str, str]:
    match error.validator:
        case "required":
            return dict(REQUIRED)
        case "maxLength":
            return {lang: text.format(limit=error.validator_value) for lang, text in TOO_LONG.items()}
        case _:
            control = definition.ui.control(field)
            return dict(control.error) if control is not None and control.error else dict(NOT_FITTING)


def masked(control: ui.Control, value: str, language: str) -> str:
    """What bystanders may see of an answer."""
    match control.mask:
        case ui.MaskRule.NONE:
            return control.label_of(value, language)
        case ui.MaskRule.NAME:
            return mask_name(value)
        case ui.MaskRule.NUMBER:
            return mask_number(value)
        case ui.MaskRule.MOBILE:
            return mask_mobile(value)
        case ui.MaskRule.ALL:
            return "＊" * min(len(value), 8)
