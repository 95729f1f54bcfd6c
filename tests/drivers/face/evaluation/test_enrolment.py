"""From a folder to its error rates, by the real models."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.slot import Slot
from drivers.face.card_photos import (
    CONDITIONS,
    JPEG_1024,
    JPEG_2048,
    ORIGINAL,
    CardPhotoError,
    Condition,
    card_photo,
    read_picture,
)
from drivers.face.child import FaceChild
from drivers.face.contract import Guidance
from drivers.face.embedder import Embedder
from drivers.face.evaluation.data_set import DataSetError, Role, read_data_set
from drivers.face.evaluation.enrolment import Enrolment, enrol
from drivers.face.evaluation.report import RULE, curves, rows
from drivers.face.matchers import ONNX_MODEL
from tests.drivers.face.evaluation.folders import small_folder
from tests.drivers.face.portraits import MODELS, needed, portrait


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    needed(MODELS / ONNX_MODEL)
    return Embedder(MODELS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_folder(tmp_path_factory.mktemp("folder"))


@pytest.fixture(scope="module")
def measured(folder: Path, embedder: Embedder) -> Mapping[Condition, Enrolment]:
    return enrol(read_data_set(folder), embedder, CONDITIONS)


def test_a_card_holds_few_pixels_in_few_bytes() -> None:
    encoded = cv2.imencode(".png", portrait("obama.jpg"))[1].tobytes()
    assert card_photo(encoded, ORIGINAL) == encoded
    larger, smaller = (card_photo(encoded, condition) for condition in (JPEG_2048, JPEG_1024))
    assert 1024 < len(larger) <= 2048
    assert 600 < len(smaller) <= 1024
    for photo in (larger, smaller):
        assert photo.startswith(b"\xff\xd8")
        assert read_picture(photo).shape == (126, 102, 3)
    grey = cv2.cvtColor(portrait("obama.jpg"), cv2.COLOR_BGR2GRAY)
    photo = card_photo(cv2.imencode(".png", grey)[1].tobytes(), JPEG_2048)
    assert read_picture(photo, cv2.IMREAD_UNCHANGED).shape == (126, 102), "no bytes for colours it has not"


def test_the_eyes_are_as_far_apart_as_on_a_card(embedder: Embedder) -> None:
    """The study's median is 28 pixels; the detector's box moves by some pixels from face to face."""
    photo = read_picture(card_photo(cv2.imencode(".png", portrait("obama.jpg"))[1].tobytes(), JPEG_2048))
    large = np.asarray(cv2.resize(photo, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    (face,) = embedder.detector.find(large, upsample=1)
    one, other = face.points[0:2].mean(axis=0), face.points[2:4].mean(axis=0)
    assert 25 < float(np.linalg.norm(one - other)) / 3 < 31


def test_a_portrait_without_a_face_is_taken_from_its_middle_and_bytes_that_are_none_refused() -> None:
    plain = np.full((200, 300, 3), 90, np.uint8)
    assert read_picture(card_photo(cv2.imencode(".png", plain)[1].tobytes(), JPEG_1024)).shape[0] == 126
    noise = np.random.default_rng(1).integers(0, 256, (126, 102, 3), np.uint8)
    with pytest.raises(CardPhotoError, match="does not fit"):
        card_photo(cv2.imencode(".png", noise)[1].tobytes(), Condition("tiny", 300))
    for none in (b"", b"no picture"):
        for condition in (JPEG_1024, ORIGINAL):
            with pytest.raises(CardPhotoError, match="no picture"):
                card_photo(none, condition)


def test_the_distances_are_those_that_the_terminal_decides_on(
    folder: Path, measured: Mapping[Condition, Enrolment]
) -> None:
    """The child's own way, through its own decoding, gate and scores."""
    data = read_data_set(folder)
    compared = measured[JPEG_2048].compare()
    first = int(np.flatnonzero(compared.genuine)[0])
    card, live = data.pictures[compared.card[first]], data.pictures[compared.live[first]]
    with closing(Slot()) as slot:
        child = FaceChild(str(MODELS), slot.name)
        assert child.set_reference(card_photo(data.read(card), JPEG_2048)) is None
        slot.write(read_picture(data.read(live)), 1)
        assert child.examine() is None
        answered = child.scores(dict.fromkeys(compared.distances, 1.0))
    assert answered is not None
    scores = {score.matcher: score.distance for score in answered[0]}
    ours = {name: math.ceil(values[first] * 100) / 100 for name, values in compared.distances.items()}
    assert scores == pytest.approx(ours)


