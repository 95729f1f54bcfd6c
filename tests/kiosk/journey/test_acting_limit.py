"""How many cases one card may file for others within a day, and the way that is left then."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from pydantic import ValidationError

from drivers.card_reader.contract import CardRead
from drivers.contract import Ok
from kiosk.catalogue.model import CASES_FOR_OTHERS_MAX, Agent
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import action
from kiosk.journey.visit import Errand, Visit
from kiosk.rehearsal.script import words_of
from tests.drivers.waiting import wait_until
from tests.kiosk.journey.test_acting_for import CHILD, HERE, acting, going, others_card
from tests.kiosk.journey.test_hands import Answers, Broken, built
from tests.kiosk.journey.visits import card, definition, visit


def at_the_question(acted: int, errand: Errand = Errand.FILE) -> Visit:
    """The agent's card was read, which filed `acted` cases of this service for others within a day."""
    before = replace(visit(State.CARD), card=None, definition=definition("senior_allowance"), errand=errand)
    before = replace(before, step=before.service.flow.index("identify"))
    after, _ = step(before, ev.CardAnswered(Ok(card(birth=1975)), acted=acted), HERE)
    assert after.state is State.AGENT
    return after


def test_a_card_that_filed_as_many_for_others_as_a_day_takes_is_led_to_the_window() -> None:
    limit = at_the_question(0).service.agent
    assert limit is not None
    last, over = at_the_question(limit.cases_per_day - 1), at_the_question(limit.cases_per_day)
    assert going(last, CHILD).state is State.PRINCIPAL
    assert going(over, CHILD) == over
    shown = present(over, HERE)
    offered = action(shown, "for_another:child")
    assert offered is not None
    assert not offered.enabled
    assert str(limit.cases_per_day) in words_of(shown)
    for language in ("zh", "en"):
        told = words_of(present(replace(over, language=language), HERE))
        assert {"zh": "给自己办不受影响", "en": "For yourself nothing changes"}[language] in told
    assert going(over, ev.Pressed("window")).state is State.WINDOW
    assert going(over, ev.Pressed("for_myself")).state is State.FACE
    assert action(present(last, HERE), "window") is None, "no other way is needed yet"


def test_the_department_says_how_many_and_without_its_word_it_is_a_familys() -> None:
    plain = definition("senior_allowance")
    assert plain.agent is not None
    assert plain.agent.cases_per_day == 4
    one = replace(
        at_the_question(1),
        definition=plain.model_copy(update={"agent": plain.agent.model_copy(update={"cases_per_day": 1})}),
    )
    assert one.acted_enough
    for wrong in (0, CASES_FOR_OTHERS_MAX + 1):
        with pytest.raises(ValidationError):
            Agent.model_validate(plain.agent.model_dump() | {"cases_per_day": wrong})


def test_what_is_only_completed_is_no_further_case() -> None:
    again = at_the_question(CASES_FOR_OTHERS_MAX, Errand.AGAIN)
    assert going(again, CHILD).state is State.PRINCIPAL
    assert replace(acting(), errand=Errand.AGAIN).agent is None
    assert acting().agent == acting().card
    assert visit(State.REVIEW).agent is None, "for oneself"


def test_a_stored_case_for_another_counts_for_the_agents_card_and_that_service_alone() -> None:
    answers, others = Answers(), others_card()
    own = replace(visit(State.SUBMITTING), definition=definition("senior_allowance"))
    acting = replace(own, principal=others)

    class Reader(Broken):
        read_now = card()

        def read(self, _wait_s: float, _cancel: threading.Event) -> Ok[CardRead]:
            return Ok(self.read_now)

    class Desk(Broken):
        outcome: ev.Stored | ev.NotStored = ev.NotStored("queue.full")

        def store(self, _visit: Visit) -> ev.Stored | ev.NotStored:
            return self.outcome

    reader, desk = Reader(), Desk()
    hands = built(answers, reader, desk)

    def after(effect: fx.Effect, of: Visit) -> ev.Event:
        came = len(answers.came)
        hands.do(effect, of)
        assert wait_until(lambda: len(answers.came) > came)
        return answers.came[-1][1]

    def acted(about: Visit, with_card: CardRead) -> int:
        reader.read_now = with_card
        told = after(fx.ReadCard(fx.CardPurpose.RESIDENT), replace(about, card=None, principal=None))
        assert isinstance(told, ev.CardAnswered)
        return told.acted

    after(fx.Submit(acting), acting)
    assert acted(own, card()) == 0, "nothing was promised"
    desk.outcome = ev.Stored("0142-CODE", 1, "2026-11-25T01:12:00Z")
    for done in (own, acting, acting):
        after(fx.Submit(done), done)
    pension = replace(own, definition=definition())
    counted = acted(own, card()), acted(own, others), acted(pension, card()), acted(Visit(id="v1"), card())
    hands.close()
    assert counted == (2, 0, 0, 0)
