"""Back with the slip, to take the case back: offered where it may still be, recognised like anybody, promised nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drivers.card_reader.contract import DocumentKind
from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, Score
from kiosk.case import AFTER_ACCEPTANCE, TRANSITIONS, CaseState
from kiosk.filing import withdrawal_of
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.asking import CODE_FIELD
from kiosk.journey.live import LookUpFailure
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import Style, action
from kiosk.journey.visit import Errand, Visit
from kiosk.journey.world import World
from kiosk.paper.receipt import FORBIDDEN_BEFORE_ACCEPTANCE, lines_of, receipt
from kiosk.rehearsal.script import words_of
from tests.kiosk.journey.visits import (
    CODE,
    NAME,
    NUMBER,
    card,
    coming_back,
    definition,
    visit,
    withdrawing,
    world,
)


def offered(before: Visit, around: World | None = None) -> bool:
    around = around or world()
    button = action(present(before, around), "to_withdraw")
    moved, _ = step(before, ev.Pressed("to_withdraw"), around)
    began = moved.errand is Errand.WITHDRAW
    assert began is (button is not None and button.enabled), "what is shown is what works"
    return began


@pytest.mark.parametrize("state", CaseState)
def test_it_is_offered_exactly_as_long_as_the_case_may_be_withdrawn(state: CaseState) -> None:
    assert offered(coming_back(state=state)) is (CaseState.WITHDRAWN in TRANSITIONS[state])
    assert not (offered(coming_back(state=state)) and state in AFTER_ACCEPTANCE)


@pytest.mark.parametrize("failure", LookUpFailure)
def test_where_nobody_knows_how_it_stands_it_is_offered_and_said_so(failure: LookUpFailure) -> None:
    before = coming_back(Failed(failure))
    wanted = failure is not LookUpFailure.NOT_A_CODE
    assert offered(before) is wanted
    assert ("部门还没有开始办，就会撤回" in words_of(present(before, world()))) is wanted


def test_a_code_that_was_changed_since_is_not_withdrawn() -> None:
    after, _ = step(coming_back(Failed(LookUpFailure.UNREACHED)), ev.Entered(CODE_FIELD, CODE[:-1]), world())
    assert not offered(after)


def test_what_is_asked_for_already_is_shown_and_not_asked_for_again() -> None:
    before = coming_back(withdrawing=True)
    assert not offered(before)
    assert "撤回申请已经收下" in words_of(present(before, world()))


def test_a_report_without_a_name_is_nobodys_to_withdraw() -> None:
    assert not offered(coming_back(service=definition("problem_report").code))


def test_a_case_of_a_service_that_is_not_offered_here_can_be_withdrawn_here() -> None:
    before = coming_back(service="110199-HJ-99")
    begun, _ = step(before, ev.Pressed("to_withdraw"), world())
    assert (begun.about, begun.about_title) == ("110199-HJ-99", {})
    assert withdrawing(before).case_code == CODE


def test_without_a_card_reader_the_button_says_why() -> None:
    around = replace(world(), why_no_withdrawal={"zh": "读卡器没有接上", "en": "no reader"})
    assert not offered(coming_back(), around)
    button = action(present(coming_back(), around), "to_withdraw")
    assert button is not None
    assert button.reason == "读卡器没有接上"


def walk(around: World) -> Visit:
    """From the slip's code to the screen that says what will follow, by card and face."""
    now, _ = step(coming_back(), ev.Pressed("to_withdraw"), around)
    seen = [now.state]
    accepted = Comparison(accepted=True, scores=(Score("dlib", 0.3, 0.6),), calibration_id="c", frames_used=3)
    for event in (
        ev.Pressed("next"),
        ev.Pressed("face"),
        ev.CardAnswered(Ok(card())),
        ev.FaceAnswered(Ok(accepted)),
    ):
        now, _ = step(now, event, around)
        seen.append(now.state)
    assert seen == [State.NOTICE, State.CONSENT, State.CARD, State.FACE, State.WITHDRAW]
    return now


def test_the_way_there_is_that_of_every_service_and_ends_before_two_equal_buttons() -> None:
    shown = present(walk(world()), world())
    buttons = [action(shown, name) for name in ("withdraw", "keep")]
    assert [button.style for button in buttons if button] == [Style.EQUAL] * 2
    assert shown.progress == (5, 5)
    assert "不能恢复" in words_of(shown)
    assert "没有网络" not in words_of(shown)
    assert "没有网络" in words_of(present(walk(world()), world(online=False)))


def test_the_helpers_look_serves_as_well_as_the_face() -> None:
    now, _ = step(coming_back(), ev.Pressed("to_withdraw"), world())
    for event in (
        ev.Pressed("next"),
        ev.Pressed("other_way"),
        ev.CardAnswered(Ok(card())),
        ev.Pressed("helper"),
        ev.CardAnswered(Ok(card(DocumentKind.HELPER))),
        ev.Pressed("confirm"),
    ):
        now, _ = step(now, event, world())
    assert (now.state, now.helper_confirmed) == (State.WITHDRAW, True)


