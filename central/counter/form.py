"""The form that a clerk fills in from the paper: JSON, judged by the published definition, errors by field and line.

    {"schema": "jiujin.paper/1", "window": "清河镇 3 号窗", "reference": "2026-11-26/017",
     "service": "110199-YL-01", "received_at": "2026-11-26T09:30:00+08:00",
     "person": {"document_kind": "resident", "number": "…", "name": "…", "valid_to": "2035-05-06"},
     "answers": {"lives_at_card_address": "yes"}}

`reference` is the number on the paper's stub: the same window and reference is the same case, however often it is
entered. `person` is left out where the service asks for nobody; `helper`, of the same form, is who acted for somebody.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from central.rechecks import Published
from central.staff_words import UnfitWordsError, fit
from kiosk.catalogue.answers import check_answers, clean_value, kept_answers
from kiosk.catalogue.model import Definition, Status
from kiosk.catalogue.strict_json import NotStrictJsonError, parse
from kiosk.identity import NUMBER_WORDS, NumberProblem, normalise_name, read_number

ANSWERS_MAX = 100
ANSWER_MAX = 5000
PLACE_MAX = 32


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(masked)"

    __str__ = __repr__


class PaperPerson(_Part):
    """As the clerk reads it from the document."""

    document_kind: Literal[
        "resident", "hmt_permit", "foreign_pr_2017", "foreign_pr_2023", "social_security", "passport"
    ]
    number: Annotated[str, Field(min_length=1, max_length=32)]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    birth_date: date | None = None
    address: Annotated[str, Field(max_length=200)] = ""
    valid_to: date | None = None
    """Without it the document is valid for good."""


class PaperForm(_Part):
    """One case as filed."""

    schema_: Annotated[Literal["jiujin.paper/1"], Field(alias="schema")]
    window: Annotated[str, Field(max_length=PLACE_MAX)]
    reference: Annotated[str, Field(max_length=PLACE_MAX)]
    service: Annotated[str, Field(max_length=64)]
    received_at: AwareDatetime
    """The stamp on the paper."""
    person: PaperPerson | None = None
    helper: PaperPerson | None = None
    answers: Annotated[dict[str, Annotated[str, Field(max_length=ANSWER_MAX)]], Field(max_length=ANSWERS_MAX)]


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong, with its line where it stands in the file. Repeats no value."""

    field: str
    line: int | None
    zh: str
    en: str

    def __str__(self) -> str:
        place = f"第 {self.line} 行 line {self.line}, " if self.line else ""
        return f"{place}{self.field}: {self.zh} / {self.en}"


@dataclass(frozen=True, slots=True, repr=False)
class Judged:
    """A form that can be taken in: cleaned answers, and the definition that they were judged by."""

    form: PaperForm
    definition: Definition
    answers: Mapping[str, str]


def read_form(data: bytes, definitions: Published, now: datetime) -> Judged | list[Wrong]:
    """Judge the whole form: everything that is wrong is told at once. `now` is aware."""
    try:
        parse(data)
    except NotStrictJsonError as error:
        return [Wrong("", None, error.zh, error.en)]
    text = data.decode("utf-8-sig")
    try:
        form = PaperForm.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        return [_of_pydantic(text, one) for one in error.errors(include_input=False, include_url=False)]
    definition = current(definitions, form.service, form.received_at)
    if definition is None:
        return [
            _wrong(
                text,
                ("service",),
                "没有公布这个事项，或收件时它没有开办",
                "no such service was published and open when the paper was received",
            )
        ]
    answers = _cleaned(definition, form.answers)
    wrong = [
        *_places(text, form),
        *_times(text, form, now),
        *_persons(text, form, definition),
        *_answers(text, form, definition, answers),
    ]
    return wrong or Judged(form, definition, kept_answers(definition, answers))


def current(definitions: Published, service: str, at: datetime) -> Definition | None:
    """The newest published version of a service that was open at this time."""
    open_ = [
        one
        for (code, _version), one in definitions.items()
        if code == service and one.status in (Status.PILOT, Status.LIVE) and one.effective_at(at)
    ]
    return max(open_, key=lambda one: one.version_key, default=None)


def _places(text: str, form: PaperForm) -> Iterable[Wrong]:
    """They stand in the case's trail, so they hold nothing personal."""
    for name in ("window", "reference"):
        try:
            fit(name, getattr(form, name), PLACE_MAX)
        except UnfitWordsError as error:
            zh, _, en = str(error).removeprefix(f"{name}: ").partition(" / ")
            yield _wrong(text, (name,), zh, en)


def _times(text: str, form: PaperForm, now: datetime) -> Iterable[Wrong]:
    if form.received_at > now:
        yield _wrong(
            text,
            ("received_at",),
            "收件时间在将来，请对照收件章",
            "lies in the future: compare it with the stamp",
        )


def _persons(text: str, form: PaperForm, definition: Definition) -> Iterable[Wrong]:
    if form.person is None and definition.evidence.level >= 1:
        yield _wrong(text, ("person",), "这个事项要本人证件", "this service asks for a person's document")
    for role in ("person", "helper"):
        who: PaperPerson | None = getattr(form, role)
        if who is None:
            continue
        if not normalise_name(who.name):
            yield _wrong(text, (role, "name"), "不能为空", "must not be empty")
        if who.document_kind == "resident" and isinstance(found := read_number(who.number), NumberProblem):
            words = NUMBER_WORDS[found]
            yield _wrong(text, (role, "number"), words["zh"], words["en"])


def _cleaned(definition: Definition, answers: Mapping[str, str]) -> dict[str, str]:
    controls = {field: definition.ui.control(field) for field in answers}
    return {field: clean_value(known, answers[field]) for field, known in controls.items() if known}


def _answers(
    text: str, form: PaperForm, definition: Definition, answers: Mapping[str, str]
) -> Iterable[Wrong]:
    fields = [control.field for control in definition.ui.controls]
    for field in form.answers:
        if field not in fields:
            yield _unknown(text, ("answers", field), fields)
    for field, words in check_answers(definition, answers).items():
        yield _wrong(text, ("answers", field), words["zh"], words["en"])


def _of_pydantic(text: str, error: Mapping[str, Any]) -> Wrong:
    path = tuple(str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            return _wrong(text, path, "缺这一项", "is missing")
        case "extra_forbidden":
            form = PaperForm if len(path) == 1 else PaperPerson
            return _unknown(text, path, [one.alias or name for name, one in form.model_fields.items()])
        case _:
            return _wrong(text, path, "写法不对", str(error["msg"]))


def _unknown(text: str, path: Sequence[str], known: Iterable[str]) -> Wrong:
    near = difflib.get_close_matches(path[-1], list(known), n=1)
    zh, en = (f"，是不是 {near[0]}？", f"; did you mean {near[0]}?") if near else ("", "")
    return _wrong(text, path, f"没有这一项{zh}", f"there is no such field{en}")


def _wrong(text: str, path: Sequence[str], zh: str, en: str) -> Wrong:
    return Wrong(".".join(part[:40] for part in path), _line_of(text, path), zh, en)


def _line_of(text: str, path: Sequence[str]) -> int | None:
    """Where a key stands, or the object that lacks it."""
    place, found = 0, None
    for part in path:
        key = re.compile(f'"{re.escape(part)}"\\s*:').search(text, place)
        if key is None:
            break
        place = key.end()
        found = text.count("\n", 0, key.start()) + 1
    return found
