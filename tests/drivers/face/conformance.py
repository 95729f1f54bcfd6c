"""What every matcher must pass, whoever made it. Call `check_matcher` in a test of its own.

`matcher` is a fresh one, `again` another of the same model, `files` what its hash is of.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.face.detector import Detector, Face
from drivers.face.licensed import files_hash
from drivers.face.matchers import DISTANCE_MAX, Matcher
from tests.drivers.face.portraits import PROJECT, live

PEOPLE = ("obama.jpg", "biden.jpg", "astronaut.png")


@cache
def found(name: str) -> tuple[NDArray[np.uint8], Face]:
    rgb = np.asarray(cv2.cvtColor(live(name), cv2.COLOR_BGR2RGB), np.uint8)
    (face, *_) = Detector().find(rgb, upsample=0)
    return rgb, face


def check_matcher(make: Callable[[], Matcher], files: Sequence[Path]) -> None:
    matcher, again = make(), make()
    pictures = {name: found(name) for name in (*PEOPLE, "obama2.jpg")}
    vectors = {name: matcher.embed(*picture) for name, picture in pictures.items()}
    _is_deterministic(matcher, again, pictures["obama.jpg"])
    _measures_a_distance(matcher, list(vectors.values()))
    same = matcher.compare(vectors["obama.jpg"], vectors["obama2.jpg"])
    for stranger in ("biden.jpg", "astronaut.png"):
        assert same < matcher.compare(vectors["obama.jpg"], vectors[stranger])
        assert same < matcher.compare(vectors["obama2.jpg"], vectors[stranger])
    card = matcher.embed_card(*pictures["obama2.jpg"])
    assert matcher.compare(vectors["obama.jpg"], card) < matcher.compare(vectors["biden.jpg"], card)
    _knows_the_mirror_image(matcher, pictures["obama.jpg"][0], vectors["biden.jpg"])
    _names_its_model(matcher, again, files)
    _refuses_what_is_no_picture(matcher, pictures["obama.jpg"][1])


def _is_deterministic(matcher: Matcher, again: Matcher, picture: tuple[NDArray[np.uint8], Face]) -> None:
    before = picture[0].copy()
    vector = matcher.embed(*picture)
    assert np.array_equal(vector, matcher.embed(*picture))
    assert np.array_equal(vector, again.embed(*picture))
    assert np.array_equal(matcher.embed_card(*picture), again.embed_card(*picture))
    assert np.array_equal(before, picture[0]), "the picture itself was changed"
    assert vector.ndim == 1
    assert np.any(vector != 0)
    vector.fill(0)  # the terminal overwrites what it knows of a person
    assert not np.any(vector)
    assert np.any(matcher.embed(*picture) != 0), "what was given away is what it computes with"


def _measures_a_distance(matcher: Matcher, vectors: list[NDArray[np.float32]]) -> None:
    for one in vectors:
        assert matcher.compare(one, one) == pytest.approx(0.0, abs=1e-3)
        for other in vectors:
            distance = matcher.compare(one, other)
            assert isinstance(distance, float)
            assert 0.0 <= distance <= DISTANCE_MAX
            assert distance == pytest.approx(matcher.compare(other, one), abs=1e-6)


def _knows_the_mirror_image(matcher: Matcher, rgb: NDArray[np.uint8], stranger: NDArray[np.float32]) -> None:
    mirrored = np.ascontiguousarray(rgb[:, ::-1])
    one = matcher.embed(*found("obama.jpg"))
    other = matcher.embed(mirrored, Detector().find(mirrored, upsample=0)[0])
    assert matcher.compare(one, other) < matcher.compare(one, stranger)


def _names_its_model(matcher: Matcher, again: Matcher, files: Sequence[Path]) -> None:
    if len(files) == 1:
        assert matcher.model_hash == hashlib.sha256(files[0].read_bytes()).hexdigest()
    assert matcher.model_hash == files_hash(files) == again.model_hash
    assert matcher.calibration_id == again.calibration_id
    assert matcher.calibration_id.startswith(f"{matcher.name}@{matcher.model_hash[:16]}/")


def _refuses_what_is_no_picture(matcher: Matcher, face: Face) -> None:
    for wrong in (
        np.zeros((112, 112), np.uint8),
        np.zeros((112, 112, 4), np.uint8),
        np.zeros((112, 112, 3), np.float32),
        np.zeros((0, 112, 3), np.uint8),
    ):
        with pytest.raises(ValueError, match="a picture is"):
            matcher.embed(np.asarray(wrong), face)
        with pytest.raises(ValueError, match="a picture is"):
            matcher.embed_card(np.asarray(wrong), face)


def files_left_by(code: str, home: Path, environment: dict[str, str]) -> list[str]:
    """What a process that runs this code, with nothing else to live in than `home`, leaves there."""
    plain = {
        **environment,
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(PROJECT),
    }
    for name in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY", "CI"):
        plain.pop(name, None)  # each would keep a library still, or its files elsewhere
    subprocess.run([sys.executable, "-c", code], cwd=home, env=plain, check=True)
    return [str(path.relative_to(home)) for path in home.rglob("*")]
