"""Three tries are three, by whatever way a look is left, and nobody gets fresh ones by leaving and coming back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card_reader.contract import CardRead
from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, FaceFailure, Guidance, Score
from drivers.face.liveness.contract import LivenessRecord, Method, Outcome, Prompt
from kiosk.filing import payload_of
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.card_counts import CardCounts
from kiosk.journey.moves import may_use_face, to_face
from kiosk.journey.present import present
from kiosk.journey.present.recognising import (
    AGE_UNKNOWN,
    CARD_RESTS,
    CARD_RESTS_BRIEFLY,
    NO_LOOK_LEFT,
    NO_PHOTO,
    UNDER_AGE_BRIEFLY,
)
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import action
from kiosk.journey.visit import (
    FACE_ATTEMPTS_MAX,
    FACE_OF_A_CARD_MAX,
    FACE_STALLS_MAX,
    LOOKS_MAX,
    FaceProgress,
    Visit,
)
from kiosk.journey.world import World
from kiosk.locale import texts_for
from kiosk.rehearsal.script import words_of
from tests.kiosk.journey.visits import NUMBER, card, visit, world

AROUND = world()
TURN, NOD = ev.FaceGuided(None, prompt=Prompt.TURN_LEFT), ev.FaceGuided(None, prompt=Prompt.LOOK_UP)
MISMATCH = ev.FaceAnswered(
    Ok(Comparison(accepted=False, scores=(Score("dlib", 0.8, 0.6),), calibration_id="c", frames_used=3))
)
ACCEPTED = ev.FaceAnswered(
    Ok(Comparison(accepted=True, scores=(Score("dlib", 0.4, 0.6),), calibration_id="c", frames_used=3))
)
UNSEEN = ev.FaceAnswered(Failed(Guidance.NO_FACE))
STALLED = ev.FaceAnswered(Failed(FaceFailure.TIMED_OUT))


def took(before: Visit, *events: ev.Event | str) -> tuple[Visit, list[fx.Effect]]:
    """Each event in turn; a text is a press."""
    done: list[fx.Effect] = []
    for event in events:
        before, effects = step(before, ev.Pressed(event) if isinstance(event, str) else event, AROUND)
        done += effects
    return before, done


def looking(*, spent_before: int = 0) -> Visit:
    """The first look begins after the card was read."""
    before = replace(visit(State.CARD), card=None, step=2)
    begun, done = took(before, ev.CardAnswered(Ok(card()), spent_before))
    assert (begun.state, begun.face.begun, done[-1]) == (State.FACE, 1, fx.StartFace())
    return begun


def counted(done: list[fx.Effect]) -> int:
    return sum(isinstance(effect, fx.CountLook) for effect in done)


def test_who_leaves_when_the_movement_does_not_fit_has_three_looks_and_no_more() -> None:
    """The way of one who plays a film: read what is asked, leave, come back, until it fits."""
    now, done = looking(), []
    for attempt in range(1, FACE_ATTEMPTS_MAX + 1):
        now, effects = took(now, TURN, "other_way", "back")
        done += effects
        assert (now.state, now.face.attempts, now.face.begun) == (State.CONSENT, attempt, attempt)
        now, effects = took(now, "face")
        done += effects
    assert now.state is not State.FACE
    assert counted(done) == FACE_ATTEMPTS_MAX
    assert sum(isinstance(effect, fx.StartFace) for effect in done) == FACE_ATTEMPTS_MAX - 1


@pytest.mark.parametrize(
    "leaving",
    [
        (ev.Pressed("other_way"),),
        (ev.Pressed("back"),),
        (ev.Pressed("home"),),
        (ev.Pressed("cancel"), ev.Pressed("leave")),
        (ev.IdleExpired(),),
    ],
    ids=["another way", "back", "home", "cancel", "idle"],
)
def test_by_whatever_way_it_is_left_a_look_that_asked_counts_for_the_card_and_one_that_did_not_does_not(
    leaving: tuple[ev.Event, ...],
) -> None:
    left, done = took(looking(), TURN, *leaving)
    (count,) = [effect for effect in done if isinstance(effect, fx.CountLook)]
    assert count.visit.card == card(), "also where the visit has forgotten it"
    assert NUMBER not in repr(count)
    assert left.face.attempts in (1, 0 if left.state is State.HOME else 1)
    unasked, done = took(looking(), ev.FaceGuided(Guidance.TOO_DARK), *leaving)
    assert (unasked.face.attempts, counted(done)) == (0, 0)


def test_a_look_that_is_left_leaves_a_line_with_what_it_asked() -> None:
    left, _ = took(looking(), ev.FaceGuided(None), TURN, TURN, NOD, "other_way")
    (look,) = left.face.looks
    assert look.comparison is None
    assert look.liveness == LivenessRecord(
        Method.PROMPT, Outcome.NOT_DONE, (Prompt.TURN_LEFT, Prompt.LOOK_UP)
    )
    told = payload_of(left, received_at="2026-11-25T01:12:00Z", clock_quality="synced").evidence
    assert [(one.name, one.outcome, one.detail) for one in told if one.name.startswith("face")] == [
        ("face", "not_done", "attempted, not compared"),
        ("face.liveness", "not_done", "prompt not_done turn_left,look_up"),
    ]


def test_lines_of_looks_that_found_nothing_outlast_a_consent_that_is_taken_back_and_comparisons_do_not() -> (
    None
):
    left, _ = took(looking(), MISMATCH, "try_face", TURN, "back")
    assert [look.comparison for look in left.face.looks] == [None]
    assert left.consent is not None
    assert left.consent.withdrawn_at
    many = left
    for _ in range(2 * LOOKS_MAX):
        many, _ = took(many, "face", "back")
    assert len(many.face.looks) == LOOKS_MAX
    assert many.face.begun == 2 + 2 * LOOKS_MAX


def test_a_visit_without_a_try_left_begins_no_look_also_where_the_question_was_answered_before() -> None:
    for used in (FaceProgress(attempts=FACE_ATTEMPTS_MAX), FaceProgress(stalls=FACE_STALLS_MAX)):
        assert not may_use_face(replace(visit(State.FACE), face=used), world())
    left = FaceProgress(attempts=FACE_ATTEMPTS_MAX - 1, stalls=FACE_STALLS_MAX - 1)
    assert may_use_face(replace(visit(State.FACE), face=left), world())


@pytest.mark.parametrize(
    ("answer", "unasked"),
    [
        (MISMATCH, 1),
        *((ev.FaceAnswered(Failed(guidance)), 0) for guidance in Guidance),
        (ev.FaceAnswered(Failed(FaceFailure.MOVEMENT_NOT_SEEN)), 1),
        (ev.FaceAnswered(Failed(FaceFailure.MOVEMENT_DECLINED)), 1),
        (STALLED, 0),
        (ev.FaceAnswered(Failed(FaceFailure.CRASHED)), 0),
        (ev.FaceAnswered(Failed(FaceFailure.NO_REFERENCE)), 0),
        (ev.FaceAnswered(Failed(FaceFailure.UNCALIBRATED)), 0),
        (ev.FaceAnswered(Failed(FaceFailure.LIVENESS_UNAVAILABLE)), 0),
    ],
)
def test_what_nobody_could_learn_from_counts_for_nobodys_card_until_a_movement_was_asked(
    answer: ev.FaceAnswered, unasked: int
) -> None:
    """A hand before the camera stalls it: a free look at the next movement, if that counted for nothing."""
    after, done = took(looking(), answer)
    assert (counted(done), after.face.spent) == (unasked, unasked)
    after, done = took(looking(), TURN, answer)
    assert (counted(done), after.face.spent) == (1, 1)


def test_who_cannot_be_seen_in_a_dark_hall_has_three_tries_in_each_visit_and_the_card_stays_open() -> None:
    """However often the holder comes back that day."""
    spent = 0
    dark = ev.FaceAnswered(Failed(Guidance.TOO_DARK))
    again: tuple[ev.Event | str, ...] = ("try_face", dark)
    for _ in range(2 * FACE_OF_A_CARD_MAX):
        now, done = took(looking(spent_before=spent), dark, *again * (FACE_ATTEMPTS_MAX - 1))
        spent += counted(done)
        assert (now.state, now.face.attempts, now.face.card_rests) == (
            State.OTHER_WAY,
            FACE_ATTEMPTS_MAX,
            False,
        )
    assert spent == 0


def test_who_is_recognised_spends_nothing_of_the_card() -> None:
    after, done = took(looking(), TURN, ACCEPTED)
    assert after.verified
    assert (counted(done), after.face.spent) == (0, 0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_card_whose_looks_are_spent_rests_and_every_other_way_is_open(language: str) -> None:
    before = replace(visit(State.CARD), card=None, step=2, language=language)
    after, done = took(before, ev.CardAnswered(Ok(card()), FACE_OF_A_CARD_MAX))
    assert after.state is State.OTHER_WAY
    assert fx.StartFace() not in done
    shown = present(after, world())
    assert texts_for(language)(CARD_RESTS) in words_of(shown)
    assert texts_for(language).has(CARD_RESTS)
    for way in ("helper", "window"):
        offered = action(shown, way)
        assert offered is not None
        assert offered.enabled
    assert not [
        word
        for word in ("冒", "疑", "假", "错", "失败", "fraud", "suspic", "fail")
        if word in words_of(shown)
    ]


def test_the_last_look_of_a_card_is_told_as_the_last() -> None:
    now = looking(spent_before=FACE_OF_A_CARD_MAX - 2)
    now, _ = took(now, MISMATCH)
    assert (now.state, now.face.left) == (State.FACE, 1)
    assert "可以再试 1 次" in words_of(present(now, world()))
    now, _ = took(now, "try_face", MISMATCH)
    assert now.state is State.OTHER_WAY
    assert CARD_RESTS in words_of(present(now, world()))


WAYS: dict[State, tuple[ev.Event, ...]] = {
    State.ATTRACT: (ev.Pressed("begin"),),
    State.HOME: (ev.Pressed("service:110199-YL-01"),),
    State.NOTICE: (ev.Pressed("next"),),
    State.CONSENT: (ev.Pressed("face"), ev.Pressed("other_way"), ev.Pressed("home")),
    State.OTHER_WAY: (ev.Pressed("back"), ev.Pressed("home")),
    State.ENDED: (ev.Pressed("begin"),),
}
BEFORE_THE_CAMERA: tuple[ev.Event, ...] = (
    TURN,
    NOD,
    UNSEEN,
    MISMATCH,
    STALLED,
    ev.FaceAnswered(Failed(FaceFailure.MOVEMENT_NOT_SEEN)),
    ev.Pressed("other_movement"),
    ev.Pressed("other_way"),
    ev.Pressed("back"),
    ev.Pressed("home"),
    ev.IdleExpired(),
)
AFTERWARDS = (ev.Pressed("try_face"), ev.Pressed("other_way"), ev.Pressed("back"))


def possible(now: Visit, spent: int) -> tuple[ev.Event, ...]:
    if now.state is State.CARD:
        return (ev.CardAnswered(Ok(card()), spent),)
    if now.state is State.FACE:
        return BEFORE_THE_CAMERA if now.face.looking else AFTERWARDS
    return WAYS[now.state]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=30, max_size=200))
def test_whatever_somebody_does_the_looks_that_asked_for_a_movement_are_bounded(choices: list[int]) -> None:
    """In a visit by tries and stalls, for the card by its count, whichever way is gone and however often."""
    now, seen = Visit(), CardCounts(FACE_OF_A_CARD_MAX, lambda: 0.0)
    in_visit = in_all = 0
    for choice in choices:
        events = possible(now, seen.of(card().document))
        asked_before = bool(now.face.asked) and now.face.looking
        now, effects = step(now, events[choice % len(events)], AROUND)
        for effect in effects:
            if isinstance(effect, fx.CountLook):
                seen.count(card().document)
        if now.face.looking and now.face.asked and not asked_before:
            in_visit, in_all = in_visit + 1, in_all + 1
        if now.state is State.HOME:
            in_visit = 0
        assert in_visit < FACE_ATTEMPTS_MAX + FACE_STALLS_MAX
        assert in_visit - now.face.stalls <= FACE_ATTEMPTS_MAX
        assert in_all <= FACE_OF_A_CARD_MAX


def standing(**changes: object) -> Visit:
    return replace(visit(State.CONSENT), consent=None, step=1, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("asked", "around", "words"),
    [
        (standing(face=FaceProgress(attempts=FACE_ATTEMPTS_MAX)), world(), NO_LOOK_LEFT),
        (standing(face=FaceProgress(stalls=FACE_STALLS_MAX)), world(), NO_LOOK_LEFT),
        (standing(face=FaceProgress(spent_before=FACE_OF_A_CARD_MAX)), world(), CARD_RESTS_BRIEFLY),
        (standing(card=card(birth=2015)), world(), UNDER_AGE_BRIEFLY),
        (
            standing(card=card(birth=2012)),
            replace(world(), not_before=datetime(2026, 3, 11, tzinfo=UTC)),
            AGE_UNKNOWN,
        ),
        (standing(card=replace(card(), photo=None)), world(), NO_PHOTO),
        (standing(), replace(world(), face_ready=False), "人脸确认暂时不能用"),
    ],
)
def test_the_button_is_dead_with_its_reason_where_no_look_can_follow_a_yes(
    asked: Visit, around: World, words: str, language: str
) -> None:
    shown = present(replace(asked, language=language), around)
    face, other = action(shown, "face"), action(shown, "other_way")
    assert face is not None
    assert other is not None
    assert (face.enabled, face.reason, other.enabled) == (False, texts_for(language)(words), True)
    assert texts_for(language).has(words)
    if around.face_ready:
        assert step(asked, ev.Pressed("face"), around) == (asked, ()), "and no yes is written down by it"


@pytest.mark.parametrize(
    "asked", [standing(), standing(card=None), standing(face=FaceProgress(attempts=2, stalls=2))]
)
def test_the_button_is_alive_where_a_look_may_follow(asked: Visit) -> None:
    face = action(present(asked, AROUND), "face")
    assert face is not None
    assert face.enabled
    assert step(asked, ev.Pressed("face"), AROUND)[0].consent is not None


@pytest.mark.parametrize("read", [card(birth=2015), replace(card(), photo=None)], ids=["a child", "no photo"])
def test_a_yes_that_no_look_can_follow_leaves_nothing(read: CardRead) -> None:
    """Above all a child's own, which nobody but the guardian may give."""
    agreed, _ = took(standing(card=None), "face")
    assert (agreed.state, agreed.consent is not None) == (State.CARD, True)
    after, _ = took(agreed, ev.CardAnswered(Ok(read)))
    assert (after.state, after.consent) == (State.OTHER_WAY, None)
    assert payload_of(after, received_at="2026-11-25T01:12:00Z", clock_quality="synced").consent is None
    used = replace(visit(State.CARD), face=FaceProgress(opened=True, attempts=FACE_ATTEMPTS_MAX))
    assert to_face(used, AROUND)[0].consent == used.consent, "one that was used stays"


OLD_PHOTO = "照片用久了常会对不上，这很平常"


@pytest.mark.parametrize("answers", list(product((MISMATCH, UNSEEN), repeat=FACE_ATTEMPTS_MAX)))
def test_the_photo_is_blamed_only_where_it_was_compared(answers: tuple[ev.FaceAnswered, ...]) -> None:
    now = looking()
    for answer in answers:
        now, _ = took(now, answer, "try_face")
    assert now.state is State.OTHER_WAY
    assert (OLD_PHOTO in words_of(present(now, AROUND))) is (MISMATCH in answers)


def test_who_missed_or_left_every_movement_hears_nothing_of_the_photo() -> None:
    missed = ev.FaceAnswered(Failed(FaceFailure.MOVEMENT_NOT_SEEN))
    now, _ = took(looking(), TURN, missed, "try_face", TURN, missed, "try_face", TURN, "other_way")
    assert (now.state, now.face.left) == (State.OTHER_WAY, 0)
    assert OLD_PHOTO not in words_of(present(now, AROUND))
    assert present(now, AROUND).subtitle == "任选一种，一样有效"
