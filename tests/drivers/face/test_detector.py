"""Faces that HOG does not find are found by the second detector, on cards alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.face.blazeface import BLAZE_MODEL, BlazeFace
from drivers.face.contract import Guidance
from drivers.face.detector import Detector
from drivers.face.embedder import CARD_ENLARGED, Embedder
from drivers.face.evaluation.enrolment import code_id
from drivers.face.matchers import ONNX_MODEL
from drivers.face.onnx import ModelError
from tests.drivers.face.portraits import MODELS, card_photo, live, needed, two

Picture = NDArray[np.uint8]
Spoil = Callable[[Picture], Picture]


def turned(degrees: float) -> Spoil:
    def spoil(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height * 0.52), degrees, 1.0)
        done = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(done, np.uint8)

    return spoil


def covered(picture: Picture) -> Picture:
    """From the nose on downwards, as by a mask."""
    spoilt = picture.copy()
    spoilt[int(0.58 * len(picture)) :] = 190
    return spoilt


HARD = [("biden.jpg", covered), ("biden.jpg", turned(-40)), ("astronaut.png", covered)]


def hard_card(name: str, spoil: Spoil) -> Picture:
    small = cv2.imdecode(np.frombuffer(card_photo(name), np.uint8), cv2.IMREAD_COLOR)
    assert small is not None
    return spoil(np.asarray(small, np.uint8))


def enlarged(picture: Picture) -> Picture:
    large = cv2.resize(picture, None, fx=CARD_ENLARGED, fy=CARD_ENLARGED, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large[:, :, ::-1], np.uint8)


@pytest.fixture(scope="module")
def detector() -> Detector:
    needed(MODELS / BLAZE_MODEL)
    return Detector(MODELS)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    needed(MODELS / BLAZE_MODEL)
    return Embedder(MODELS)


@pytest.mark.parametrize(("name", "spoil"), HARD)
def test_a_face_that_hog_misses_is_found_where_it_is(detector: Detector, name: str, spoil: Spoil) -> None:
    plain = enlarged(hard_card(name, lambda picture: picture))
    (at, *_) = detector.find(plain, upsample=1)
    hard = enlarged(hard_card(name, spoil))
    assert detector.find(hard, upsample=1) == []
    (found,) = detector.find_harder(hard)
    side = at.box[2] - at.box[0]
    assert np.allclose(found.box, at.box, atol=0.25 * side)


def test_the_five_points_are_the_same_in_the_box_of_either_detector(detector: Detector) -> None:
    for name in ("obama.jpg", "biden.jpg", "astronaut.png"):
        rgb = enlarged(hard_card(name, lambda picture: picture))
        hog, blaze = detector.find(rgb, upsample=1)[0], detector.find_harder(rgb)[0]
        eyes = float(np.linalg.norm(hog.points[0] - hog.points[2]))
        assert np.abs(hog.points - blaze.points).max() < 0.05 * eyes


def test_two_faces_are_two_the_larger_first_and_noise_is_none(detector: Detector) -> None:
    first, second = detector.find_harder(two("obama.jpg", "biden.jpg", 140))
    assert first.area >= second.area
    assert abs(first.box[0] - second.box[0]) > 200
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    for nobody in (noise, np.zeros((480, 640, 3), np.uint8), np.full((1, 900, 3), 128, np.uint8)):
        assert detector.find_harder(nobody) == []


@pytest.mark.parametrize(("name", "spoil"), HARD)
def test_a_card_that_hog_finds_no_face_on_has_its_embeddings(
    embedder: Embedder, name: str, spoil: Spoil
) -> None:
    encoded = cv2.imencode(".png", hard_card(name, spoil))[1].tobytes()
    assert not isinstance(embedder.card(encoded), Guidance)


def test_a_frame_is_not_searched_harder(embedder: Embedder) -> None:
    """The quality gate's limits were set on faces that HOG finds."""
    frame = turned(-40)(live("biden.jpg"))
    assert embedder.detector.find_harder(np.ascontiguousarray(frame[:, :, ::-1])) != []
    assert embedder.live(frame, embedder.gate.judge) is Guidance.NO_FACE


def test_without_its_file_hog_is_alone_and_that_is_another_path(tmp_path: Path, embedder: Embedder) -> None:
    shutil.copy(needed(MODELS / ONNX_MODEL), tmp_path)
    alone = Embedder(tmp_path)
    encoded = cv2.imencode(".png", hard_card(*HARD[0]))[1].tobytes()
    assert alone.card(encoded) is Guidance.NO_FACE
    assert alone.pipeline().keys() == embedder.pipeline().keys()
    assert not alone.pipeline().items() & embedder.pipeline().items()


def test_with_another_detector_no_kept_embedding_is_taken(tmp_path: Path) -> None:
    shutil.copy(needed(MODELS / ONNX_MODEL), tmp_path)
    embedder = Embedder(tmp_path)
    before = code_id(embedder)
    shutil.copy(needed(MODELS / BLAZE_MODEL), tmp_path)
    assert code_id(embedder) != before


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / BLAZE_MODEL
    damaged.write_bytes(needed(MODELS / BLAZE_MODEL).read_bytes()[:1000])
    with pytest.raises(ModelError, match=BLAZE_MODEL):
        BlazeFace(damaged)
