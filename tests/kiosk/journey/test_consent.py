"""Consent: to which words, when by which clock; taken back by going back; a no leaves nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drivers.contract import Ok
from drivers.face.contract import Comparison, Score
from kiosk.catalogue.consent import CLERK_VERSION, FILE, notices
from kiosk.catalogue.model import Method
from kiosk.catalogue.withdrawal import withdrawal
from kiosk.filing import payload_of
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.present import present
from kiosk.journey.present.recognising import NO_BIRTH_DATE, NO_TIME, UNDER_AGE
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import Points, Style, action
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from kiosk.locale import missing, texts_for
from kiosk.rehearsal.script import words_of
from tests.kiosk.journey.visits import card, definition, visit, world

ACCEPTED = ev.FaceAnswered(
    Ok(Comparison(accepted=True, scores=(Score("dlib", 0.4, 0.6),), calibration_id="c", frames_used=3))
)


def asked(around: World | None = None, language: str = "zh") -> Visit:
    """Before the question for the first time, as a visit comes there."""
    notice = replace(visit(State.NOTICE), consent=None, card=None, step=0, language=language)
    return step(notice, ev.Pressed("next"), around or world())[0]


def recognised() -> Visit:
    """Through the question, the card and the face."""
    at_card, _ = step(asked(), ev.Pressed("face"), world())
    at_face, _ = step(at_card, ev.CardAnswered(Ok(card())), world())
    after, _ = step(at_face, ACCEPTED, replace(world(), online=False))
    assert (after.state, after.verified) == (State.FORM, True)
    return after


def record(visit: Visit) -> dict[str, object] | None:
    told = payload_of(visit, received_at="2026-11-25T01:12:00Z", clock_quality="synced").consent
    return None if told is None else told.model_dump()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_yes_is_recorded_with_the_very_words_the_clock_and_the_language(language: str) -> None:
    around = replace(world(), clock_quality="jumped")
    before = asked(around, language)
    shown = next(block for block in present(before, around).blocks if isinstance(block, Points))
    after, _ = step(before, ev.Pressed("face"), around)
    assert record(after) == {
        "notice_version": "face-2026-11c",
        "given": True,
        "at": "2026-11-25T01:12:00+00:00",
        "clock_quality": "jumped",
        "language": language,
        "text_hash": hashlib.sha256("\n".join(shown.sentences).encode()).hexdigest(),
        "withdrawn_at": None,
    }


def test_a_no_leaves_nothing() -> None:
    after, _ = step(asked(), ev.Pressed("other_way"), world())
    assert after.state is State.CARD
    assert after.consent is None
    assert record(after) is None
    known, effects = step(after, ev.CardAnswered(Ok(card())), world())
    assert known.state is State.OTHER_WAY, "and nobody is asked again, or sent away"
    assert fx.StartFace() not in effects


def test_going_back_takes_it_back_and_before_the_camera_opened_nothing_stays() -> None:
    at_card, _ = step(asked(), ev.Pressed("face"), world())
    back, _ = step(at_card, ev.Pressed("back"), world())
    assert (back.state, back.consent) == (State.CONSENT, None)


def test_what_the_camera_found_counts_no_more_once_it_is_taken_back() -> None:
    later = replace(world(), now=datetime(2026, 11, 25, 1, 13, tzinfo=UTC))
    back, _ = step(recognised(), ev.Pressed("back"), later)
    assert back.state is State.CONSENT
    assert not back.verified
    assert back.face.comparison is None
    assert back.face.attempts == 1, "nobody gets new tries by it"
    told = record(back)
    assert told is not None, "the camera had been open under it"
    assert (told["at"], told["withdrawn_at"]) == ("2026-11-25T01:12:00+00:00", "2026-11-25T01:13:00+00:00")
    other, effects = step(back, ev.Pressed("other_way"), later)
    assert (other.state, record(other)) == (State.OTHER_WAY, told)
    assert fx.StartFace() not in effects
    again, effects = step(back, ev.Pressed("face"), later)
    assert again.state is State.FACE
    assert fx.StartFace() in effects
    told = record(again)
    assert told is not None
    assert told["withdrawn_at"] is None


def test_a_yes_under_which_the_camera_was_open_stays_beside_the_next_one() -> None:
    later = replace(world(), now=datetime(2026, 11, 25, 1, 13, tzinfo=UTC))
    back, _ = step(recognised(), ev.Pressed("back"), later)
    taken_back = back.consent
    assert taken_back is not None
    again, _ = step(back, ev.Pressed("face"), later)
    assert again.used_consents == (taken_back,)
    payload = payload_of(again, received_at="2026-11-25T01:14:00Z", clock_quality="synced")
    (line,) = [one for one in payload.evidence if one.name == "consent.earlier"]
    assert line.outcome == "not_done"
    assert line.detail == (
        "notice_version face-2026-11c at 2026-11-25T01:12:00+00:00 clock_quality synced language zh "
        f"text_hash {taken_back.text_hash} withdrawn_at 2026-11-25T01:13:00+00:00"
    )
    first, _ = step(asked(), ev.Pressed("face"), world())
    assert first.used_consents == ()


def test_who_was_recognised_otherwise_is_not_asked_by_going_back() -> None:
    before = replace(visit(State.FORM), step=5, helper_confirmed=True, consent=None)
    back, _ = step(before, ev.Pressed("back"), world())
    assert (back.state, back.verified) == (State.NOTICE, True)


@pytest.mark.parametrize("taken", ["village", "service"])
def test_nothing_is_asked_where_no_face_is_used(taken: str) -> None:
    around = replace(world(), ways=frozenset({Method.HELPER})) if taken == "village" else world()
    before = replace(visit(State.NOTICE), consent=None, card=None, step=0)
    if taken == "service":
        evidence = before.service.evidence.model_copy(update={"methods": (Method.HELPER,)})
        before = replace(before, definition=before.service.model_copy(update={"evidence": evidence}))
    at_card, _ = step(before, ev.Pressed("next"), around)
    assert at_card.state is State.CARD
    known, effects = step(at_card, ev.CardAnswered(Ok(card())), around)
    assert known.state is State.OTHER_WAY
    assert fx.StartFace() not in effects


def test_both_buttons_stand_on_that_very_screen_alike() -> None:
    shown = present(asked(), world())
    face, other = action(shown, "face"), action(shown, "other_way")
    assert face is not None
    assert other is not None
    assert face.style is other.style is Style.EQUAL
    assert other.enabled


CHILD_OF_14 = 2012
"""The card's birthday is 12 March."""


