"""Small promises that a reader of the code found broken once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, FaceFailure, Score
from drivers.face.liveness.contract import LivenessRecord, Method, Outcome, Prompt
from kiosk import keys
from kiosk.filing import payload_of
from kiosk.journey import events as ev
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.visit import FACE_ATTEMPTS_MAX, Look, Visit
from tests.kiosk.journey.visits import visit, world


def test_a_demo_key_is_refused_and_the_words_say_what_to_do(tmp_path: Path) -> None:
    key = tmp_path / "terminal.key"
    keys.refuse_demo(key)
    (tmp_path / keys.DEMO_MARK).write_text("demo", "utf-8")
    with pytest.raises(keys.KeyFileError, match="demo = true"):
        keys.refuse_demo(key)


def test_an_answer_that_was_hidden_again_is_not_sent() -> None:
    shown = replace(
        visit(State.REVIEW), answers={"lives_at_card_address": "yes", "living_village": "110199001002"}
    )
    payload = payload_of(shown, received_at="2026-11-25T01:12:00Z", clock_quality="synced")
    assert payload.answers == {"lives_at_card_address": "yes"}


def test_a_face_that_was_not_compared_is_said_to_be_not_done() -> None:
    def evidence_of(filed: Visit) -> dict[str, str]:
        payload = payload_of(filed, received_at="2026-11-25T01:12:00Z", clock_quality="synced")
        return {line.name: line.outcome for line in payload.evidence if line.name.startswith("face")}

    filed = visit(State.REVIEW)
    assert evidence_of(filed) == {"face": "not_done"}
    comparison = Comparison(
        accepted=True, scores=(Score("dlib", 0.31, 0.5),), calibration_id="c1", frames_used=3
    )
    seen = replace(filed, face=replace(filed.face, looks=(Look(comparison),)))
    assert evidence_of(seen) == {"face.dlib": "passed"}


@pytest.mark.parametrize(
    ("record", "outcome", "detail"),
    [
        (LivenessRecord(Method.OFF, Outcome.NOT_DONE), "not_done", "off not_done"),
        (
            LivenessRecord(Method.PASSIVE, Outcome.NOT_DONE, model="fr_liveness.onnx", passive=0.97),
            "not_done",
            "passive not_done model fr_liveness.onnx passive 0.97",
        ),
        (
            LivenessRecord(Method.PROMPT, Outcome.SHOWN, (Prompt.CLOSER, Prompt.TURN_LEFT)),
            "passed",
            "prompt shown closer,turn_left",
        ),
        (
            LivenessRecord(Method.INFRARED, Outcome.UNAVAILABLE, model="Kit 3.2"),
            "not_done",
            "infrared unavailable model Kit 3.2",
        ),
    ],
)
def test_how_presence_was_looked_at_travels_with_the_comparison(
    record: LivenessRecord, outcome: str, detail: str
) -> None:
    """A passive number is never "passed", and a method that was off is said to have been off."""
    filed = visit(State.REVIEW)
    comparison = Comparison(accepted=True, scores=(), calibration_id="c1", frames_used=3)
    seen = replace(filed, face=replace(filed.face, looks=(Look(comparison, record),)))
    payload = payload_of(seen, received_at="2026-11-25T01:12:00Z", clock_quality="synced")
    (line,) = [line for line in payload.evidence if line.name == "face.liveness"]
    assert (line.outcome, line.detail) == (outcome, detail)


def face_lines(filed: Visit) -> list[tuple[str, str, str]]:
    payload = payload_of(filed, received_at="2026-11-25T01:12:00Z", clock_quality="synced")
    return [(one.name, one.outcome, one.detail) for one in payload.evidence if one.name.startswith("face")]


def test_every_look_is_told_also_the_ones_that_came_to_nothing() -> None:
    """Two that did not match and an unusable third are no "not done" as if the camera had stayed shut."""
    other = Comparison(accepted=False, scores=(Score("dlib", 0.8, 0.5),), calibration_id="c1", frames_used=3)
    shown = LivenessRecord(Method.PROMPT, Outcome.SHOWN, (Prompt.CLOSER,))
    unseen = LivenessRecord(Method.PROMPT, Outcome.NOT_SHOWN, (Prompt.LOOK_UP,))
    current, _ = step(replace(visit(State.CONSENT), step=1), ev.Pressed("face"), world())
    for answer in (
        ev.FaceAnswered(Ok(other), shown),
        ev.FaceAnswered(Ok(other), shown),
        ev.FaceAnswered(Failed(FaceFailure.MOVEMENT_NOT_SEEN), unseen),
    ):
        current, _ = step(current, answer, world())
        current, _ = step(current, ev.Pressed("try_face"), world())
    assert (current.state, current.face.attempts) == (State.OTHER_WAY, FACE_ATTEMPTS_MAX)
    compared = ("face.dlib", "failed", "distance 0.80 limit 0.50 calibration c1")
    seen = ("face.liveness", "passed", "prompt shown closer")
    assert face_lines(current) == [
        compared,
        seen,
        compared,
        seen,
        ("face", "not_done", "attempted, not compared"),
        ("face.liveness", "failed", "prompt not_shown look_up"),
    ]


def test_who_leaves_before_the_answer_was_before_the_camera_and_a_bad_photo_keeps_it_shut() -> None:
    looking, _ = step(replace(visit(State.CONSENT), step=1), ev.Pressed("face"), world())
    left, _ = step(looking, ev.Pressed("other_way"), world())
    assert face_lines(left) == [("face", "not_done", "attempted, not compared")]
    shut, _ = step(looking, ev.FaceAnswered(Failed(FaceFailure.NO_REFERENCE)), world())
    assert face_lines(shut) == [("face", "not_done", "")]
