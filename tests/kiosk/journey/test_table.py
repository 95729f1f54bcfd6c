"""The table, walked: from every screen one can leave, be timed out, change language, and leak nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from drivers.card_reader.contract import CardFailure, DocumentKind
from drivers.contract import Cause, Failed, Ok, Outcome
from drivers.evidence import Assurance
from drivers.face.contract import Comparison, FaceFailure, Guidance, Score
from drivers.receipt_printer.contract import PrintReport
from kiosk.case import CaseState
from kiosk.health import DeviceHealth
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.idle import LOOK_S, IdleClock
from kiosk.journey.present import present
from kiosk.journey.states import IDENTIFIED_NOTHING, State
from kiosk.journey.table import TABLE, step
from kiosk.journey.view import action, actions_of, fields_of
from kiosk.journey.visit import CardProblem, DialogKind, FaceProgress, Look, StaffProgress, Visit
from kiosk.journey.world import World
from kiosk.locale import missing
from kiosk.rehearsal.script import words_of
from kiosk.staff.answers import Done, Door, DoorAnswer, StaffAction, StaffFailure
from tests.kiosk.journey.visits import CODE, NAME, NUMBER, card, visit, world

EVERY = list(State)
OVER = FaceProgress(
    attempts=3, looks=(Look(Comparison(accepted=False, scores=(), calibration_id="c", frames_used=3)),)
)
"""Three tries, and one of them came to a comparison."""
WITH_SOMEBODY = [s for s in EVERY if s not in IDENTIFIED_NOTHING]


@pytest.mark.parametrize("state", EVERY)
def test_every_screen_has_a_row_or_waits_for_the_terminal_alone(state: State) -> None:
    rows = [key for row_state, key in TABLE if row_state is state]
    assert rows


@pytest.mark.parametrize("state", WITH_SOMEBODY)
def test_idle_leaves_every_screen_and_forgets(state: State) -> None:
    after, effects = step(visit(state), ev.IdleExpired(), world())
    assert after.state is State.ENDED
    assert fx.Forget() in effects
    empty, effects = step(after, ev.IdleExpired(), world())
    assert empty == Visit()
    assert fx.Forget() in effects


@pytest.mark.parametrize("state", [s for s in WITH_SOMEBODY if s is not State.SUBMITTING])
def test_cancel_leaves_every_screen(state: State) -> None:
    asked, _ = step(visit(state), ev.Pressed("cancel"), world())
    if asked.dialog is not None:
        asked, effects = step(asked, ev.Pressed("leave"), world())
        assert fx.Forget() in effects
    assert asked.state in (State.ENDED, State.ATTRACT)


@pytest.mark.parametrize("state", EVERY)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("online", [False, True])
def test_every_screen_has_words_and_shows_no_whole_number_or_name(
    state: State, language: str, *, elder: bool, online: bool
) -> None:
    view = present(replace(visit(state), language=language, elder=elder), world(online=online))
    text = words_of(view)
    assert view.title
    assert NAME not in text
    assert NUMBER not in text
    assert all(a.enabled or a.reason for a in actions_of(view)), "a disabled action says why"
    if language == "en":
        assert not any("\u4e00" <= c <= "\u9fff" for c in view.title), view.title


def test_every_sentence_has_english_words() -> None:
    said: set[str] = set()

    class Recorder:
        language = "zh"

        def __call__(self, msgid: str, **values: object) -> str:
            said.add(msgid)
            return msgid.format_map(values) if values else msgid

    from kiosk.journey.present import SCREENS
    from kiosk.journey.present.frame import bar, dialog, top_bar

    t = Recorder()
    backstage = replace(
        world().backstage,
        causes=("keyboard.unexpected",),
        devices={"card": DeviceHealth(usable=True)},
    )
    around = replace(world(), backstage=backstage)
    for state, presenter in SCREENS.items():
        for problem in (None, *CardProblem):
            shown = replace(visit(state), card_problem=problem)
            presenter(shown, around, t)  # type: ignore[arg-type]  # a recorder stands in for Texts
            for stands in (None, *DoorAnswer):
                at_door = StaffProgress(door=None if stands is None else Door(stands, 60, 3))
                presenter(replace(shown, staff=at_door), around, t)  # type: ignore[arg-type]  # as above
            ends: list[Done] = [Ok(None), *map(Failed, StaffFailure)]
            for ended in ends:
                after = StaffProgress(done=(StaffAction.TEST_PRINT, ended))
                presenter(replace(shown, staff=after), around, t)  # type: ignore[arg-type]  # as above
            at_work = StaffProgress(doing=StaffAction.TEST_PRINT)
            presenter(replace(shown, staff=at_work), replace(around, out_of_service=True), t)  # type: ignore[arg-type]  # as above
            for face in (FaceProgress(waiting=True), OVER, FaceProgress(spent_before=9)):
                presenter(replace(shown, face=face), around, t)  # type: ignore[arg-type]  # as above
            for kind in DialogKind:
                dialog(replace(shown, dialog=kind), world(), t)  # type: ignore[arg-type]  # as above
            bar(shown, world(), t)  # type: ignore[arg-type]  # as above
            top_bar(world(), t)  # type: ignore[arg-type]  # as above
    assert len(said) > 100
    assert missing("en", said) == []


def test_a_press_that_is_not_of_this_screen_changes_nothing() -> None:
    before = visit(State.HOME)
    assert step(before, ev.Pressed("submit"), world()) == (before, ())


def test_back_keeps_what_was_read_and_a_read_card_is_not_asked_again() -> None:
    """An SDT reader reads a card only once."""
    shown, _ = step(visit(State.FORM), ev.Pressed("back"), world())
    assert shown.card is not None
    assert shown.state is not State.CARD


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (card(valid_to=date(2026, 11, 24)), CardProblem.EXPIRED),
        (card(DocumentKind.HELPER), CardProblem.WRONG),
    ],
)
def test_a_card_that_does_not_serve_says_why_and_loses_nothing(read: object, problem: CardProblem) -> None:
    before = replace(visit(State.CARD), card=None)
    after, _ = step(before, ev.CardAnswered(Ok(read)), world())  # type: ignore[arg-type]  # parametrized
    assert (after.state, after.card, after.card_problem) == (State.CARD, None, problem)
    assert action(present(after, world()), "try_card") is not None


@pytest.mark.parametrize("worth", list(Assurance))
@pytest.mark.parametrize("wanted", ["low", "substantial", "high"])
def test_a_card_of_less_assurance_than_the_service_wants_never_passes(worth: Assurance, wanted: str) -> None:
    before = replace(visit(State.CARD), card=None)
    service = before.service
    asked = service.model_copy(
        update={"evidence": service.evidence.model_copy(update={"card_assurance": wanted})}
    )
    read = card(DocumentKind.SOCIAL_SECURITY, valid_to=date(2033, 5, 1), worth=worth)
    after, _ = step(replace(before, definition=asked), ev.CardAnswered(Ok(read)), world())
    if worth < Assurance[wanted.upper()]:
        assert (after.state, after.card, after.card_problem) == (State.CARD, None, CardProblem.TOO_WEAK)
        assert action(present(after, world()), "try_card") is not None
    else:
        assert after.card == read


def test_a_service_that_says_nothing_wants_a_card_that_cannot_be_copied() -> None:
    before = replace(visit(State.CARD), card=None)
    for worth in (Assurance.LOW, Assurance.SUBSTANTIAL):
        after, _ = step(before, ev.CardAnswered(Ok(card(worth=worth))), world())
        assert after.card_problem is CardProblem.TOO_WEAK


def test_a_card_is_still_good_on_its_last_day() -> None:
    before = replace(visit(State.CARD), card=None)
    after, _ = step(before, ev.CardAnswered(Ok(card(valid_to=date(2026, 11, 25)))), world())
    assert after.card is not None


def test_a_card_pulled_mid_read_is_asked_to_lie_still() -> None:
    before = replace(visit(State.CARD), card=None)
    after, effects = step(before, ev.CardAnswered(Failed(CardFailure.CARD_MOVED)), world())
    assert after.card_problem is CardProblem.MOVED
    assert effects == (fx.ReadCard(fx.CardPurpose.RESIDENT),)


def test_under_fourteen_goes_to_the_other_ways_and_the_camera_stays_shut() -> None:
    before = replace(visit(State.CARD), card=None)
    after, effects = step(before, ev.CardAnswered(Ok(card(birth=2015))), world())
    assert after.state is State.OTHER_WAY
    assert fx.StartFace() not in effects


def test_refused_consent_never_starts_the_camera() -> None:
    before = replace(visit(State.CONSENT), card=card())
    after, effects = step(before, ev.Pressed("other_way"), world())
    assert after.state is State.OTHER_WAY
    assert fx.StartFace() not in effects


@pytest.mark.parametrize(
    "result",
    [
        Ok(Comparison(accepted=False, scores=(Score("dlib", 0.8, 0.6),), calibration_id="c", frames_used=3)),
        Failed(Guidance.ONE_PERSON),
    ],
)
def test_three_tries_then_the_other_ways(result: object) -> None:
    current, _ = step(replace(visit(State.CONSENT), step=1), ev.Pressed("face"), world())
    for _attempt in range(3):
        assert current.state is State.FACE
        current, _ = step(current, ev.FaceAnswered(result), world())  # type: ignore[arg-type]  # parametrized
        current, _ = step(current, ev.Pressed("try_face"), world())
    assert current.state is State.OTHER_WAY
    after, effects = step(current, ev.Pressed("try_face"), world())
    assert after == current
    assert effects == ()


def test_a_card_without_a_usable_photo_leads_to_the_other_ways_at_once() -> None:
    before = visit(State.FACE)
    after, _ = step(before, ev.FaceAnswered(Failed(FaceFailure.NO_REFERENCE)), world())
    assert after.state is State.OTHER_WAY
    assert after.card is not None
    assert after.card == before.card
    assert step(after, ev.Pressed("helper"), world())[0].state is State.HELPER


@pytest.mark.parametrize("reason", [FaceFailure.TIMED_OUT, FaceFailure.CRASHED])
def test_what_the_machine_did_not_finish_costs_no_try_and_is_not_repeated_for_ever(
    reason: FaceFailure,
) -> None:
    mismatch = ev.FaceAnswered(
        Ok(Comparison(accepted=False, scores=(Score("dlib", 0.8, 0.6),), calibration_id="c", frames_used=3))
    )
    current, _ = step(replace(visit(State.CONSENT), step=1), ev.Pressed("face"), world())
    current, _ = step(current, mismatch, world())
    assert "没有对上" in words_of(present(current, world()))
    for _stall in range(2):
        current, _ = step(current, ev.Pressed("try_face"), world())
        current, _ = step(current, ev.FaceAnswered(Failed(reason)), world())
        assert (current.state, current.face.attempts) == (State.FACE, 1)
        assert "没有对上" not in words_of(present(current, world()))
        assert "不是您的问题" in words_of(present(current, world()))
    current, _ = step(current, ev.Pressed("try_face"), world())
    current, _ = step(current, ev.FaceAnswered(Failed(reason)), world())
    assert current.state is State.OTHER_WAY


RESTARTS = replace(
    world(),
    face_ready=False,
    face_comes_back=True,
    why_no_face={"zh": "人脸确认正在重启，请稍等几秒", "en": "The face check is restarting"},
)
GONE = replace(RESTARTS, face_comes_back=False)


def waiting() -> Visit:
    before = replace(visit(State.CARD), card=None)
    after, effects = step(before, ev.CardAnswered(Ok(card())), RESTARTS)
    assert (after.state, after.face.waiting) == (State.FACE, True)
    assert effects == (fx.StopCard(), fx.AwaitFace()), "the camera stays shut meanwhile"
    return after


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_face_check_that_restarts_is_waited_for_with_words(language: str) -> None:
    shown = present(replace(waiting(), language=language), RESTARTS)
    assert RESTARTS.why_no_face[language] in words_of(shown)
    assert shown.busy
    assert action(shown, "try_face") is None
    other = action(shown, "other_way")
    assert other is not None
    assert other.enabled, "nobody has to wait"


def test_when_it_comes_back_the_look_begins_and_costs_no_try() -> None:
    after, effects = step(waiting(), ev.FaceWaited(), world())
    assert (after.state, after.face.looking, after.face.waiting) == (State.FACE, True, False)
    assert effects[-1] == fx.StartFace()
    assert (after.face.attempts, after.face.stalls) == (0, 0)
    assert step(after, ev.FaceWaited(), world()) == (after, ()), "an old answer begins nothing twice"


@pytest.mark.parametrize("around", [RESTARTS, GONE], ids=["still restarting", "gone for good"])
def test_when_it_does_not_come_back_in_time_the_other_ways_are_offered(around: World) -> None:
    after, effects = step(waiting(), ev.FaceWaited(), around)
    assert after.state is State.OTHER_WAY
    assert effects == (fx.StopFace(),), "nothing is left open"


def test_what_does_not_come_back_by_itself_is_not_waited_for() -> None:
    before = replace(visit(State.CARD), card=None)
    after, effects = step(before, ev.CardAnswered(Ok(card())), GONE)
    assert after.state is State.OTHER_WAY
    assert fx.AwaitFace() not in effects


def test_who_must_not_be_looked_at_does_not_wait_either() -> None:
    before = replace(visit(State.CARD), card=None)
    after, _ = step(before, ev.CardAnswered(Ok(card(birth=2015))), RESTARTS)
    assert after.state is State.OTHER_WAY


def test_another_try_waits_for_a_process_that_has_just_gone() -> None:
    again, effects = step(visit(State.FACE), ev.Pressed("try_face"), RESTARTS)
    assert again.face.waiting
    assert fx.AwaitFace() in effects


def test_the_slip_is_printed_once_and_a_failed_one_once_more() -> None:
    shown = visit(State.RESULT)
    shown, first = step(shown, ev.CaseMoved(CaseState.REGISTERED), world())
    _, again = step(shown, ev.CaseMoved(CaseState.REGISTERED), world())
    assert [type(e) for e in first] == [fx.Print]
    assert again == ()
    failed = ev.PrintAnswered(PrintReport(Outcome.FAILED, Cause.PRINTER_PAPER_OUT))
    shown, _ = step(shown, failed, world())
    shown, copy = step(shown, ev.Pressed("print_again"), world())
    assert [getattr(e, "copy", None) for e in copy] == [True]
    shown, _ = step(shown, failed, world())
    assert action(present(shown, world()), "print_again") is None


def test_an_unknown_print_is_never_repeated() -> None:
    shown, _ = step(visit(State.RESULT), ev.CaseMoved(None), world())
    shown, _ = step(shown, ev.PrintAnswered(PrintReport(Outcome.UNKNOWN)), world())
    assert step(shown, ev.Pressed("print_again"), world()) == (shown, ())
    assert CODE in words_of(present(shown, world())).replace(" ", "")


def test_elder_mode_asks_one_question_a_page_and_keeps_the_answers() -> None:
    shown = replace(visit(State.FORM), answers={"lives_at_card_address": "no"})
    many = list(fields_of(present(shown, world())))
    elder, _ = step(shown, ev.Pressed("elder"), world())
    assert len(many) > 1
    assert len(list(fields_of(present(elder, world())))) == 1
    assert elder.answers == shown.answers


def test_whoever_leaves_early_is_still_told_to_take_the_card() -> None:
    result, _ = step(replace(visit(State.RESULT), step=7), ev.Pressed("cancel"), world())
    idle, _ = step(visit(State.FORM), ev.IdleExpired(), world())
    for ended in (result, idle):
        assert ended.state is State.ENDED
        assert "请拿好身份证" in words_of(present(ended, world()))


def test_who_has_taken_the_card_or_put_none_is_not_asked_again() -> None:
    evaluated, _ = step(visit(State.EVALUATE), ev.Pressed("skip"), world())
    anonymous, _ = step(replace(visit(State.FORM), card=None), ev.IdleExpired(), world())
    for ended in (evaluated, anonymous):
        assert ended.state is State.ENDED
        assert "请拿好身份证" not in words_of(present(ended, world()))


@pytest.mark.parametrize("left", [ev.Pressed("help"), ev.Pressed("language"), ev.Pressed("elder")])
def test_what_somebody_left_on_the_first_screen_goes_by_itself(left: ev.Event) -> None:
    clock = IdleClock(20, 20, last_touch_s=1000.0)
    shown, _ = step(Visit(), left, world())
    assert shown != Visit()
    assert clock.tick(1019.9, shown) is None
    due = clock.tick(1020.0, shown)
    assert due == ev.IdleExpired()
    anew, _ = step(shown, due, world())
    assert anew == Visit()
    assert clock.tick(1021.0, anew) is None


@pytest.mark.parametrize(
    "face", [FaceProgress(looking=True), FaceProgress(waiting=True)], ids=["looking", "waiting"]
)
def test_nobody_is_asked_to_touch_the_screen_while_the_face_is_looked_at(face: FaceProgress) -> None:
    """The clock begins where the look ends; one that never answers holds no visit."""
    clock = IdleClock(20, 20, last_touch_s=1000.0)
    seen = replace(visit(State.FACE), face=face)
    assert [clock.tick(1000.0 + second, seen) for second in range(100)] == [None] * 100
    done = replace(seen, face=FaceProgress(attempts=1))
    assert clock.tick(1118.9, done) is None
    assert clock.tick(1119.5, done) == ev.IdleWarning(20)
    clock.touched(2000.0)
    ticks = [clock.tick(2000.0 + second, seen) for second in range(round(LOOK_S) + 60)]
    assert [due for due in ticks[: round(LOOK_S)] if due is not None] == []
    assert ev.IdleExpired() in ticks


def test_a_look_that_was_left_stops_no_clock() -> None:
    clock = IdleClock(20, 20, last_touch_s=1000.0)
    left = replace(visit(State.OTHER_WAY), face=FaceProgress(looking=True))
    assert clock.tick(1021.0, left) == ev.IdleWarning(20)


def test_out_of_service_offers_nothing_on_the_first_screen() -> None:
    closed = present(Visit(), replace(world(), out_of_service=True))
    assert action(closed, "begin") is None
    assert action(present(Visit(), world()), "begin") is not None