@pytest.mark.parametrize(
    ("not_before", "state"),
    [
        (None, State.FACE),
        (datetime(2026, 11, 1, tzinfo=UTC), State.FACE),
        (datetime(2026, 3, 11, tzinfo=UTC), State.OTHER_WAY),
    ],
)
def test_with_a_clock_that_nobody_confirmed_the_border_is_on_the_childs_side(
    not_before: datetime | None, state: State
) -> None:
    around = replace(world(), not_before=not_before)
    before = replace(visit(State.CARD), card=None)
    after, _ = step(before, ev.CardAnswered(Ok(card(birth=CHILD_OF_14))), around)
    assert after.state is state
    if state is State.OTHER_WAY:
        assert "未满 14 岁不用人脸确认" in words_of(present(after, around))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("birth", "not_before", "words"),
    [
        (2013, None, UNDER_AGE),
        (None, None, NO_BIRTH_DATE),
        (None, datetime(2026, 3, 11, tzinfo=UTC), NO_BIRTH_DATE),
        (CHILD_OF_14, datetime(2026, 3, 11, tzinfo=UTC), NO_TIME),
    ],
)
def test_nobody_is_called_a_child_whose_age_is_not_known(
    birth: int | None, not_before: datetime | None, words: str, language: str
) -> None:
    around = replace(world(), not_before=not_before)
    read = card(birth=birth or CHILD_OF_14)
    if birth is None:
        read = replace(read, document=replace(read.document, birth_date=None))
    after, _ = step(
        replace(visit(State.CARD), card=None, language=language), ev.CardAnswered(Ok(read)), around
    )
    shown = words_of(present(after, around))
    said = texts_for(language)
    assert [one for one in (UNDER_AGE, NO_BIRTH_DATE, NO_TIME) if said(one) in shown] == [words]
    assert missing("en", [words]) == []


def test_no_way_is_offered_that_the_service_or_the_village_does_not_have() -> None:
    before = visit(State.OTHER_WAY)
    without = replace(world(), ways=frozenset({Method.FACE}))
    for around, there in ((world(), True), (without, False)):
        assert (action(present(before, around), "helper") is not None) is there
        after, _ = step(before, ev.Pressed("helper"), around)
        assert (after.state is State.HELPER) is there
        assert action(present(before, around), "window") is not None


def test_every_text_is_in_one_file_chinese_first_and_says_who_what_and_that_one_may_refuse() -> None:
    written = json.loads(FILE.read_text("utf-8"))
    for notice in written["notices"]:
        assert all(list(line) == ["zh", "en"] for line in notice["text"])
    for notice in notices().values():
        told = "".join(notice.sentences("zh", "清河镇人民政府"))
        assert "清河镇人民政府" in told
        assert "可以不同意" in told
        assert "{" not in told
    face = "".join(notices()[definition().consent_notice.version].sentences("zh", ""))
    assert "未满 14 周岁" in face
    assert "监护人" in face
    assert "收回同意" in face
    assert "不上传；比的结果随您办的事一起交" in face, "a distance, rounded, and the outcome are in the case"
    told = " ".join(notices()[definition().consent_notice.version].sentences("en", ""))
    assert "the result of the comparison goes with your case" in told
    assert "face-2026-11" in notices(), "what was agreed to before can still be read"
    assert CLERK_VERSION in notices()


def test_services_and_withdrawal_name_a_version_of_that_file() -> None:
    for named in (definition(), withdrawal("清河镇人民政府")):
        assert named.consent_notice.version in notices()
        assert not named.consent_notice.text
