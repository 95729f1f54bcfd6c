"""The screen while a face is looked at: requests, the way round, and the end of a try without a comparison."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.contract import Failed
from drivers.face.contract import Guidance
from drivers.face.liveness.contract import Prompt
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.accessible import news, spoken
from kiosk.journey.present import present
from kiosk.journey.present.face_words import FACE_WORDS, POINTING
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import Message, Preview
from kiosk.journey.visit import FACE_ATTEMPTS_MAX, FaceProgress, Visit
from kiosk.locale import texts_for
from tests.kiosk.journey.visits import visit, world

BLAME = ("错", "非法", "失败", "不合格", "拒绝", "wrong", "fail", "invalid", "reject", "error")


def looking(guidance: Guidance | None = None, *, pointing: bool = False, listens: bool = False) -> Visit:
    face = FaceProgress(looking=True, guidance=guidance, pointing=pointing)
    return replace(visit(State.FACE), face=face, listens=listens)


def test_every_request_has_words_of_its_own_in_both_languages_and_blames_nobody() -> None:
    assert set(FACE_WORDS) == {None, *Guidance}
    for language in ("zh", "en"):
        t = texts_for(language)
        said = [t(words) for words in (*FACE_WORDS.values(), POINTING)]
        assert all(t.has(words) for words in (*FACE_WORDS.values(), POINTING))
        assert len(set(said)) == len(said)
        assert not [words for words in said for blame in BLAME if blame in words.lower()]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_other_way_is_there_all_along_and_is_pointed_at_when_nothing_helps(language: str) -> None:
    for pointing in (False, True):
        view = present(replace(looking(Guidance.FACE_COVERED, pointing=pointing), language=language), world())
        assert [action.id for action in view.actions if action.enabled] == ["other_way"]
        pointed = [block.text for block in view.blocks if isinstance(block, Message)]
        assert pointed == ([texts_for(language)(POINTING)] if pointing else [])
        assert view.actions[0].label in texts_for(language)(POINTING)


@pytest.mark.parametrize("guidance", Guidance)
def test_a_try_without_a_comparison_is_not_called_a_mismatch(guidance: Guidance) -> None:
    after, _ = step(looking(guidance, pointing=True), ev.FaceAnswered(Failed(guidance)), world())
    assert (after.state, after.face.attempts, after.face.pointing) == (State.FACE, 1, False)
    view = present(after, world())
    assert (view.title, view.subtitle) == ("还没有看清", FACE_WORDS[guidance])
    assert {action.id for action in view.actions if action.enabled} == {"try_face", "other_way"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_is_asked_to_move_is_suspected_of_nothing(language: str) -> None:
    """Nor is told what a movement shows of a picture: that was simulated, and says nothing to who stands there."""
    asked = replace(
        visit(State.FACE), face=FaceProgress(looking=True, prompt=Prompt.TURN_LEFT), language=language
    )
    said = spoken(present(asked, world())).lower()
    assert texts_for(language).has("做完再看回镜头就好")
    assert not [hint for hint in ("照片", "photo", "本人一下", "假") if hint in said]


def test_unusable_frames_are_no_endless_loop() -> None:
    now = looking()
    for _ in range(FACE_ATTEMPTS_MAX):
        assert now.state is State.FACE
        now, _ = step(now, ev.FaceAnswered(Failed(Guidance.DARK_GLASSES)), world())
        if now.state is State.FACE:
            now, _ = step(now, ev.Pressed("try_face"), world())
    assert now.state is State.OTHER_WAY


def test_requests_are_said_to_who_has_the_screen_read_aloud_and_to_nobody_else() -> None:
    event = ev.FaceGuided(Guidance.GLARE, pointing=True)
    silent, effects = step(looking(), event, world())
    assert (silent.face.guidance, silent.face.pointing, effects) == (Guidance.GLARE, True, ())
    asked, _ = step(looking(), ev.Pressed("speak"), replace(world(), speech_ready=True))
    assert asked.listens
    heard, effects = step(asked, event, world())
    assert effects == (fx.Speak(only_news=True),)
    view = present(heard, world())
    assert news(view) == f"{FACE_WORDS[Guidance.GLARE]}。{POINTING}"
    assert news(view) != spoken(view)
    assert [block.caption for block in view.blocks if isinstance(block, Preview)] == [
        FACE_WORDS[Guidance.GLARE]
    ]
