"""The benchmark of whole visits: its figures are of visits that were made, and unknown where none was."""

from __future__ import annotations

import math
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from drivers.camera.contract import CameraFailure, Frame
from drivers.contract import Failed, Ok
from drivers.face.evaluation.data_set import read_data_set
from drivers.face.liveness import continuity
from drivers.face.liveness.checks import PromptCheck
from drivers.face.verifier import ProcessFaceVerifier
from tests.benchmarks.face_worker import Stage, memory_mb
from tests.benchmarks.faces_speed import faces_speed
from tests.benchmarks.faces_visit import _Camera, _Preview, faces_visit
from tests.benchmarks.figures import Figure, percentile
from tests.drivers.face.evaluation.folders import small_folder
from tests.groups import FACES

pytestmark = pytest.mark.xdist_group(FACES)
PATIENT_S = 60.0


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' machine may have much else to do; a benchmark's has not."""
    monkeypatch.setattr("tests.benchmarks.face_worker.DEADLINE_S", PATIENT_S)
    monkeypatch.setattr(continuity, "GAP_MAX_S", PATIENT_S)
    monkeypatch.setitem(PromptCheck.__init__.__kwdefaults__, "prompt_s", PATIENT_S)  # type: ignore[arg-type]


def by_name(figures: list[Figure]) -> dict[str, dict[str, Any]]:
    return {figure.name: figure.to_json() for figure in figures}


@pytest.mark.usefixtures("patient")
def test_every_figure_is_of_what_was_really_done(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, memory = Counter[str](), list[float]()
    sight, examine = ProcessFaceVerifier.sight, ProcessFaceVerifier.examine
    examined: list[Frame] = []

    def examining(self: ProcessFaceVerifier, frame: Frame) -> Any:
        found = examine(self, frame)
        if isinstance(found, Ok):
            examined.append(frame)
        return found

    def sighting(self: ProcessFaceVerifier, frame: Frame, *, passive: bool = False) -> Any:
        found = sight(self, frame, passive=passive)
        if isinstance(found, Ok):
            of_compared = any(frame is other for other in examined)
            answered["passive" if passive else "compared" if of_compared else "moving"] += 1
        return found

    def remembering(pid: int) -> tuple[float, float]:
        now, highest = memory_mb(pid)
        memory.append(highest)
        return now, highest

    monkeypatch.setattr(ProcessFaceVerifier, "examine", examining)
    monkeypatch.setattr(ProcessFaceVerifier, "sight", sighting)
    monkeypatch.setattr("tests.benchmarks.faces_visit.memory_mb", remembering)
    figures = by_name(faces_visit(print, 1, 0))
    runs = {name: figure["beside"].get("runs") for name, figure in figures.items()}
    assert answered["moving"] >= 4, "two movements, each in two frames"
    assert answered["compared"] == 2
    assert runs["sighting_of_a_movement_p95"] == answered["moving"]
    assert runs["sighting_of_a_compared_frame_p95"] == answered["compared"]
    assert runs["sighting_that_loads_the_passive_model_p95"] == answered["passive"] == 1
    whole = figures["visit_from_the_first_usable_frame_to_the_decision_p95"]
    assert (whole["beside"]["visits"], whole["beside"]["accepted"], whole["beside"]["runs"]) == (1, 1, 1)
    assert whole["value"] > figures["decision_after_the_last_movement_p95"]["value"] > 0
    for name in ("sighting_of_a_movement_p95", "decision_after_the_last_movement_p95", whole["name"]):
        beside = figures[name]["beside"]
        assert 0 < beside["cpu_p50"] <= figures[name]["value"], "one core cannot work for longer than it took"
        assert beside["load_average"] >= 0
    deciding = figures["preview_while_deciding"]
    assert 0 < deciding["value"] <= 1
    assert deciding["beside"]["camera_frames"] > answered["moving"]
    (highest,) = memory
    assert figures["worker_rss_highest_with_everything_loaded"]["value"] == round(highest, 4)


@pytest.mark.usefixtures("patient")
def test_the_preview_beside_a_stopped_process_is_measured_while_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states: list[str] = []
    begin = _Preview.begin

    def beginning(self: _Preview) -> None:
        begin(self)
        states.extend(child.status() for child in psutil.Process().children())

    monkeypatch.setattr(_Preview, "begin", beginning)
    figures = by_name(faces_visit(print, 0, 1))
    assert psutil.STATUS_STOPPED in states
    stopped = figures["preview_while_the_worker_is_stopped"]["beside"]
    assert stopped["seconds"] > 0
    assert figures["preview_while_deciding"]["value"] is None


@pytest.mark.usefixtures("patient")
def test_what_no_visit_showed_is_unknown_and_not_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resident stands there and makes no movement."""
    monkeypatch.setitem(PromptCheck.__init__.__kwdefaults__, "prompt_s", 0.3)  # type: ignore[arg-type]
    made = faces_visit(print, 1, 0, moves=False)
    figures, lines = by_name(made), {figure.name: figure.line() for figure in made}
    unknown = [
        "visit_from_the_first_usable_frame_to_the_decision_p95",
        "decision_after_the_last_movement_p95",
        "preview_while_the_worker_is_stopped",
        "worker_rss_highest_with_everything_loaded",
    ]
    for name in unknown:
        assert (figures[name]["value"], figures[name]["reached"]) == (None, None)
        assert f"{name}: unknown" in lines[name]
    assert figures[unknown[0]]["beside"]["ended_movement_not_seen"] == 1
    assert "accepted" not in figures[unknown[0]]["beside"]
    assert figures["preview_while_deciding"]["value"] is not None


