from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kiosk.catalogue.lint import FORBIDDEN_WORDS
from kiosk.catalogue.shape import document_schema, shape
from tests.kiosk.catalogue.made import PENSION, REPORT, raw, reason

Bend = Callable[[dict[str, Any]], object]
FLOW = raw()["flow"]


def without(*steps: str) -> Bend:
    return lambda d: d.update(flow=[step for step in d["flow"] if step not in steps])


def moved(step: str, before: str) -> Bend:
    def bend(document: dict[str, Any]) -> None:
        flow = [s for s in document["flow"] if s != step]
        flow.insert(flow.index(before), step)
        document["flow"] = flow

    return bend


def control(document: dict[str, Any], field: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        c for p in document["ui"]["pages"] for c in p["elements"] if c["scope"].endswith("/" + field)
    )
    return found


AGENT = {"grounds": [{"value": "child", "label": {"zh": "子女", "en": "child"}}]}


def agent_at(before: str, grounds: list[dict[str, Any]] | None = None) -> Bend:
    """The step for an agent before this one."""

    def bend(document: dict[str, Any]) -> None:
        document["flow"].insert(document["flow"].index(before), "agent")
        document["agent"] = {"grounds": grounds or AGENT["grounds"]}

    return bend


BENT: list[tuple[str, str, Bend]] = [
    ("face alone", "evidence.face_only", lambda d: d["evidence"].update(methods=["face"])),
    ("no consent", "evidence.no_consent", without("consent")),
    ("consent after the face", "flow.order", moved("verify_person", "consent")),
    ("notice late", "flow.order", moved("identify", "notice")),
    ("review after submit", "flow.order", moved("submit", "review")),
    ("form after review", "flow.order", moved("review", "form")),
    ("no review", "flow.missing", without("review")),
    ("something between submit and result", "flow.order", moved("evaluate", "result")),
    ("the step for an agent without a ground", "agent.step", lambda d: d["flow"].insert(3, "agent")),
    ("a ground without the step", "agent.step", lambda d: d.update(agent=AGENT)),
    ("an agent before the card", "flow.order", agent_at("identify")),
    ("an agent whom nobody recognises", "evidence.level", without("verify_person")),
    ("an agent after the recognition", "flow.order", agent_at("prefill")),
    ("a ground twice", "agent.twice", agent_at("verify_person", AGENT["grounds"] * 2)),
    ("card left", "flow.card_left", without("take_card")),
    ("a step twice", "flow.twice", lambda d: d["flow"].append("notice")),
    ("a step that is not performed", "flow.unknown_here", lambda d: d["flow"].insert(1, "pay")),
    ("a step nobody knows", "schema.enum", lambda d: d["flow"].insert(1, "dance")),
    ("level 2 without a method", "evidence.level", lambda d: d["evidence"].update(methods=[])),
    (
        "level 2 by a card that anybody can copy",
        "evidence.card_assurance",
        lambda d: d["evidence"].update(card_assurance="low"),
    ),
    ("a record without the step", "prefill.step", without("prefill")),
    ("the step without a record", "prefill.step", lambda d: d.pop("prefill")),
    ("records before the person is known", "flow.order", moved("verify_person", "form")),
    ("records after the form", "flow.order", moved("form", "prefill")),
    ("records of an unverified person", "prefill.level", lambda d: d["evidence"].update(level=1)),
    ("a record for no question", "prefill.field", lambda d: d["prefill"][0].update(field="phone")),
    ("a record twice", "prefill.twice", lambda d: d["prefill"].append(d["prefill"][0])),
    (
        "a source nobody knows",
        "schema.string_pattern_mismatch",
        lambda d: d["prefill"][0].update(source="card.name"),
    ),
    ("level 0 with a card", "evidence.level", lambda d: d["evidence"].update(level=0)),
    ("card not required", "devices", lambda d: d.update(devices_required=[])),
    (
        "consent of an unknown version",
        "evidence.no_notice",
        lambda d: d["consent_notice"].update(version="1"),
    ),
    ("consent of no version", "evidence.no_notice", lambda d: d.pop("consent_notice")),
    ("promised over legal", "limit", lambda d: d["promised_limit"].update(amount=121)),
    ("end before start", "dates.order", lambda d: d.update(effective_to="2025-01-01T00:00:00+08:00")),
    ("offline in one language", "schema.words", lambda d: d["offline"]["text"].pop("en")),
    ("a blank title", "schema.words", lambda d: d["title"].update(zh=" ")),
    (
        "a time without zone",
        "schema.timezone_aware",
        lambda d: d.update(effective_from="2026-01-01T00:00:00"),
    ),
    ("a misspelt key", "schema.extra_forbidden", lambda d: d.update(hot_line="12345")),
    ("a key gone", "schema.missing", lambda d: d.pop("offline")),
    ("a fee", "schema.none_required", lambda d: d.update(fee={"fen": 100})),
    ("english promise", "offline.promise", lambda d: d["offline"]["text"].update(en="Accepted.")),
    (
        "unknown field in a rule",
        "ui.rule",
        lambda d: control(d, "living_village")["rule"].update(condition={"==": [{"var": "x"}, "no"]}),
    ),
    (
        "loose comparison in a rule",
        "ui.rule",
        lambda d: control(d, "living_village")["rule"].update(condition={"==": [{"var": "mobile"}, 1]}),
    ),
    (
        "unknown operator",
        "ui.rule",
        lambda d: control(d, "living_village")["rule"].update(condition={"map": []}),
    ),
    ("options beside enum", "ui.options", lambda d: control(d, "living_village")["options"].pop()),
    ("asked twice", "ui.twice", lambda d: d["ui"]["pages"][1]["elements"].append(control(d, "mobile"))),
    ("required, never asked", "ui.never_asked", lambda d: d["ui"]["pages"].pop(0)),
    ("no form step", "ui.no_form", without("form")),
    (
        "a reference outside",
        "data_schema.reference",
        lambda d: d["data_schema"].update({"$ref": "https://example.invalid/x"}),
    ),
    (
        "a broken pattern",
        "data_schema",
        lambda d: d["data_schema"]["properties"]["mobile"].update(pattern="("),
    ),
    (
        "not a text",
        "data_schema.type",
        lambda d: d["data_schema"]["properties"]["mobile"].update(type="integer"),
    ),
    ("a fixture that lies", "fixture", lambda d: d["fixtures"][0]["answers"].update(mobile="1")),
    ("no fixture", "schema.too_short", lambda d: d.update(fixtures=[])),
]


