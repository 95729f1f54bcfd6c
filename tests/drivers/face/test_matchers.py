"""Every matcher passes one conformance test, and none leaves a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from drivers.face.detector import Detector
from drivers.face.embedder import prepared
from drivers.face.matchers import ONNX_MODEL, DlibMatcher, Matcher, OnnxMatcher
from tests.drivers.face.conformance import check_matcher, files_left_by
from tests.drivers.face.portraits import MODELS, needed


def dlib_model() -> Path:
    import face_recognition_models

    return Path(face_recognition_models.face_recognition_model_location())


def test_dlib_is_a_matcher() -> None:
    check_matcher(DlibMatcher, [dlib_model()])


def test_the_second_model_is_a_matcher() -> None:
    model = needed(MODELS / ONNX_MODEL)
    check_matcher(lambda: OnnxMatcher(model), [model])


@pytest.mark.parametrize(
    "changed", ["drivers.face.detector.LARGEST_SIDE_PX", "drivers.face.embedder.CARD_ENLARGED"]
)
def test_another_size_is_another_preparation(monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    matcher, detector = DlibMatcher(), Detector(MODELS)
    before = prepared(matcher, detector)
    assert before.startswith(f"{DlibMatcher.preparation}+")
    monkeypatch.setattr(changed, 700)
    assert prepared(matcher, detector) != before


def test_another_file_of_the_five_points_is_another_preparation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    matcher, detector = DlibMatcher(), Detector(MODELS)
    before = prepared(matcher, detector)
    other = tmp_path / "five.dat"
    other.write_bytes(b"other points")
    monkeypatch.setattr(
        "face_recognition_models.pose_predictor_five_point_model_location", lambda: str(other)
    )
    assert prepared(matcher, detector) != before


class Careless:
    """The second model, wrong in one respect."""

    def __init__(self, broken: str) -> None:
        self._inner, self._broken = OnnxMatcher(needed(MODELS / ONNX_MODEL)), broken
        self.name, self.model_hash = self._inner.name, self._inner.model_hash
        if broken == "hash":
            self.model_hash = "0" * 64
        self.calibration_id = "frf/1" if broken == "id" else self._inner.calibration_id
        self._times = 0

    def embed(self, rgb, face):  # type: ignore[no-untyped-def]
        self._times += 1
        if self._broken == "picture" and (rgb.shape[2:] != (3,) or rgb.dtype != np.uint8 or not rgb.size):
            rgb = np.zeros((112, 112, 3), np.uint8)
        vector = self._inner.embed(rgb, face)
        return vector + self._times * 1e-3 if self._broken == "deterministic" else vector

    def embed_card(self, rgb, face):  # type: ignore[no-untyped-def]
        return self.embed(rgb, face)  # type: ignore[no-untyped-call]

    def compare(self, one, other):  # type: ignore[no-untyped-def]
        distance = self._inner.compare(one, other)
        match self._broken:
            case "similarity":
                return 1.0 - distance
            case "range":
                return distance * 4
            case "symmetric":
                return distance * (1.1 if one[0] < other[0] else 1.0)
            case _:
                return distance


@pytest.mark.parametrize(
    "broken", ["hash", "id", "deterministic", "similarity", "range", "symmetric", "picture"]
)
def test_a_matcher_that_breaks_its_promise_does_not_pass(broken: str) -> None:
    def make() -> Matcher:
        return Careless(broken)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check_matcher(make, [MODELS / ONNX_MODEL])


def test_another_model_is_another_hash_and_another_calibration(tmp_path: Path) -> None:
    model = needed(MODELS / ONNX_MODEL)
    other = tmp_path / ONNX_MODEL
    # A field of a model's text that no computation reads: the same network, another file.
    other.write_bytes(model.read_bytes() + b"\x32\x03new")
    one, two = OnnxMatcher(model), OnnxMatcher(other)
    assert one.model_hash != two.model_hash
    assert one.calibration_id != two.calibration_id


@pytest.mark.parametrize(
    "make",
    [f"matchers.OnnxMatcher(Path({str(MODELS / ONNX_MODEL)!r}))", "matchers.DlibMatcher()"],
    ids=["frf", "dlib"],
)
def test_a_matcher_leaves_no_file_anywhere(make: str, tmp_path: Path) -> None:
    """Unless it is told not to, one library keeps a device number and a store of events to send."""
    needed(MODELS / ONNX_MODEL)
    code = f"""
from pathlib import Path
from drivers.face import matchers
from tests.drivers.face.conformance import found
{make}.embed(*found("obama.jpg"))
"""
    assert files_left_by(code, tmp_path, dict(os.environ)) == []
