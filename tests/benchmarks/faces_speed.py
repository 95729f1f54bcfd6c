"""How long a face takes on one core, and how much memory its process."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.contract import Frame
from drivers.contract import Failed, Ok
from drivers.face.card_photos import JPEG_2048, card_photo, read_picture
from drivers.face.embedder import Embedder
from drivers.face.evaluation.data_set import DataSet, Role
from drivers.face.verifier import ProcessFaceVerifier
from kiosk.journey.face_attempt import FRAMES_WANTED
from tests.benchmarks.face_worker import (
    PATIENCE_S,
    NotReadyError,
    Stage,
    cpu_of,
    memory_mb,
    ready,
    verifier_of,
)
from tests.benchmarks.figures import Figure
from tests.benchmarks.village import SETUP

FRAMES = 40
WIDTH, HEIGHT = 640, 480


def faces_speed(data: DataSet, say: Callable[[str], None]) -> list[Figure]:
    """On one core, which nothing else should use: the load average stands beside the times.

    Unknown (NaN) is what the face process did not answer; `say` is told why.
    """
    frames = [
        _as_frame(data.read(picture)) for picture in data.pictures if picture.role is not Role.REFERENCE
    ]
    cards = [
        card_photo(data.read(picture), JPEG_2048)
        for picture in data.pictures
        if picture.role is not Role.LIVE
    ]
    core = min(os.sched_getaffinity(0))
    with _pinned(core):
        stages = _stages(frames[:FRAMES], cards[:FRAMES])
    return [*stages, *_worker(frames, cards[0], core, say)]


def _as_frame(picture: bytes) -> NDArray[np.uint8]:
    """As large as a camera's frame, the picture in its middle: the detector's work grows with the frame."""
    pixels = read_picture(picture)
    height, width = pixels.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    large = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    right, below = WIDTH - large.shape[1], HEIGHT - large.shape[0]
    border = (below // 2, below - below // 2, right // 2, right - right // 2)
    return np.asarray(cv2.copyMakeBorder(large, *border, cv2.BORDER_REPLICATE), np.uint8)


@contextmanager
def _pinned(core: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _stages(frames: list[NDArray[np.uint8]], cards: list[bytes]) -> list[Figure]:
    embedder = Embedder(SETUP / "models")
    stages = {"card_photo": Stage(), "detect": Stage(), "quality_gate": Stage()}
    embeds = {matcher.name: Stage() for matcher in embedder.matchers}
    embedder.live(frames[0], embedder.gate.judge)  # the first run fills caches
    for card in cards:
        stages["card_photo"].of(lambda card=card: embedder.card(card))  # type: ignore[misc]
    for bgr in frames:
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        found = stages["detect"].of(lambda rgb=rgb: embedder.faces(rgb))  # type: ignore[misc]
        stages["quality_gate"].of(lambda rgb=rgb, found=found: embedder.gate.judge(rgb, found))  # type: ignore[misc]
        for face in found[:1]:
            for matcher in embedder.matchers:
                embeds[matcher.name].of(lambda m=matcher, rgb=rgb, face=face: m.embed(rgb, face))  # type: ignore[misc]
    names = {**stages, **{f"align_and_embed_{name}": stage for name, stage in embeds.items()}}
    return [stage.figure(name) for name, stage in names.items()]


def _worker(
    frames: list[NDArray[np.uint8]], card: bytes, core: int, say: Callable[[str], None]
) -> list[Figure]:
    """The terminal's own child process, asked as the terminal asks it, but never ended for being slow: that is a
    figure here.
    """
    verifier = verifier_of(ProcessFaceVerifier, deadline_s=PATIENCE_S)
    one, several = Stage(), Stage()
    resident = highest = math.nan
    try:
        pid = ready(verifier)
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})
        one, several = Stage(cpu_of(pid)), Stage(cpu_of(pid))
        _decide(verifier, frames, card, {1: one, FRAMES_WANTED: several})
        resident, highest = memory_mb(ready(verifier))
    except NotReadyError as error:
        say(f"not measured: {error}")
    finally:
        verifier.close()
    return [
        one.figure("one_frame_decision", 250.0),
        several.figure("decision_from_the_first_usable_frame", 1500.0),
        Figure("worker_rss_highest", highest, "MB", 400.0, {"at_the_end": resident}),
    ]


def _decide(
    verifier: ProcessFaceVerifier, frames: list[NDArray[np.uint8]], card: bytes, stages: Mapping[int, Stage]
) -> None:
    """Decisions over so many usable frames (the keys), each measured in its stage.

    `NotReadyError` at the first that was not made: the process is another one then, and knows no card.
    """
    if isinstance(taken := verifier.set_reference(card), Failed):
        message = f"the card's photo was not taken: {taken}"
        raise NotReadyError(message)
    sequence = itertools.count(1)

    def examine(pixels: NDArray[np.uint8]) -> bool:
        number = next(sequence)
        return isinstance(verifier.examine(Frame(pixels, number, number)), Ok)

    usable: list[NDArray[np.uint8]] = []
    for pixels in frames:
        if len(usable) < FRAMES and examine(pixels):
            usable.append(pixels)
    if not usable:
        message = "no picture passes the quality gate as a live frame"
        raise NotReadyError(message)
    verifier.decide()
    for number, stage in stages.items():
        for start in range(len(usable)):
            shown = [usable[(start + n) % len(usable)] for n in range(number)]

            def decide(shown: list[NDArray[np.uint8]] = shown) -> bool:
                return all(map(examine, shown)) and isinstance(verifier.decide(), Ok)

            if not stage.of_done(decide):
                message = "a usable frame was not usable again, or nothing was decided"
                raise NotReadyError(message)
