"""Live questions of a visit: they help where the network is there, and nobody waits or types twice for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.contract import Failed, Ok
from kiosk.case import CaseState, format_case_code
from kiosk.filing import payload_of
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.asking import CODE_FIELD
from kiosk.journey.live import LookUpFailure, Prefilled, Progress
from kiosk.journey.moves import go
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import action, fields_of
from kiosk.journey.visit import Errand, LookUp, Visit
from kiosk.paper.receipt import STATE_WORDS, TITLE_OF
from kiosk.rehearsal.script import words_of
from tests.kiosk.journey.visits import CODE, definition, visit, world

MOBILE = "13900001234"
RECORD = Prefilled(
    MOBILE, {"zh": "县社会保险中心", "en": "County Social Insurance Centre"}, "2026-03-01T09:00:00+08:00"
)
CAME = ev.PrefillAnswered({"mobile": RECORD})


def recognised(*, online: bool = True) -> tuple[Visit, tuple[fx.Effect, ...]]:
    """The visit right after the helper has confirmed the person."""
    shown = replace(visit(State.HELPER_CHECK), step=definition().flow.index("verify_person"))
    return step(shown, ev.Pressed("confirm"), world(online=online))


def filled(came: ev.PrefillAnswered = CAME, **known: object) -> Visit:
    asking, _ = recognised()
    after, _ = step(replace(asking, **known), came, world())  # type: ignore[arg-type] # fields of a visit
    return after


def test_with_the_network_the_records_are_asked_for_once_the_person_is_verified() -> None:
    asking, effects = recognised()
    assert asking.state is State.PREFILL
    assert fx.AskRecords(asking) in effects
    assert action(present(asking, world()), "skip") is not None, "nobody has to wait"


def test_without_the_network_the_form_comes_at_once() -> None:
    after, effects = recognised(online=False)
    assert after.state is State.FORM
    assert not any(isinstance(effect, fx.AskRecords) for effect in effects)


def reviewed(errand: Errand = Errand.FILE) -> tuple[Visit, tuple[fx.Effect, ...]]:
    """The visit right after the form, as far as its own state goes."""
    return go(replace(visit(State.FORM), errand=errand, same_waits=True), State.REVIEW)


SAME = {"zh": "已经收过同样的一件", "en": "taken in the same case already"}


def test_before_a_case_is_filed_it_is_asked_whether_the_same_one_waits_and_the_resident_is_told() -> None:
    asking, effects = reviewed()
    assert fx.AskSame(asking) in effects
    warned, _ = step(asking, ev.SameWaits(found=True), world())
    for language, words in SAME.items():
        assert words not in words_of(present(replace(asking, language=language), world())), "not from before"
        shown = present(replace(warned, language=language), world())
        assert words in words_of(shown)
        submit = action(shown, "submit")
        assert submit is not None
        assert submit.enabled, "a warning holds nobody up"
    spared, _ = step(asking, ev.SameWaits(found=False), world())
    assert SAME["zh"] not in words_of(present(spared, world()))


def test_who_files_a_case_again_is_not_warned_of_that_case() -> None:
    _, effects = reviewed(Errand.AGAIN)
    assert not any(isinstance(effect, fx.AskSame) for effect in effects)


def test_what_is_on_record_stands_in_the_form_with_its_source_and_its_day() -> None:
    after = filled()
    assert (after.state, after.answers) == (State.FORM, {"mobile": MOBILE})
    for language, words in (("zh", ("县社会保险中心", "2026-03-01")), ("en", ("County", "2026-03-01"))):
        shown = present(replace(after, page=1, language=language), world())
        (field,) = fields_of(shown)
        assert (field.id, field.value) == ("mobile", MOBILE)
        assert all(word in field.note for word in words), field.note


def test_whoever_changes_it_is_the_source_himself() -> None:
    after, _ = step(replace(filled(), page=1), ev.Entered("mobile", "13811112222"), world())
    (field,) = fields_of(present(after, world()))
    assert (field.value, field.note) == ("13811112222", "")
    assert payload_of(after, received_at="", clock_quality="synced").from_records == ()


def test_the_sealed_case_says_where_an_unchanged_answer_comes_from() -> None:
    payload = payload_of(filled(), received_at="", clock_quality="synced")
    assert payload.answers == {"mobile": MOBILE}
    (told,) = payload.from_records
    assert (told.field, told.source, told.as_of) == ("mobile", "县社会保险中心", RECORD.as_of)


def test_what_the_resident_has_written_already_is_not_replaced() -> None:
    after = filled(answers={"mobile": "13811112222"})
    assert (after.answers["mobile"], after.prefilled) == ("13811112222", {})


@pytest.mark.parametrize("value", ["12345", "1" * 300, "<b>", "13900001234 "])
def test_a_record_that_does_not_fit_the_question_is_not_shown(value: str) -> None:
    after = filled(ev.PrefillAnswered({"mobile": replace(RECORD, value=value)}))
    assert (after.state, after.answers, after.prefilled) == (State.FORM, {}, {})


def test_records_that_nobody_asked_for_go_nowhere() -> None:
    assert filled(ev.PrefillAnswered({"diagnosis": RECORD})).answers == {}


def test_who_does_not_wait_goes_on_and_the_late_answer_changes_nothing_under_his_hands() -> None:
    asking, _ = recognised()
    skipped, _ = step(asking, ev.Pressed("skip"), world())
    assert skipped.state is State.FORM
    late, effects = step(skipped, CAME, world())
    assert (late, effects) == (skipped, ())


def test_going_back_and_on_again_does_not_ask_again() -> None:
    before, _ = step(filled(), ev.Pressed("back"), world())
    assert before.state is not State.PREFILL
    asking, _ = recognised()
    again, effects = step(
        replace(asking, state=State.HELPER_CHECK, step=definition().flow.index("verify_person")),
        ev.Pressed("confirm"),
        world(),
    )
    assert again.state is State.FORM
    assert not any(isinstance(effect, fx.AskRecords) for effect in effects)


def test_the_next_resident_finds_nothing_of_it() -> None:
    gone, _ = step(filled(), ev.Pressed("home"), world())
    assert (gone.answers, gone.prefilled) == ({}, {})


def test_no_repr_tells_a_record() -> None:
    assert MOBILE not in repr((CAME, filled(), fx.AskRecords(filled())))


def test_waiting_for_records_is_no_step_of_its_own() -> None:
    """It waits for the centre, not for the resident."""
    asking, _ = recognised()
    form = filled()
    count_asking, count_form = present(asking, world()).progress, present(form, world()).progress
    assert count_asking is not None
    assert count_form is not None
    assert count_form == (count_asking[0] + 1, count_asking[1])


# How far is my case?

PROGRESS = Progress(
    CODE,
    definition().code,
    CaseState.DECIDED,
    {
        CaseState.RECEIVED: "2026-11-25T01:12:00Z",
        CaseState.REGISTERED: "2026-11-25T01:13:00Z",
        CaseState.ACCEPTED: "2026-11-25T01:14:00Z",
        CaseState.DECIDED: "2026-11-25T01:15:00Z",
    },
    {"zh": "今年的资格已经确认。", "en": "Confirmed for this year."},
    "2026-11-25T02:00:00Z",
)


def asked_for(code: str) -> tuple[Visit, tuple[fx.Effect, ...]]:
    home = visit(State.HOME)
    shown, _ = step(home, ev.Pressed("progress"), world())
    written, _ = step(shown, ev.Entered(CODE_FIELD, code), world())
    return step(written, ev.Pressed("look_up"), world())


def looked_up(result: Ok[Progress] | Failed[LookUpFailure]) -> Visit:
    asking, _ = asked_for(CODE)
    assert asking.look_up.asking
    after, _ = step(asking, ev.ProgressAnswered(result), world())
    return after


@pytest.mark.parametrize("typed", [CODE, format_case_code(CODE) + " ", CODE.lower()])
def test_a_code_is_asked_for_in_whatever_way_it_is_typed(typed: str) -> None:
    asking, effects = asked_for(typed)
    assert effects == (fx.LookUpProgress(CODE),)
    view = present(asking, world())
    assert view.busy
    button = action(view, "look_up")
    assert button is not None
    assert not button.enabled


@pytest.mark.parametrize("typed", ["0142", CODE[:-1] + "0", "全是汉字"])
def test_what_cannot_be_a_code_is_said_so_without_asking(typed: str) -> None:
    shown, effects = asked_for(typed)
    assert effects == ()
    assert "照回执" in words_of(present(shown, world()))
    assert [field.value for field in fields_of(present(shown, world()))] == [typed], "it can be mended"


def test_the_steps_and_their_times_are_shown_in_the_order_of_the_way() -> None:
    words = words_of(present(looked_up(Ok(PROGRESS)), world()))
    for shown in ("已经办结", "收件 2026-11-25 09:12", "办结 2026-11-25 09:15", "今年的资格已经确认。"):
        assert shown in words
    assert "送达中心 还没有到这一步" in words
    assert words.index("收件 2026") < words.index("中心登记 2026") < words.index("办结 2026")


def test_without_the_centre_this_terminals_own_record_is_shown_as_that() -> None:
    words = words_of(present(looked_up(Ok(replace(PROGRESS, told_at="", state=CaseState.RECEIVED))), world()))
    assert "这台机器自己的记录" in words
    assert "已收件，等待送达中心" in words


@pytest.mark.parametrize("failure", LookUpFailure)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_failure_says_what_to_do_and_gives_the_telephone(failure: LookUpFailure, language: str) -> None:
    view = present(replace(looked_up(Failed(failure)), language=language), world())
    words = words_of(replace(view, bar=()))
    assert "12345" in words
    assert (language == "zh") is any("\u4e00" <= c <= "\u9fff" for c in words), words


@pytest.mark.parametrize("state", CaseState)
def test_every_state_has_words_on_screen_and_slip_in_both_languages(state: CaseState) -> None:
    assert all(STATE_WORDS[state])
    view = present(replace(looked_up(Ok(replace(PROGRESS, state=state))), language="en"), world())
    body = words_of(replace(view, bar=()))
    assert not [c for c in body if "\u4e00" <= c <= "\u9fff"], body


def test_another_case_begins_with_an_empty_field() -> None:
    after, _ = step(looked_up(Ok(PROGRESS)), ev.Pressed("another"), world())
    assert after.look_up == LookUp()


def test_the_next_resident_does_not_see_whose_case_was_looked_up() -> None:
    for press in ("back", "home", "cancel"):
        gone, _ = step(looked_up(Ok(PROGRESS)), ev.Pressed(press), world())
        assert gone.look_up == LookUp()
        assert gone.state in (State.HOME, State.ATTRACT)


def test_an_answer_to_a_question_that_was_given_up_is_not_shown() -> None:
    given_up = replace(visit(State.PROGRESS), look_up=LookUp(code="0142"))
    after, _ = step(given_up, ev.ProgressAnswered(Ok(PROGRESS)), world())
    assert after == given_up


# A decision on the spot


@pytest.mark.parametrize(("name", "key"), [("pension_confirmation", "item-1"), ("problem_report", "")])
def test_only_where_the_definition_says_immediate_the_department_is_asked(name: str, key: str) -> None:
    submitting = replace(visit(State.SUBMITTING), definition=definition(name))
    submitting = replace(submitting, step=submitting.service.flow.index("submit"))
    _, effects = step(submitting, ev.Stored(CODE, 1, "2026-11-25T01:12:00Z"), world())
    assert fx.AwaitCentre(CODE, decide=key) in effects


def result(moved: ev.CaseMoved) -> Visit:
    after, effects = step(visit(State.RESULT), moved, world())
    assert [type(effect) for effect in effects] == [fx.Print], "the slip comes with the last word"
    return after


@pytest.mark.parametrize("state", [CaseState.ACCEPTED, CaseState.DECIDED, CaseState.NEEDS_CORRECTION])
def test_the_departments_word_is_the_title_and_its_words_stand_under_it(state: CaseState) -> None:
    words = {"zh": "今年的资格已经确认。", "en": "Confirmed for this year."}
    decided = result(ev.CaseMoved(state, "2026-11-25T01:12:05Z", words))
    for language in ("zh", "en"):
        view = present(replace(decided, language=language), world())
        assert view.subtitle == words[language]
        assert view.title not in ("已收件", "Received")
    assert TITLE_OF[state] != TITLE_OF[CaseState.RECEIVED], "nor is the slip a mere receipt"


def test_without_a_decision_in_time_the_screen_says_received_and_nothing_more() -> None:
    for moved in (ev.CaseMoved(None), ev.CaseMoved(CaseState.REGISTERED, "then")):
        view = present(result(moved), world())
        assert view.title == "已收件"
        assert not [word for word in ("受理", "办结", "通过") if word in view.title + view.subtitle]


def test_while_the_department_is_asked_the_screen_says_for_how_long_at_most() -> None:
    waiting = visit(State.RESULT)
    assert "最多 10 秒" in words_of(present(waiting, world()))
    assert "最多 10 秒" not in words_of(present(replace(waiting, printing=True), world()))
    assert "最多 10 秒" not in words_of(present(waiting, world(online=False)))
    report = replace(waiting, definition=definition("problem_report"))
    assert "最多 10 秒" not in words_of(present(report, world())), "nobody decides on the spot there"