@pytest.mark.parametrize(("code", "bend"), [(c, b) for _, c, b in BENT], ids=[name for name, _, _ in BENT])
def test_a_bent_definition_is_refused_by_its_law(tmp_path: Path, code: str, bend: Bend) -> None:
    document = raw(PENSION)
    assert reason(tmp_path, document) == ""
    bend(document)
    assert reason(tmp_path, document) == code


@pytest.mark.parametrize("word", FORBIDDEN_WORDS)
def test_offline_words_promise_no_effect(tmp_path: Path, word: str) -> None:
    document = raw(REPORT)
    document["offline"]["text"]["zh"] = f"您的申请已{word}。"
    assert reason(tmp_path, document) == "offline.promise"


def test_a_cited_rule_allows_the_face_alone(tmp_path: Path) -> None:
    document = raw()
    document["evidence"] = {
        "level": 2,
        "methods": ["face"],
        "face_citation": {"zh": "某条例第三条", "en": "Rule 3"},
    }
    assert reason(tmp_path, document) == ""


def test_photos_belong_to_attach_and_endless_texts_are_refused(tmp_path: Path) -> None:
    document = raw(REPORT)
    del document["photos"]
    assert reason(tmp_path, document) == "photos"
    document = raw(REPORT)
    del document["data_schema"]["properties"]["description"]["maxLength"]
    assert reason(tmp_path, document) == "ui.endless"


def test_a_crowded_page_is_refused(tmp_path: Path) -> None:
    document = raw(REPORT)
    page = document["ui"]["pages"][2]
    for i in range(6):
        document["data_schema"]["properties"][f"more_{i}"] = {"type": "string", "maxLength": 9}
        page["elements"].append(control(document, "place_text") | {"scope": f"#/properties/more_{i}"})
    assert reason(tmp_path, document) == "ui.crowded"


def test_findings_name_every_wrong_field_at_once() -> None:
    document = raw()
    del document["title"]["en"]
    document["evidence"]["level"] = 9
    document["hot_line"] = "1"
    found = shape(document)
    assert isinstance(found, tuple)
    assert {finding.path for finding in found} == {"title", "evidence.level", "hot_line"}


def test_the_documents_own_schema_takes_the_shipped_ones_and_names_the_field() -> None:
    schema = document_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for name in (PENSION, REPORT):
        validator.validate(raw(name))
    document = raw()
    document["promised_limit"]["unit"] = "weeks"
    assert [list(e.path) for e in validator.iter_errors(document)] == [["promised_limit", "unit"]]
