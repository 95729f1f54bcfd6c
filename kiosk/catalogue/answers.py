"""What was filled in: which questions are asked, what is kept of a value, what is wrong with it.

Terminal and centre judge by the same `data_schema`. Answers are text; a value is checked only
while its question is shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

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
    return field in definition.data_schema.get("required", ())


def clean_value(control: ui.Control, value: str) -> str:
    """Without control characters and direction marks; one line for all but long text."""
    kept = "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " "
        for c in value
    )
    if control.widget is not ui.Widget.LONG_TEXT:
        kept = kept.replace("\n", " ")
    if control.widget is ui.Widget.NUMBER:
        kept = normalise_number(kept)
    return " ".join(kept.split(" ")).strip() if "\n" in kept else " ".join(kept.split())


def kept_answers(definition: Document, answers: Mapping[str, str]) -> dict[str, str]:
    """What is sent: the shown questions that were answered, nothing that was hidden again."""
    shown = set(shown_fields(definition, answers))
    return {field: value for field, value in answers.items() if field in shown and value}


def check_answers(definition: Document, answers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Field -> language -> sentence, for every shown question that cannot stay as it is."""
    shown = shown_fields(definition, answers)
    found: dict[str, dict[str, str]] = {}
    properties: Mapping[str, Any] = definition.data_schema.get("properties", {})
    for field in shown:
        value = answers.get(field, "")
        if not value:
            if is_required(definition, field):
                found[field] = dict(REQUIRED)
            continue
        errors = list(Draft202012Validator(properties[field]).iter_errors(value))
        if errors:
            found[field] = _sentence(definition, field, properties[field], errors[0].validator)
    return found


def _sentence(
    definition: Document, field: str, schema: Mapping[str, Any], validator: object
) -> dict[str, str]:
    if validator == "maxLength":
        return {language: text.format(limit=schema["maxLength"]) for language, text in TOO_LONG.items()}
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
