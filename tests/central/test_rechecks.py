"""What changed while a case was on its way ends in words for its resident, never in silence or a refusal."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from central.rechecks import RESIDENT_WORDS, STATE_OF, CatalogueError, Doubt, Rechecks, Silence, published
from kiosk.case import CasePayload, CaseState
from kiosk.catalogue.load import read
from kiosk.catalogue.model import Definition
from offline_queue.wire import Item
from tests.central.conftest import PROJECT
from tests.central.station import Station, case_payload, centre
from tests.central.test_inbox import told

DEFINITIONS = PROJECT / "kiosk" / "catalogue" / "definitions"
NOW = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
CODE = "0142AAAAAAAAAAAA"


@pytest.fixture(scope="module")
def report() -> Definition:
    """Asks for answers."""
    found = read(DEFINITIONS / "problem_report.json")
    assert isinstance(found, Definition)
    return found


def good_answers(definition: Definition) -> dict[str, Any]:
    return dict(next(one.answers for one in definition.fixtures if not one.expect.errors))


def case(definition: Definition, code: str = CODE, **changes: Any) -> CasePayload:
    """A case filed under this definition, with everything in order."""
    payload = CasePayload.model_validate_json(case_payload(code, service=definition.code))
    filed = {
        "definition_version": definition.definition_version,
        "definition_hash": definition.content_hash,
        "answers": good_answers(definition),
    }
    return payload.model_copy(update={**filed, **changes})


def knowing(*definitions: Definition) -> Rechecks:
    return Rechecks(definitions={(one.code, one.definition_version): one for one in definitions})


def test_a_case_in_order_is_registered(report: Definition) -> None:
    found = knowing(report).of(case(report), NOW, {})
    assert (found.doubts, found.not_done, found.state) == ((), (), CaseState.REGISTERED)


@pytest.mark.parametrize(
    ("valid_to", "doubts"),
    [
        ("2026-11-25", (Doubt.CARD_EXPIRED,)),
        ("2026-11-26", ()),
        (None, ()),
        ("no day", ()),
    ],
)
def test_a_card_that_ran_out_on_the_way_is_told(
    report: Definition, valid_to: str | None, doubts: tuple[Doubt, ...]
) -> None:
    filed = case(report)
    assert filed.person is not None
    person = filed.person.model_copy(update={"valid_to": valid_to})
    assert Rechecks().of(filed.model_copy(update={"person": person}), NOW, {}).doubts == doubts


@pytest.mark.parametrize("doubt", [Doubt.CARD_LOST, Doubt.NOT_ELIGIBLE])
def test_what_a_register_says_is_heard_and_what_nobody_can_ask_is_named(
    report: Definition, doubt: Doubt
) -> None:
    told = {"card_status": doubt, "slow_register": Silence.UNANSWERED, "alive": None, "not_asked_for": doubt}
    asked = ("card_status", "slow_register", "alive", "nobody_has_this")
    found = Rechecks().of(case(report, recheck_at_sync=asked), NOW, told)
    assert found.doubts == (doubt,)
    assert (found.unanswered, found.not_done) == (("slow_register",), ("nobody_has_this",))
    assert found.state is CaseState.NEEDS_CLERK


def test_answers_are_judged_by_the_version_they_were_filed_under(report: Definition) -> None:
    stricter = report.model_copy(
        update={
            "definition_version": "99.0.0",
            "content_hash": "9" * 64,
            "data_schema": {**report.data_schema, "required": ["new_question"]},
        }
    )
    assert knowing(report, stricter).of(case(report), NOW, {}).doubts == ()
    assert knowing(report, stricter).of(case(report, answers={}), NOW, {}).doubts == (Doubt.ANSWERS,)


@pytest.mark.parametrize(
    "changes", [{"definition_version": "0.0.9"}, {"definition_hash": "f" * 64}], ids=["version", "content"]
)
def test_a_version_that_was_never_published_is_left_to_a_clerk(
    report: Definition, changes: dict[str, str]
) -> None:
    assert knowing(report).of(case(report, **changes), NOW, {}).doubts == (Doubt.DEFINITION_UNKNOWN,)


@pytest.mark.parametrize("changes", [{"status": "retired"}, {"effective_to": NOW}], ids=["retired", "ended"])
def test_a_service_that_was_closed_meanwhile_is_left_to_a_clerk(
    report: Definition, changes: dict[str, Any]
) -> None:
    newer = Definition.model_validate(
        {**report.model_dump(by_alias=True), **changes, "definition_version": "99.0.0"}
    )
    assert knowing(report, newer).of(case(report), NOW, {}).doubts == (Doubt.DEFINITION_CLOSED,)


def test_every_doubt_has_a_state_and_words_in_both_languages() -> None:
    assert set(RESIDENT_WORDS) == set(Doubt)
    assert set(STATE_OF) == set(Doubt) - {Doubt.WITHDRAWAL_LATE}, "that one leaves the case where it is"
    for words_zh, words_en in RESIDENT_WORDS.values():
        assert any("一" <= sign <= "鿿" for sign in words_zh)
        assert words_en.isascii()
        assert not any(word in words_en.lower() for word in ("reject", "wrong", "your fault"))


def item_of(station: Station, report: Definition, **changes: Any) -> Item:
    plain = station.item()
    body = case(report, plain.lane, **changes).model_dump_json(by_alias=True).encode()
    return station.item(
        code=plain.lane, payload=body, service=report.code, definition_version=report.definition_version
    )


def test_the_resident_reads_why_at_the_terminal_and_at_the_centre(
    database: str, trust: Path, report: Definition
) -> None:
    with (
        centre(database, trust, catalogue=DEFINITIONS) as running,
        closing(Station(running.url, trust)) as station,
    ):
        good, lacking = item_of(station, report), item_of(station, report, answers={})
        verdicts = station.send(good, lacking)
        assert [one.case_state for one in verdicts] == ["registered", "needs_correction"]
        news = told(station)
        assert set(news) == {lacking.lane}, "an answer tells a state and no words, so the words follow"
        assert (news[lacking.lane].words_zh, news[lacking.lane].words_en) == RESIDENT_WORDS[Doubt.ANSWERS]
        looked_up = station.client.get(f"/v1/cases/{lacking.lane}").json()
        assert (looked_up["words_zh"], looked_up["words_en"]) == RESIDENT_WORDS[Doubt.ANSWERS]
        assert station.client.get(f"/v1/cases/{good.lane}").json()["words_zh"] == ""


def test_an_item_that_completes_the_case_ends_the_doubt(
    database: str, trust: Path, report: Definition
) -> None:
    with (
        centre(database, trust, catalogue=DEFINITIONS) as running,
        closing(Station(running.url, trust)) as station,
    ):
        lacking = item_of(station, report, answers={})
        station.send(lacking)
        body = case(report, lacking.lane).model_dump_json(by_alias=True).encode()
        better = station.item(
            code=lacking.lane,
            payload=body,
            service=report.code,
            definition_version=report.definition_version,
        )
        (verdict,) = station.send(better)
        assert verdict.case_state == "registered"
        assert station.client.get(f"/v1/cases/{lacking.lane}").json()["words_zh"] == ""


def test_a_folder_with_a_definition_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    shutil.copy(DEFINITIONS / "problem_report.json", tmp_path)
    (tmp_path / "broken.json").write_text("{}", "utf-8")
    with pytest.raises(CatalogueError, match=r"broken\.json"):
        published(tmp_path)
