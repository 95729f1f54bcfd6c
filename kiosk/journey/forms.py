"""The questions of a definition as fields of a view, for the visit's language and type size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.catalogue import answers as rules
from kiosk.catalogue.model import Method, StepType
from kiosk.catalogue.ui import Control, Page, Widget
from kiosk.identity import mask_address, mask_name, mask_number
from kiosk.journey.view import Field, FieldKind, Line
from kiosk.journey.visit import Visit
from kiosk.local_time import local_day
from kiosk.locale import Texts, texts_for

KIND_OF: dict[Widget, FieldKind] = {
    Widget.TEXT: FieldKind.TEXT,
    Widget.LONG_TEXT: FieldKind.LONG_TEXT,
    Widget.NUMBER: FieldKind.NUMBER,
    Widget.CHOICE: FieldKind.CHOICE,
}


def _shown(visit: Visit) -> tuple[tuple[Page, tuple[Control, ...]], ...]:
    return rules.shown_pages(visit.service, visit.answers)


def ids(visit: Visit) -> frozenset[str]:
    """The fields that are asked now, on all pages."""
    return frozenset(control.field for _, controls in _shown(visit) for control in controls)


def pages(visit: Visit) -> tuple[tuple[str, ...], ...]:
    """Field ids page by page; elder mode asks one question a page (rule D18)."""
    if visit.elder:
        return tuple((control.field,) for _, controls in _shown(visit) for control in controls)
    return tuple(tuple(control.field for control in controls) for _, controls in _shown(visit))


def _here(visit: Visit) -> tuple[str, ...]:
    all_pages = pages(visit)
    return all_pages[min(visit.page, len(all_pages) - 1)] if all_pages else ()


def _control(visit: Visit, field: str) -> Control:
    control = visit.service.ui.control(field)
    if control is None:
        raise LookupError(field)
    return control


def title_of_page(visit: Visit) -> tuple[str, str]:
    """The page's label; in elder mode the question itself is the title."""
    here = _here(visit)
    for page, controls in _shown(visit):
        for control in controls:
            if here and control.field == here[0]:
                if visit.elder:
                    question = (control.elder or control.label)[visit.language]
                    about = page.label[visit.language]
                    return question, "" if about == question else about
                return page.label[visit.language], ""
    return visit.service.title[visit.language], ""


def fields_on_page(visit: Visit) -> tuple[Field, ...]:
    return tuple(_field(visit, _control(visit, field)) for field in _here(visit))


def _field(visit: Visit, control: Control) -> Field:
    language = visit.language
    schema: Mapping[str, Any] = visit.service.data_schema["properties"][control.field]
    hint = control.hint[language] if control.hint else ""
    if control.shows_card == "address" and visit.applicant is not None:
        hint = f"{hint} {mask_address(visit.applicant.document.address)}".strip()
    error = visit.errors.get(control.field)
    return Field(
        id=control.field,
        kind=KIND_OF[control.widget],
        label=control.label[language],
        value=visit.answers.get(control.field, ""),
        hint=hint,
        error=error[language] if error else "",
        required=rules.is_required(visit.service, control.field),
        max_length=int(schema.get("maxLength", 200)),
        options=tuple((option.value, option.label[language]) for option in control.options),
        note=_note(visit, control.field),
    )


def _note(visit: Visit, field: str) -> str:
    """Whose record a value is and of when, as long as the resident has not written another."""
    told = visit.prefilled.get(field)
    if told is None or visit.answers.get(field) != told.value:
        return ""
    t = texts_for(visit.language)
    return t(
        "{source} {day} 的登记，不对可以改", source=told.source[visit.language], day=local_day(told.as_of)
    )


def clean(visit: Visit, field: str, value: str) -> str:
    """What is kept of a typed value: control characters are no part of any answer."""
    return rules.clean_value(_control(visit, field), value)


def errors_on_page(visit: Visit) -> dict[str, dict[str, str]]:
    """All defects of the questions on this page, in every language."""
    here = set(_here(visit))
    found = rules.check_answers(visit.service, visit.answers)
    return {field: dict(words) for field, words in found.items() if field in here}


def review_lines(visit: Visit) -> tuple[Line, ...]:
    """Every answer, masked by its rule, with the way to change it."""
    lines: list[Line] = []
    for _, controls in _shown(visit):
        for control in controls:
            value = visit.answers.get(control.field, "")
            shown = rules.masked(control, value, visit.language) if value else "—"
            lines.append(Line(control.label[visit.language], shown, f"edit:{control.field}"))
    return tuple(lines)


def has_attachment(visit: Visit) -> bool:
    return StepType.ATTACH in visit.service.flow


def identity_lines(visit: Visit, t: Texts) -> tuple[Line, ...]:
    """Who the case is for, masked (rule D6); empty where nobody is identified."""
    if visit.applicant is None:
        return ()
    document = visit.applicant.document
    return (
        Line(t("姓名"), mask_name(document.name)),
        Line(t("证件号码"), mask_number(document.number)),
        # Of a person for whom another acts only the card was here.
        Line(t("怎样确认的"), t("身份证") if visit.principal is not None else how(visit, t)),
    )


HOW: dict[Method | None, str] = {
    None: "身份证",
    Method.FACE: "人脸",
    Method.HELPER: "协理员",
    Method.SMS: "短信验证码",
    Method.QR: "手机上的电子身份",
    Method.CLERK: "坐席",
}
"""By which way who stands here was recognised."""


def how(visit: Visit, t: Texts) -> str:
    return t(HOW[visit.recognised_by])


def agent_lines(visit: Visit, t: Texts) -> tuple[Line, ...]:
    """Who acts for the person of the case, masked, and how that one was recognised; empty where nobody does."""
    agent = visit.service.agent
    if visit.principal is None or visit.card is None or agent is None:
        return ()
    ground = next((one.label[visit.language] for one in agent.grounds if one.value == visit.ground), "")
    return (
        Line(t("姓名"), mask_name(visit.card.document.name)),
        Line(t("替别人办的理由"), ground),
        Line(t("怎样确认的"), how(visit, t)),
    )