def test_the_rates_of_a_small_folder(measured: Mapping[Condition, Enrolment]) -> None:
    for condition in CONDITIONS:
        enrolment = measured[condition]
        assert enrolment.not_enrolled() == {"card": (0, 6), "live": (0, 6)}
        found = {(row.system, row.kind, row.people, row.target): row for row in rows(enrolment.compare())}
        assert {system for system, *_ in found} == {"dlib", "frf", RULE}
        everybody = found[RULE, "FMR", "all", 1e-3]
        assert (everybody.rate.comparisons, everybody.rate.person_pairs) == (2, 1)
        assert not everybody.measurable
        missed = found[RULE, "FNMR", "all", 1e-3].rate
        assert (missed.errors, missed.comparisons) == (0, 2)
        assert found["frf", "EER", "all", 0.0].value == 0.0
        twins = found["frf", "FMR", "twins", 1e-2].rate
        assert (twins.errors, twins.comparisons, twins.person_pairs) == (2, 2, 1), "they are the same person"
        for curve in curves(enrolment.compare()):
            assert (curve.fmr[0], curve.fnmr[0], curve.fmr[-1]) == (0.0, 1.0, 1.0)


def test_only_the_quality_gate_refuses_what_has_a_face(
    embedder: Embedder, folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    data = read_data_set(tmp_path)
    dark, empty = [picture for picture in data.pictures if picture.role is Role.LIVE][:2]
    picture = read_picture(data.read(dark))
    assert cv2.imwrite(str(tmp_path / "images" / dark.file), (picture * 0.25).astype(np.uint8))
    assert cv2.imwrite(str(tmp_path / "images" / empty.file), np.full((250, 250, 3), 128, np.uint8))
    enrolment = enrol(data, embedder, [ORIGINAL])[ORIGINAL]
    assert enrolment.guidance() == {Guidance.NO_FACE.value: 1, Guidance.TOO_DARK.value: 1}
    assert enrolment.not_enrolled() == {"card": (0, 6), "live": (1, 6)}
    plain, gated = enrolment.compare(), enrolment.compare(gated=True)
    frame_of = {picture.file: plain.live == index for index, picture in enumerate(plain.pictures)}
    assert plain.enrolled[frame_of[dark.file]].all()
    assert not gated.enrolled[frame_of[dark.file]].any()
    assert not plain.enrolled[frame_of[empty.file]].any()


def test_embeddings_are_kept_only_in_the_folder_that_is_named(
    embedder: Embedder, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = read_data_set(folder)
    cache = tmp_path / "cache"
    made = enrol(data, embedder, [JPEG_2048], cache=cache)[JPEG_2048]
    first = made.compare()
    kept = {file.name: file.stat().st_mtime_ns for file in cache.iterdir()}
    assert len(kept) == 12
    assert cache.stat().st_mode & 0o077 == 0, "nobody else reads what is personal"

    def never(*_: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patched:
        patched.setattr(Embedder, "card", never)
        patched.setattr(Embedder, "live", never)
        found = enrol(data, embedder, [JPEG_2048], cache=cache)[JPEG_2048]
        again = found.compare()
        measured = [(live.guidance, live.elements) for live in found.lives if live is not None]
        assert measured == [(live.guidance, live.elements) for live in made.lives if live is not None]
        assert all(elements is not None for _, elements in measured)
        assert {name: values.tolist() for name, values in again.distances.items()} == {
            name: values.tolist() for name, values in first.distances.items()
        }
        monkeypatch.setattr(embedder.matchers[1], "model_hash", "0" * 64)
        with pytest.raises(AssertionError):  # another model: what is kept is not its own
            enrol(data, embedder, [JPEG_2048], cache=cache)
    assert {file.name: file.stat().st_mtime_ns for file in cache.iterdir()} == kept


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_pictures_that_are_none_are_named_by_their_lines(
    embedder: Embedder, folder: Path, tmp_path: Path, condition: Condition
) -> None:
    """Also a card's photo that is taken as it is: to be unreadable is not to be without a face."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    data = read_data_set(tmp_path)
    for picture in data.pictures[:2]:
        (tmp_path / "images" / picture.file).write_bytes(b"no picture")
    with pytest.raises(DataSetError) as raised:
        enrol(data, embedder, [condition])
    assert [(problem.line, problem.field) for problem in raised.value.problems] == [(2, "file"), (3, "file")]
