"""Back with the slip of a case that is lacking something, or that the centre did not take: the same way, the same code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from drivers.contract import Failed
from kiosk.case import CaseState
from kiosk.filing import payload_of
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.live import LookUpFailure
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import action
from kiosk.journey.visit import Errand, Visit
from kiosk.paper.receipt import lines_of, receipt
from kiosk.rehearsal.script import words_of
from tests.kiosk.journey.visits import CODE, card, coming_back, definition, world

WORDS = {"zh": "请补户口簿首页和银行卡号。", "en": "Please add the booklet's first page and the bank card."}
LACKING: dict[str, Any] = {"state": CaseState.NEEDS_CORRECTION, "words": WORDS}
REFUSED: dict[str, Any] = {
    "state": CaseState.RECEIVED,
    "refused": "item-0",
    "refused_words": {"zh": "收件时间无法识别", "en": "The time of receipt cannot be read"},
}


def offered(before: Visit, **around: Any) -> bool:
    here = replace(world(), **around)
    button = action(present(before, here), "again")
    moved, _ = step(before, ev.Pressed("again"), here)
    began = moved.errand is Errand.AGAIN
    assert began is (button is not None and button.enabled), "what is shown is what works"
    return began


@pytest.mark.parametrize("state", CaseState)
def test_it_is_offered_when_the_centre_asks_for_more_and_only_then(state: CaseState) -> None:
    assert offered(coming_back(state=state)) is (state is CaseState.NEEDS_CORRECTION)


@pytest.mark.parametrize("state", [CaseState.RECEIVED, CaseState.NEEDS_CORRECTION])
def test_it_is_offered_where_a_refused_item_waits(state: CaseState) -> None:
    assert offered(coming_back(**{**REFUSED, "state": state}))


def test_it_is_not_offered_where_it_cannot_be_done() -> None:
    assert not offered(coming_back(Failed(LookUpFailure.UNREACHED)))
    assert not offered(coming_back(**LACKING, service="110199-HJ-99")), "a service of another county"
    assert not offered(coming_back(**LACKING, withdrawing=True)), "it is being withdrawn"
    out = {definition().code: {"zh": "读卡器没有接上", "en": "no reader"}}
    assert not offered(coming_back(**LACKING), not_ready=out)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_lacking_is_shown_where_it_is_looked_up_and_where_it_is_done(language: str) -> None:
    looked_up = replace(coming_back(**LACKING), language=language)
    assert WORDS[language] in words_of(present(looked_up, world()))
    begun, _ = step(looked_up, ev.Pressed("again"), world())
    assert begun.state is State.NOTICE
    words = words_of(present(begun, world()))
    assert WORDS[language] in words
    assert CODE in words.replace(" ", "")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_why_it_was_not_taken_is_told_in_the_centres_words(language: str) -> None:
    words = words_of(present(replace(coming_back(**REFUSED), language=language), world()))
    assert REFUSED["refused_words"][language] in words
    assert ("先到的时间都不变" if language == "zh" else "the time you came stay the same") in words


def begun(**told: Any) -> Visit:
    after, _ = step(coming_back(**told), ev.Pressed("again"), world())
    return after


def test_it_is_the_services_own_way_with_the_cases_code_and_a_key_of_its_own() -> None:
    again = begun(**REFUSED)
    assert (again.definition, again.case_code, again.item_id, again.supersedes) == (
        definition(),
        CODE,
        "item-1",
        "item-0",
    )
    after, _ = step(again, ev.Pressed("next"), world())
    assert after.state is State.CONSENT
    assert begun(**LACKING).supersedes == "", "nothing waits here in whose place it would go"


def test_the_seal_names_the_item_in_whose_place_it_goes() -> None:
    for told, named in ((REFUSED, "item-0"), (LACKING, None)):
        again = replace(begun(**told), card=card())
        payload = payload_of(again, received_at="2026-11-26T01:12:00Z", clock_quality="synced")
        assert (payload.case_code, payload.supersedes) == (CODE, named)


def test_back_from_the_first_screen_shows_the_case_again() -> None:
    after, _ = step(begun(**LACKING), ev.Pressed("back"), world())
    assert after == coming_back(**LACKING)


def test_whoever_goes_home_and_chooses_a_service_begins_a_case_of_its_own() -> None:
    home, effects = step(begun(**REFUSED), ev.Pressed("home"), world())
    assert fx.Forget() in effects
    fresh, _ = step(home, ev.Pressed(f"service:{definition().code}"), world())
    assert (fresh.errand, fresh.supersedes) == (Errand.FILE, "")


def test_the_slip_says_that_it_completes_the_case_of_this_code() -> None:
    filed = replace(begun(**LACKING), card=card(), state=State.RESULT, case_state=CaseState.RECEIVED)
    filed = replace(filed, stored=ev.Stored(CODE, 2, "2026-11-26T01:12:00Z"))
    printed = {
        language: "\n".join(
            lines_of(
                receipt(
                    replace(filed, language=language),
                    world().place,
                    sign=lambda _content: bytes(64),
                    local_time=datetime(2026, 11, 26, 9, 12, tzinfo=UTC),
                    clock_quality="synced",
                    copy=False,
                )
            )
        )
        for language in ("zh", "en")
    }
    assert "收件回执\n补交，编号不变" in printed["zh"]
    assert "Completes the case of this code" in printed["en"]
    assert CODE in printed["zh"].replace(" ", "")