class _HalfBlind(_Camera):
    """Gives two pictures whenever it is asked, of which the asker gets one."""

    def __init__(self) -> None:
        self._given = 0
        self.enough = threading.Event()

    @property
    def pictures(self) -> int:
        return self._given

    def latest(self, max_age_s: float = 1.0) -> Ok[Frame] | Failed[CameraFailure]:  # noqa: ARG002
        self._given += 2
        if self._given >= 20:
            self.enough.set()
        return Ok(Frame(np.zeros((1, 1, 3), np.uint8), self._given, self._given))


def test_a_preview_that_misses_every_second_picture_is_half_the_rate() -> None:
    camera = _HalfBlind()
    preview = _Preview(camera)
    preview.begin()
    assert camera.enough.wait(PATIENT_S)
    assert camera.before_stop is not None
    camera.before_stop()
    figure = preview.figure("preview")
    assert figure.value == 0.5
    assert figure.beside["camera_frames"] >= 20


def test_a_figure_of_nothing() -> None:
    figure = Figure("nothing", math.nan, "ms", 5.0, {"p50": percentile([], 50), "runs": 0.0})
    assert figure.to_json() == {
        "name": "nothing", "unit": "ms", "goal": 5.0, "value": None, "beside": {"p50": None, "runs": 0.0}, "reached": None
    }  # fmt: skip
    assert figure.line() == "   nothing: unknown ms (goal 5)  [p50 unknown, runs 0]"
    assert percentile([7.0], 95) == 7.0


def test_what_a_face_process_without_a_calibration_leaves_unmeasured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rates of a long run are not lost with it."""
    monkeypatch.setattr("tests.benchmarks.face_worker.PROJECT", tmp_path)
    said: list[str] = []
    data = read_data_set(small_folder(tmp_path))
    figures = by_name([*faces_speed(data, said.append), *faces_visit(said.append, 2, 1)])
    assert [what.partition(":")[0] for what in said] == ["not measured", "no more visits are measured"]
    assert all("face.uncalibrated" in what or "FACE_UNCALIBRATED" in what for what in said)
    of_the_worker = [
        "one_frame_decision_p95",
        "decision_from_the_first_usable_frame_p95",
        "worker_rss_highest",
        "worker_rss_highest_with_everything_loaded",
    ]
    assert all(figures[name]["value"] is None and figures[name]["reached"] is None for name in of_the_worker)
    assert figures["detect_p95"]["value"] > 0


def test_a_decision_that_fails_is_no_run() -> None:
    stage = Stage()
    assert not stage.of_done(lambda: False)
    assert stage.of_done(lambda: True)
    assert len(stage.wall_ms) == len(stage.cpu_ms) == 1
