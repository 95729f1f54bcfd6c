"""The real detector and the real measures before a bent portrait (a head) and a stiff one (a print).

Both are made from the freely licensed portraits of set-up: nobody was filmed. What is proven is that a
print in a hand does not answer, however it is turned; not that a film of a head would not. It does.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.camera.simulated_motion import MOVEMENTS, Movement, flat, head
from drivers.face.embedder import Embedder
from drivers.face.liveness.contract import Prompt, Sighting
from drivers.face.liveness.observer import Observer
from drivers.face.liveness.passive import PASSIVE_MODEL, PassiveModel, cut_out
from drivers.face.liveness.prompts import IN_DEPTH, RELIEF_MIN, family_of, is_shown
from drivers.face.matchers import ONNX_MODEL
from tests.drivers.face.portraits import BOXES, FRAME_HEIGHT, FRAME_WIDTH, MODELS, live, needed

SIDE = 200.0
BOX = (
    (FRAME_WIDTH - SIDE) / 2,
    (FRAME_HEIGHT - SIDE) / 2,
    (FRAME_WIDTH + SIDE) / 2,
    (FRAME_HEIGHT + SIDE) / 2,
)
STEPS = 5
PRINTED = ("obama2.jpg", "astronaut.png")
"""Of every portrait it was tried once: docs/decisions/liveness.md."""
TURNS_OF_A_PRINT = [
    *MOVEMENTS.values(),
    # Turned about a slanting axis the base of the nose leaves the middle, as in a turned head.
    *(
        Movement(yaw=yaw, pitch=pitch, roll=roll)
        for yaw in (-38, 38)
        for pitch in (-34, 34)
        for roll in (-12, 0)
    ),
    *(Movement(yaw=yaw) for yaw in (-45, 45)),
    *(Movement(pitch=pitch) for pitch in (-40, 40)),
    Movement(yaw=30, growth=1.3),
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    needed(MODELS / ONNX_MODEL)
    return Embedder(MODELS)


def as_taken(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """With a sensor's noise and JPEG's losses, so that no two frames are equal."""
    noisy = np.clip(pixels + random.integers(-3, 4, pixels.shape), 0, 255).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    decoded = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def sightings(embedder: Embedder, name: str, movement: Movement, *, bends: bool) -> list[Sighting]:
    """From straight to the whole movement; it ends early where no face is found any more."""
    still, random = live(name, round(SIDE)), np.random.default_rng(5)
    observer, seen = Observer(embedder, MODELS), []
    for share in np.linspace(0, 1, STEPS):
        pixels = (head if bends else flat)(still, BOX, movement.part(float(share)))
        found = observer.sight(as_taken(pixels, random), passive=False)
        if not isinstance(found, Sighting):
            break
        seen.append(found)
    return seen


@pytest.mark.parametrize("name", BOXES)
@pytest.mark.parametrize("prompt", Prompt)
def test_a_head_answers_the_movement_that_it_makes(embedder: Embedder, name: str, prompt: Prompt) -> None:
    seen = sightings(embedder, name, MOVEMENTS[prompt.value], bends=True)
    assert len(seen) == STEPS
    assert is_shown(prompt, seen[0], seen[-1])
    (opposite,) = set(family_of(prompt)) - {prompt}
    assert not any(is_shown(opposite, seen[0], now) for now in seen)


@pytest.mark.parametrize("name", PRINTED)
@pytest.mark.parametrize("turn", TURNS_OF_A_PRINT, ids=str)
def test_a_print_answers_no_movement_in_depth_however_it_is_turned(
    embedder: Embedder, name: str, turn: Movement
) -> None:
    seen = sightings(embedder, name, turn, bends=False)
    assert len(seen) >= STEPS // 2, "it was looked at"
    for now in seen[1:]:
        assert now.relief is not None
        assert now.relief < RELIEF_MIN / 2
        assert not {prompt for prompt in IN_DEPTH if is_shown(prompt, seen[0], now)}


def test_without_the_relief_a_slanting_print_would_answer(embedder: Embedder) -> None:
    """Why five points alone are not enough: the limit on them is passed, the relief's is not."""
    seen = sightings(embedder, "obama2.jpg", Movement(yaw=35, pitch=30, roll=-10), bends=False)
    as_if = [replace(now, relief=1.0) for now in seen]
    assert any(is_shown(Prompt.TURN_LEFT, seen[0], now) for now in as_if)
    assert not any(is_shown(Prompt.TURN_LEFT, seen[0], now) for now in seen)


def test_the_same_person_stays_near_and_another_does_not(embedder: Embedder) -> None:
    observer = Observer(embedder, MODELS)
    first = observer.sight(live("obama.jpg"), passive=False)
    again = observer.sight(live("obama.jpg", 170), passive=False)
    other = observer.sight(live("biden.jpg"), passive=False)
    assert isinstance(first, Sighting)
    assert isinstance(again, Sighting)
    assert isinstance(other, Sighting)
    assert first.apart is None
    assert again.apart is not None
    assert other.apart is not None
    assert again.apart < 0.6 < 1.1 < other.apart


def test_what_is_forgotten_is_gone(embedder: Embedder) -> None:
    observer = Observer(embedder, MODELS)
    observer.sight(live("obama.jpg"), passive=False)
    embedding, picture = observer._last, observer._relief._first
    assert embedding is not None
    assert picture is not None
    observer.forget()
    assert not embedding.any()
    assert not picture.any()
    fresh = observer.sight(live("obama.jpg"), passive=False)
    assert isinstance(fresh, Sighting)
    assert (fresh.apart, fresh.relief) == (None, None)


def test_the_passive_model_runs_and_its_number_is_a_share() -> None:
    """That it runs is all that is tested: there is no attack set here, so nothing can be said of its worth."""
    model = PassiveModel(needed(MODELS / PASSIVE_MODEL))
    scores = {name: model.score(live(name), (220, 140, 420, 340)) for name in BOXES}
    assert all(0.0 <= score <= 1.0 for score in scores.values())
    assert len(set(scores.values())) == len(scores), "it looks at the picture"


@pytest.mark.parametrize(
    "box",
    [(0, 0, 50, 50), (600, 440, 640, 480), (10, 10, 630, 470), (-20, -20, 30, 30), (300, 200, 300, 200)],
)
def test_the_cut_out_lies_within_the_picture(box: tuple[int, int, int, int]) -> None:
    cut = cut_out(live("obama.jpg"), box)
    assert cut.size > 0
    assert cut.shape[0] <= FRAME_HEIGHT
    assert cut.shape[1] <= FRAME_WIDTH


def test_the_parts_of_a_movement_grow() -> None:
    parts = [MOVEMENTS["closer"].part(share).growth for share in (0.0, 0.5, 1.0)]
    assert parts[0] == 1.0
    assert all(one < other for one, other in pairwise(parts))
