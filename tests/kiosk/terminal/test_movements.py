"""Movements asked of whoever stands before the camera of an assembled terminal: a resident, a print, nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.face.contract import FaceFailure
from drivers.face.liveness.contract import Method, Outcome, Prompt
from drivers.face.liveness.prompts import FAMILIES, IN_DEPTH
from kiosk.journey import events as ev
from kiosk.journey.present.face_words import PROMPT_WORDS
from kiosk.journey.visit import FACE_ATTEMPTS_MAX, Visit
from tests.groups import FACES
from tests.kiosk.terminal.hall import PENSION, Hall, hall

pytestmark = [pytest.mark.xdist_group(FACES), pytest.mark.usefixtures("unhurried_camera")]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Hall]:
    with hall(tmp_path) as made:
        yield made


class Journal:
    """What the face check said, attempt by attempt."""

    def __init__(self, running: Hall) -> None:
        self.answers: list[ev.FaceAnswered] = []
        self.asked: list[Prompt] = []
        follow = running.terminal.journey._on_step

        def step(before: Visit, event: ev.Event, after: Visit) -> None:
            if isinstance(event, ev.FaceAnswered):
                self.answers.append(event)
            asked = event.prompt if isinstance(event, ev.FaceGuided) else None
            if asked is not None and asked not in self.asked[-1:]:
                self.asked.append(asked)
            follow(before, event, after)

        running.terminal.journey._on_step = step


def to_the_camera(running: Hall, sight: str) -> Journal:
    journal = Journal(running)
    running.village.show_face(sight)
    running.press("begin", f"service:{PENSION}", "next", "face")
    running.village.put_card("zhou")
    return journal


def test_a_resident_who_makes_the_movements_goes_on_and_it_is_recorded(running: Hall) -> None:
    journal = to_the_camera(running, "zhou_today")
    running.play(wait_state="form")
    record = journal.answers[-1].liveness
    assert record is not None
    assert (record.method, record.outcome) == (Method.PROMPT, Outcome.SHOWN)
    assert list(record.prompts) == journal.asked
    assert len(record.prompts) == 2
    assert IN_DEPTH & set(record.prompts)


def test_a_print_that_is_turned_as_asked_is_not_let_through(running: Hall) -> None:
    """The same picture as in the test above, and as many tries as there are."""
    journal = to_the_camera(running, "zhou_print")
    for _ in range(2):
        running.play(wait_enabled="try_face")
        assert "没有看清刚才的动作" in running.words
        running.press("try_face")
    running.play(wait_state="other_way")
    ended = [answer.result for answer in journal.answers]
    assert [getattr(result, "reason", None) for result in ended] == [FaceFailure.MOVEMENT_NOT_SEEN] * 3
    assert all(answer.liveness and not answer.liveness.lets_pass for answer in journal.answers)


def asked_no_more(running: Hall, prompts: set[Prompt]) -> None:
    """So that what comes next is not declined unseen."""
    words = [PROMPT_WORDS[prompt] for prompt in prompts]
    running.wait(
        lambda view: view.state.value == "other_way" or not any(w in running.words for w in words),
        "another movement or another way",
    )


def test_who_can_make_none_of_the_movements_is_led_to_another_way(running: Hall) -> None:
    running.terminal.journey._on_step = lambda _before, _event, _after: None  # nobody moves
    to_the_camera(running, "zhou_today")
    known = {words: prompt for prompt, words in PROMPT_WORDS.items()}
    seen: set[Prompt] = set()
    while running.view.state.value != "other_way":
        running.wait(
            lambda view: view.state.value == "other_way" or any(w in running.words for w in known),
            "a movement or another way",
        )
        here = {prompt for words, prompt in known.items() if words in running.words}
        if not here:
            continue
        seen |= here
        running.press("other_movement")
        asked_no_more(running, here)
    assert {family for family in FAMILIES if set(family) & seen} >= {
        family for family in FAMILIES if IN_DEPTH & set(family)
    }
    assert "任选一种" in running.words


def test_who_leaves_at_each_movement_has_three_looks_and_the_next_visit_counts_on(running: Hall) -> None:
    """As one does who plays a film: reads what is asked, and goes and comes until it fits."""
    running.terminal.journey._on_step = lambda _before, _event, _after: None  # nobody moves
    to_the_camera(running, "zhou_today")
    for left in (2, 1, 0):
        running.play(wait_enabled="other_movement")
        running.press("other_way")
        running.play(wait_state="other_way")
        running.press("back")
        running.play(wait_state="consent")
        face = running.offered("face")
        assert face.enabled is (left > 0)
        if left:
            running.press("face")
    assert face.reason == "这次试的次数用完了"
    assert running.village.camera.connections == FACE_ATTEMPTS_MAX
    running.press("back", "back", f"service:{PENSION}", "next", "face")
    running.village.put_card("zhou")
    running.play(wait_state="face")
    assert running.terminal.journey._visit.face.spent_before == FACE_ATTEMPTS_MAX


def test_where_it_is_off_nothing_is_asked_and_the_record_says_so(tmp_path: Path) -> None:
    with hall(tmp_path, settings={("face", "liveness"): "off"}) as running:
        journal = to_the_camera(running, "zhou_print")
        running.play(wait_state="form")
        assert journal.asked == []
        record = journal.answers[-1].liveness
        assert record is not None
        assert record.detail == "off not_done"


@pytest.mark.parametrize(
    ("kit", "state"), [("GoodKit", "form"), ("UnsureKit", "other_way"), ("RaisingKit", "other_way")]
)
def test_a_kit_with_infrared_decides_in_its_own_process(tmp_path: Path, kit: str, state: str) -> None:
    settings = {
        ("face", "liveness"): "infrared",
        ("face", "infrared"): f"tests.drivers.face.liveness.kits:{kit}",
    }
    with hall(tmp_path, settings=settings) as running:
        journal = to_the_camera(running, "zhou_today")
        running.play(wait_state=state)
        record = journal.answers[-1].liveness
        assert record is not None
        assert (record.method, record.model) == (Method.INFRARED, "Test Kit 1.0")
        assert record.lets_pass is (state == "form")
