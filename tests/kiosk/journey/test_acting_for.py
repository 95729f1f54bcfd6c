"""Who acts, for whom, and on what ground: both cards, and the face of the agent with the agent's own photo."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from central.registers import _question
from drivers.card_reader.contract import CardFailure, CardRead, DocumentKind
from drivers.contract import Failed, Ok
from drivers.evidence import Assurance
from drivers.face.contract import Comparison, Score
from kiosk.business import business_of
from kiosk.case import CasePayload
from kiosk.catalogue.model import Method
from kiosk.filing import filer_of, payload_of
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import action
from kiosk.journey.visit import CardProblem, Visit
from kiosk.journey.world import World
from kiosk.paper.receipt import lines_of, receipt
from kiosk.rehearsal.script import words_of
from tests.kiosk.journey.visits import NUMBER, OTHER_NUMBER, card, definition, visit, world

HERE = replace(world(), online=False)
ACCEPTED = Comparison(accepted=True, scores=(Score("dlib", 0.4, 0.6),), calibration_id="c", frames_used=3)
AGED = "周*"


def others_card(**changes: object) -> CardRead:
    read = card(**changes)  # type: ignore[arg-type] # of `card`
    return replace(read, document=replace(read.document, number=OTHER_NUMBER, name="周明远"))


def asked() -> Visit:
    """The agent's card was read under consent to the face."""
    before = replace(visit(State.CARD), card=None, definition=definition("senior_allowance"))
    before = replace(before, step=before.service.flow.index("identify"))
    after, _ = step(before, ev.CardAnswered(Ok(card(birth=1975))), HERE)
    assert after.state is State.AGENT
    return after


def going(start: Visit, *events: ev.Event, around: World = HERE) -> Visit:
    for event in events:
        start, _ = step(start, event, around)
    return start


CHILD = ev.Pressed("for_another:child")


def acting() -> Visit:
    """Both cards are read and the agent's face is recognised."""
    known = going(asked(), CHILD, ev.CardAnswered(Ok(others_card())), ev.FaceAnswered(Ok(ACCEPTED)))
    assert known.state is State.FORM
    return known


def case_of(known: Visit) -> CasePayload:
    return payload_of(known, received_at="2026-11-25T01:12:00Z", clock_quality="synced")


def test_for_oneself_nothing_changes() -> None:
    known = going(asked(), ev.Pressed("for_myself"), ev.FaceAnswered(Ok(ACCEPTED)))
    case = case_of(known)
    assert (known.state, case.agent) == (State.FORM, None)
    assert case.person is not None
    assert case.person.number == NUMBER


def test_the_case_is_the_other_persons_and_says_who_acted_and_why() -> None:
    case = case_of(acting())
    assert case.person is not None
    assert case.agent is not None
    assert (case.person.number, case.agent.person.number) == (OTHER_NUMBER, NUMBER)
    assert (case.agent.ground, case.recognised_by, case.assurance) == ("child", "face", "L2")
    names = {line.name.split(".")[0] for line in case.evidence}
    assert {"card", "agent_card", "face"} <= names, "both cards' checks, each under its own name"
    assert CasePayload.model_validate_json(case.model_dump_json(by_alias=True)) == case


def test_the_face_is_compared_with_the_agents_own_photo() -> None:
    at_face, effects = step(going(asked(), CHILD), ev.CardAnswered(Ok(others_card())), HERE)
    assert (at_face.state, effects[-1]) == (State.FACE, fx.StartFace())
    assert at_face.card is not None
    assert at_face.card.document.number == NUMBER, "what the hands take the photo from"


def test_the_business_and_who_may_take_it_back_are_the_other_persons() -> None:
    known = acting()
    at = datetime(2026, 11, 25, tzinfo=UTC)
    business = business_of(known.service, case_of(known), at)
    assert business is not None
    assert OTHER_NUMBER in business
    assert NUMBER not in business
    assert filer_of(known) == f"citizen:{OTHER_NUMBER}"


def test_a_register_is_told_who_acted() -> None:
    told = _question("card_status", case_of(acting()))
    assert (told.number, told.helper_number) == (OTHER_NUMBER, NUMBER)
    assert _question("card_status", case_of(visit(State.REVIEW))).helper_number == ""


