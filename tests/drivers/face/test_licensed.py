"""A county's engine is loaded in the child, checked, hashed, and decides only under its calibration."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from drivers.contract import Cause, DeviceState, Ok
from drivers.face import calibration
from drivers.face.detector import Detector
from drivers.face.embedder import prepared
from drivers.face.licensed import EngineError, LicensedMatcher, files_hash, load
from drivers.face.matchers import DlibMatcher
from drivers.face.verifier import ProcessFaceVerifier
from tests.drivers.face.calibrations import Body, Change, signed
from tests.drivers.face.conformance import check_matcher, files_left_by, found
from tests.drivers.face.portraits import card_photo, frame, live
from tests.drivers.waiting import PATIENCE_S, wait_until

ENTRY = "tests.drivers.face.engine_of_a_county:Engine"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "county.model").write_text("2.5", "ascii")
    return tmp_path


def test_the_engine_is_a_matcher(models: Path) -> None:
    check_matcher(lambda: load(ENTRY, models), [models / "county.model"])


def test_another_model_of_the_engine_is_another_hash(models: Path) -> None:
    before = load(ENTRY, models)
    (models / "county.model").write_text("2.6", "ascii")
    after = load(ENTRY, models)
    assert before.model_hash != after.model_hash
    assert before.calibration_id != after.calibration_id


def test_the_engine_leaves_no_file(models: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    code = f"""
from pathlib import Path
from drivers.face.licensed import load
from tests.drivers.face.calibrations import Body, Change, signed
from tests.drivers.face.conformance import found
load({ENTRY!r}, Path({str(models)!r})).embed(*found("obama.jpg"))
"""
    assert files_left_by(code, tmp_path_factory.mktemp("home"), dict(os.environ)) == []


def with_county(models: Path) -> Change:
    """The demo calibration with the county's engine in the place of the second model."""
    matcher, detector = load(ENTRY, models), Detector(models)

    def change(body: Body) -> None:
        body["matchers"] = {"dlib": body["matchers"]["dlib"], "county": matcher.model_hash}
        body["pipeline"] = {one.name: prepared(one, detector) for one in (DlibMatcher(), matcher)}
        for one in body["card_classes"].values():
            one["limits"] = one["chosen_on"]["at_target"]["limits"] = {"dlib": 0.6, "county": 0.6}
            one["chosen_on"]["alone"] = {"dlib": 0, "county": 0}

    return change


def ready(verifier: ProcessFaceVerifier) -> bool:
    assert verifier._worker is not None
    assert verifier._worker.wait_ready(2 * PATIENCE_S)
    return verifier.probe().state is DeviceState.READY


def test_the_real_child_decides_with_the_engine(models: Path, tmp_path: Path) -> None:
    verifier = ProcessFaceVerifier(
        models, *signed(tmp_path, with_county(models)), engine=ENTRY, demo=True, deadline_s=PATIENCE_S
    )
    try:
        assert ready(verifier)
        for stranger, expected in (("obama.jpg", True), ("biden.jpg", False)):
            assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
            for sequence in range(3):
                assert verifier.examine(frame(live(stranger), sequence)) == Ok(None)
            answer = verifier.decide()
            assert isinstance(answer, Ok)
            assert {score.matcher for score in answer.value.scores} == {"dlib", "county"}
            assert answer.value.accepted is expected
    finally:
        verifier.close()


def test_under_the_calibration_of_another_model_it_is_assist_mode(models: Path, tmp_path: Path) -> None:
    change = with_county(models)
    (models / "county.model").write_text("2.6", "ascii")
    verifier = ProcessFaceVerifier(
        models, *signed(tmp_path, change), engine=ENTRY, demo=True, deadline_s=PATIENCE_S
    )
    try:
        assert not ready(verifier)
        assert verifier.probe().cause is Cause.FACE_UNCALIBRATED
    finally:
        verifier.close()


def test_an_engine_that_is_not_installed_accepts_nobody(models: Path, tmp_path: Path) -> None:
    verifier = ProcessFaceVerifier(
        models, *signed(tmp_path, with_county(models)), engine="no_such_vendor.engine:Engine", demo=True
    )
    try:
        assert wait_until(lambda: verifier.probe().detail == "EngineError", PATIENCE_S), verifier.probe()
        assert not verifier.probe().usable
    finally:
        verifier.close()


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("engine", "module:Class"),
        ("no_such_vendor:Engine", "not installed"),
        ("json:Engine", "not installed"),
        ("pathlib:Path", "has not all of"),
    ],
)
def test_what_is_wrong_with_the_entry_is_said(entry: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=what):
        load(entry, tmp_path)


def engine(models: Path, **change: Any) -> Any:
    given = {
        "name": "county",
        "files": [models / "county.model"],
        "preparation": "1",
        "embed": lambda _rgb, _face: np.ones(4, np.float32),
        "compare": lambda _one, _other: 0.5,
    }
    return SimpleNamespace(**{**given, **change})


@pytest.mark.parametrize("name", ["dlib", "", "County", "a b", "x" * 40])
def test_a_name_that_is_taken_or_no_name_is_refused(name: str, models: Path) -> None:
    with pytest.raises(EngineError, match="name must"):
        LicensedMatcher(engine(models, name=name))


@pytest.mark.parametrize(
    ("files", "what"),
    [
        (lambda _folder: [], "empty"),
        (lambda folder: [folder / "absent.model"], "absent.model cannot be read"),
        (lambda folder: [folder / "county.model"] * 2, "same name"),
    ],
)
def test_files_that_cannot_be_hashed_are_refused(
    files: Callable[[Path], list[Path]], what: str, models: Path
) -> None:
    with pytest.raises(EngineError, match=what):
        LicensedMatcher(engine(models, files=files(models)))


def test_the_hash_of_several_files_is_of_all_of_them(models: Path) -> None:
    (models / "library.so").write_bytes(b"one")
    both = [models / "library.so", models / "county.model"]
    before = files_hash(both)
    assert before == files_hash(both[::-1])
    (models / "library.so").write_bytes(b"two")
    assert files_hash(both) != before


@pytest.mark.parametrize("distance", [-0.01, 2.01, float("nan"), float("inf")])
def test_a_distance_out_of_its_range_is_never_used(distance: float, models: Path) -> None:
    matcher = LicensedMatcher(engine(models, compare=lambda _one, _other: distance))
    with pytest.raises(EngineError, match="distance from 0 to 2"):
        matcher.compare(np.ones(4, np.float32), np.ones(4, np.float32))


@pytest.mark.parametrize(
    "template", [np.ones((2, 2)), np.ones(0), np.array([np.nan]), np.array(["x"]), None], ids=repr
)
def test_a_template_that_is_no_array_of_numbers_is_refused(template: Any, models: Path) -> None:
    matcher = LicensedMatcher(engine(models, embed=lambda _rgb, _face: template))
    with pytest.raises(EngineError, match="embed"):
        matcher.embed(*found("obama.jpg"))


def test_what_the_terminal_overwrites_is_a_copy_of_its_own(models: Path) -> None:
    kept = np.arange(4, dtype=np.uint8)
    matcher = LicensedMatcher(engine(models, embed=lambda _rgb, _face: kept))
    matcher.embed(*found("obama.jpg")).fill(0)
    assert kept.tolist() == [0, 1, 2, 3]


def test_the_schema_of_the_calibration_knows_any_name(models: Path, tmp_path: Path) -> None:
    loaded = calibration.load(*signed(tmp_path, with_county(models)))
    assert isinstance(loaded, Ok)
    assert loaded.value.limits == {"dlib": 0.6, "county": 0.6}