def test_a_child_is_looked_at_by_a_helper_and_never_by_the_camera() -> None:
    now, _ = step(coming_back(), ev.Pressed("to_withdraw"), world())
    for event in (ev.Pressed("next"), ev.Pressed("face"), ev.CardAnswered(Ok(card(birth=2020)))):
        now, effects = step(now, event, world())
    assert now.state is State.OTHER_WAY
    assert fx.StartFace() not in effects


def test_back_from_the_first_screen_shows_the_case_again_and_forgets_who_stood_here() -> None:
    begun, _ = step(coming_back(), ev.Pressed("to_withdraw"), world())
    after, effects = step(begun, ev.Pressed("back"), world())
    assert after == coming_back()
    assert fx.Forget() in effects


def test_who_keeps_the_case_leaves_nothing_and_is_told_that_it_goes_on() -> None:
    after, effects = step(visit(State.WITHDRAW), ev.Pressed("keep"), world())
    assert after.state is State.ENDED
    assert fx.Forget() in effects
    assert not any(isinstance(effect, fx.Submit) for effect in effects)
    words = words_of(present(after, world()))
    assert "没有撤回，照常办理" in words
    assert "请拿好身份证" in words


def stored() -> Visit:
    submitting, effects = step(visit(State.WITHDRAW), ev.Pressed("withdraw"), world())
    assert [type(effect) for effect in effects] == [fx.Submit]
    after, effects = step(submitting, ev.Stored(CODE, 2, "2026-11-26T01:12:00Z"), world())
    assert after.state is State.RESULT
    assert effects == (fx.AwaitCentre(CODE),), "no department decides on a withdrawal"
    return after


SAID = {
    None: ("撤回申请已收下", "撤回申请已收下，等待处理"),
    CaseState.REGISTERED: ("撤回申请已送到中心", "撤回申请已送到中心"),
    CaseState.WITHDRAWN: ("已经撤回", "已经撤回"),
    CaseState.NEEDS_CLERK: ("撤回申请已送到中心", "撤回申请已送到，由工作人员核对"),
    CaseState.ACCEPTED: ("没有撤回", "没有撤回，部门已经在办，照常办理"),
    CaseState.DECIDED: ("没有撤回", "没有撤回，部门已经在办，照常办理"),
}


@pytest.mark.parametrize(("state", "said"), SAID.items())
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_screen_and_the_slip_say_what_became_of_it(
    state: CaseState | None, said: tuple[str, str], language: str
) -> None:
    after, effects = step(replace(stored(), language=language), ev.CaseMoved(state), world())
    assert [type(effect) for effect in effects] == [fx.Print]
    view = present(after, world())
    slip = lines_of(
        receipt(
            after,
            world().place,
            sign=lambda _content: bytes(64),
            local_time=datetime(2026, 11, 26, 9, 12, tzinfo=UTC),
            clock_quality="synced",
            copy=False,
        )
    )
    printed = "\n".join(slip)
    if language == "zh":
        assert (view.title, said[1] in words_of(view)) == (said[0], True)
        assert said[1] in printed
    else:
        assert not any("一" <= sign <= "鿿" for sign in view.title + view.subtitle)
    assert ("撤回通知" if state is CaseState.WITHDRAWN else "撤回申请回执") in printed
    assert CODE in printed.replace(" ", "")
    assert "2026-11-26 09:12" in printed
    assert definition().title["zh"] in printed
    assert not [whole for whole in (NAME, NUMBER) if whole in printed]
    if state is None:
        promised = [word for word in FORBIDDEN_BEFORE_ACCEPTANCE if word in printed + words_of(view)]
        assert not promised
        assert "已经撤回" not in printed


def test_afterwards_the_card_is_taken_and_nothing_is_rated() -> None:
    done, _ = step(stored(), ev.CaseMoved(None), world())
    taking, _ = step(replace(done, printing=False), ev.Pressed("finish"), world())
    assert taking.state is State.TAKE_CARD
    ended, _ = step(taking, ev.Pressed("card_taken"), world())
    assert ended.state is State.ENDED


def test_what_is_sealed_says_who_asked_and_how_sure_that_is() -> None:
    asks = walk(world())
    payload = withdrawal_of(asks, received_at="2026-11-26T01:12:00Z", clock_quality="synced")
    assert (payload.case_code, payload.assurance, payload.person.number) == (CODE, "L2", NUMBER)
    assert payload.consent is not None
    assert payload.consent.notice_version == asks.service.consent_notice.version
    assert {line.name: line.outcome for line in payload.evidence}["face.dlib"] == "passed"
    assert NUMBER not in repr(payload)


def test_nobody_who_was_not_identified_is_sealed_as_somebody() -> None:
    with pytest.raises(ValueError, match="nobody was identified"):
        withdrawal_of(replace(visit(State.WITHDRAW), card=None), received_at="", clock_quality="synced")
