"""How long a face takes on one core, and how much memory its process."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.contract import Frame
from drivers.contract import Ok
from drivers.face.embedder import Embedder
from drivers.face.evaluation.card_photos import JPEG_2048, card_photo, read_picture
from drivers.face.evaluation.data_set import DataSet, Role
from drivers.face.verifier import ProcessFaceVerifier
from kiosk.journey.face_attempt import FRAMES_WANTED
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.idle import clock_of
from tests.benchmarks.village import PROJECT, SETUP

FRAMES = 40
WIDTH, HEIGHT = 640, 480
PATIENCE_S = 60.0
T = TypeVar("T")


def faces_speed(data: DataSet) -> list[Figure]:
    """On one core, which nothing else should use: the load average stands beside the times."""
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
    return [*stages, *_worker(frames, cards[0], core)]


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


class _Stage:
    """Times of one step: of the clock, and of the processor alone, which others' work hardly lengthens.

    `cpu_s`: the processor time so far of who does the work.
    """

    def __init__(self, cpu_s: Callable[[], float] = time.thread_time) -> None:
        self._cpu_s = cpu_s
        self.wall_ms: list[float] = []
        self.cpu_ms: list[float] = []

    def of(self, work: Callable[[], T]) -> T:
        wall_s, cpu_s = time.perf_counter(), self._cpu_s()
        done = work()
        self.cpu_ms.append(1000 * (self._cpu_s() - cpu_s))
        self.wall_ms.append(1000 * (time.perf_counter() - wall_s))
        return done

    def figure(self, name: str, goal: float | None = None) -> Figure:
        beside = {
            "p50": percentile(self.wall_ms, 50),
            "runs": float(len(self.wall_ms)),
            "load_average": os.getloadavg()[0],
            "cpu_p50": percentile(self.cpu_ms, 50),
            "cpu_p95": percentile(self.cpu_ms, 95),
        }
        return Figure(f"{name}_p95", percentile(self.wall_ms, 95), "ms", goal, beside)


def _stages(frames: list[NDArray[np.uint8]], cards: list[bytes]) -> list[Figure]:
    embedder = Embedder(SETUP / "models")
    stages = {"card_photo": _Stage(), "detect": _Stage(), "quality_gate": _Stage()}
    embeds = {matcher.name: _Stage() for matcher in embedder.matchers}
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


def _worker(frames: list[NDArray[np.uint8]], card: bytes, core: int) -> list[Figure]:
    """The terminal's own child process, asked as the terminal asks it."""
    verifier = ProcessFaceVerifier(
        SETUP / "models",
        PROJECT / "drivers" / "face" / "calibration" / "demo.json",
        SETUP / "trust" / "calibration.pub",
        demo=True,
    )
    try:
        pid = _ready(verifier)
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})
        clock = clock_of(pid)
        stages = _Stage(lambda: time.clock_gettime(clock)), _Stage(lambda: time.clock_gettime(clock))
        _decide(verifier, frames, card, dict(zip((1, FRAMES_WANTED), stages, strict=True)))
        resident, highest = _memory_mb(pid)
    finally:
        verifier.close()
    return [
        stages[0].figure("one_frame_decision", 250.0),
        stages[1].figure("decision_from_the_first_usable_frame", 1500.0),
        Figure("worker_rss_highest", highest, "MB", 400.0, {"at_the_end": resident}),
    ]


def _ready(verifier: ProcessFaceVerifier) -> int:
    ends_s = time.monotonic() + PATIENCE_S
    while not verifier.probe().usable:
        assert time.monotonic() < ends_s, (
            f"{verifier.status()}; is the calibration signed (main.py demo-sign)?"
        )
        time.sleep(0.05)
    pid = verifier._worker.pid if verifier._worker else None
    assert pid is not None
    return pid


def _decide(
    verifier: ProcessFaceVerifier, frames: list[NDArray[np.uint8]], card: bytes, stages: Mapping[int, _Stage]
) -> None:
    """Decisions over so many usable frames (the keys), each measured in its stage."""
    assert isinstance(verifier.set_reference(card), Ok)
    sequence = itertools.count(1)

    def examine(pixels: NDArray[np.uint8]) -> bool:
        number = next(sequence)
        return isinstance(verifier.examine(Frame(pixels, number, number)), Ok)

    usable: list[NDArray[np.uint8]] = []
    for pixels in frames:
        if len(usable) < FRAMES and examine(pixels):
            usable.append(pixels)
    assert usable, "no picture passes the quality gate as a live frame"
    verifier.decide()
    for number, stage in stages.items():
        for start in range(len(usable)):
            shown = [usable[(start + n) % len(usable)] for n in range(number)]

            def decide(shown: list[NDArray[np.uint8]] = shown) -> bool:
                return all(map(examine, shown)) and isinstance(verifier.decide(), Ok)

            assert stage.of(decide), "a usable frame was not usable again, or nothing was decided"


def _memory_mb(pid: int) -> tuple[float, float]:
    """Resident now and at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    resident, highest = (int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    return resident, highest