def test_nothing_on_record_about_the_other_is_shown_to_who_acts() -> None:
    known = going(
        asked(), CHILD, ev.CardAnswered(Ok(others_card())), ev.FaceAnswered(Ok(ACCEPTED)), around=world()
    )
    assert known.state is State.FORM
    own = going(asked(), ev.Pressed("for_myself"), ev.FaceAnswered(Ok(ACCEPTED)), around=world())
    assert own.state is State.PREFILL


def test_slip_and_review_show_both_masked() -> None:
    known = replace(acting(), state=State.REVIEW)
    words = words_of(present(known, HERE))
    assert AGED in words
    assert "我是子女" in words
    for whole in (NUMBER, OTHER_NUMBER, "周明远"):
        assert whole not in words
    stored = replace(known, stored=ev.Stored(known.case_code, 1, "2026-11-25T01:12:00Z"))
    at = datetime(2026, 11, 25, 9, 12, tzinfo=UTC)
    result = words_of(present(replace(stored, state=State.RESULT), HERE))
    assert f"姓名 {AGED}" in result
    assert "代办人 测*" in result
    slip = receipt(stored, HERE.place, sign=bytes, local_time=at, clock_quality="synced", copy=False)
    told = "\n".join(lines_of(slip))
    assert f"姓名 {AGED}" in told
    assert "代办人 测*" in told
    assert "理由 我是子女" in told
    assert "中心会告诉本人" in told
    own = replace(stored, principal=None)
    slip = receipt(own, HERE.place, sign=bytes, local_time=at, clock_quality="synced", copy=False)
    for word in ("代办人", "理由", "告诉本人"):
        assert word not in "\n".join(lines_of(slip))


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (card(), CardProblem.SAME_PERSON),
        (others_card(kind=DocumentKind.HELPER), CardProblem.WRONG),
        (others_card(valid_to=date(2025, 1, 1)), CardProblem.EXPIRED),
        (others_card(worth=Assurance.LOW), CardProblem.TOO_WEAK),
    ],
)
def test_a_card_that_does_not_serve_says_so_and_is_asked_for_again(
    read: CardRead, problem: CardProblem
) -> None:
    after = going(asked(), CHILD, ev.CardAnswered(Ok(read)))
    assert (after.state, after.card_problem, after.principal) == (State.PRINCIPAL, problem, None)
    again, effects = step(after, ev.Pressed("try_card"), HERE)
    assert effects == (fx.ReadCard(fx.CardPurpose.PRINCIPAL),)
    assert again.card_problem is None


def test_the_pad_waits_for_the_second_card_and_back_asks_again_for_whom() -> None:
    waiting = going(asked(), CHILD)
    after, effects = step(waiting, ev.CardAnswered(Failed(CardFailure.NO_CARD)), HERE)
    assert (after.state, effects) == (State.PRINCIPAL, (fx.ReadCard(fx.CardPurpose.PRINCIPAL),))
    back, effects = step(waiting, ev.Pressed("back"), HERE)
    assert (back.state, back.ground, back.principal) == (State.AGENT, "", None)
    assert fx.StopCard() in effects


def test_who_is_not_of_age_acts_for_nobody_also_by_a_clock_that_is_not_sure() -> None:
    young = replace(asked(), card=card(birth=2010))
    shown = present(young, HERE)
    offered = action(shown, "for_another:child")
    assert offered is not None
    assert not offered.enabled
    assert going(young, CHILD) == young
    border = replace(asked(), card=card(birth=2008))
    assert going(border, CHILD).state is State.PRINCIPAL
    unsure = replace(HERE, not_before=datetime(2026, 3, 11, tzinfo=UTC))
    assert going(border, CHILD, around=unsure) == border


def test_a_ground_that_the_service_does_not_name_is_none() -> None:
    assert going(asked(), ev.Pressed("for_another:neighbour")) == asked()


def test_a_guardian_acts_for_a_child_whose_face_is_never_asked_for() -> None:
    at_face = going(asked(), ev.Pressed("for_another:guardian"), ev.CardAnswered(Ok(others_card(birth=2018))))
    assert at_face.state is State.FACE, "the guardian's"
    refused = replace(HERE, ways=frozenset({Method.HELPER}))
    other = going(
        asked(),
        ev.Pressed("for_another:guardian"),
        ev.CardAnswered(Ok(others_card(birth=2018))),
        around=refused,
    )
    assert other.state is State.OTHER_WAY
