"""Each recording in this folder is a test: its drivers come to the outcomes that stand beside it.

`NAME.outcomes.json` is what `recording replay NAME.jsonl --json` printed when somebody found it right.
How many questions were other than then is not compared: a slow machine asks once more.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drivers.recording import load
from drivers.replay.run import WIRES, replay
from tests.groups import ONE_READER

FOLDER = Path(__file__).parent
RECORDINGS = sorted(FOLDER.glob("*.jsonl"))
SMART_CARD = ("smart_card", "helper")


def outcomes_beside(recording: Path) -> dict[str, list[str]]:
    """Wire -> outcomes."""
    beside = recording.with_suffix(".outcomes.json")
    assert beside.is_file(), f"write it by: main.py recording replay {recording.name} --json > {beside.name}"
    return {wire["wire"]: wire["outcomes"] for wire in json.loads(beside.read_text("utf-8"))["wires"]}


def as_a_test(recording: Path) -> object:
    text = recording.read_text("utf-8")
    needs_a_reader = any(f'"wire": "{wire}"' in text for wire in SMART_CARD)
    marks = [pytest.mark.xdist_group(ONE_READER)] if needs_a_reader else []
    return pytest.param(recording, needs_a_reader, id=recording.stem, marks=marks)


@pytest.mark.parametrize(("recording", "needs_a_reader"), [as_a_test(one) for one in RECORDINGS])
def test_a_recording_from_the_field_comes_to_the_same_end(
    recording: Path, needs_a_reader: bool, request: pytest.FixtureRequest
) -> None:
    if needs_a_reader:
        request.getfixturevalue("card_service")
    expected = outcomes_beside(recording)
    assert expected, "a recording of nothing that is played again proves nothing"
    assert {one.wire: list(one.outcomes) for one in replay(load(recording))} == expected


def test_there_are_recordings_and_no_outcomes_without_one() -> None:
    assert RECORDINGS
    assert {path.with_suffix("").stem for path in FOLDER.glob("*.outcomes.json")} == {
        recording.stem for recording in RECORDINGS
    }


def test_the_wires_that_need_a_reader_are_known_to_the_replay() -> None:
    assert set(SMART_CARD) < set(WIRES)
