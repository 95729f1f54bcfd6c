"""Whole visits before the camera, with movements and the passive model: how long, how live a picture, how much memory.

Everything runs as in the terminal, the window apart: the camera's process on a simulated lens, the slot, the face
process, `attempt` with `PromptCheck`. The head is the bench's, bent out of one portrait of set-up. It moves at once
when it is asked, 0.4 s for each way: no reading is in the figures, and no slowness of a neck.
"""

from __future__ import annotations

import itertools
import math
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np
import psutil
from numpy.typing import NDArray

from drivers.camera.contract import Frame
from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import SimulatedCamera
from drivers.card_reader import framing, simulated_photo
from drivers.contract import Failed, Ok
from drivers.face.contract import FaceFailure, Guidance
from drivers.face.liveness.checks import PromptCheck
from drivers.face.liveness.contract import Prompt, Seen
from drivers.face.verifier import ProcessFaceVerifier
from kiosk.bench.people import PEOPLE, SIGHTS
from kiosk.bench.scenes import moved, scene
from kiosk.journey.face_attempt import Answer, attempt
from screens.port import PREVIEW_HZ
from tests.benchmarks.face_worker import (
    PATIENCE_S,
    NotReadyError,
    Stage,
    cpu_of,
    load_average,
    memory_mb,
    ready,
    verifier_of,
)
from tests.benchmarks.figures import Figure
from tests.benchmarks.village import SETUP

VISITS = 12
STOPS = 6
"""A stopped process is ended within a second, so that each of these is a part of one."""
NS = 1_000_000_000


def faces_visit(
    say: Callable[[str], None], visits: int = VISITS, stops: int = STOPS, *, moves: bool = True
) -> list[Figure]:
    """Some seconds each. Unknown (NaN) is what none of them showed; `say` is told of a face process that does not
    answer. `moves`: whether the resident does what is asked.
    """
    with _stand(moves) as stand:
        try:
            for _ in range(visits):
                stand.visit()
            for _ in range(stops):
                stand.stop()
        except NotReadyError as error:
            say(f"no more visits are measured: {error}")
        return stand.figures()


class _Camera(OpencvCamera):
    """The terminal's camera, which says when it is about to stop and how many pictures its process gave."""

    before_stop: Callable[[], None] | None = None

    @property
    def pictures(self) -> int:
        """Since it was opened."""
        return self._slot.sequence

    def stop(self) -> None:
        if self.before_stop is not None:
            self.before_stop()
        super().stop()


class _Preview:
    """What a window gets of the camera's pictures, asking as `screens.window` does; over several spans of time.

    `taken`: how many the camera's process gave meanwhile. `shown`: how many different ones of them came out.
    """

    def __init__(self, camera: _Camera) -> None:
        self._camera = camera
        self.taken = self.shown = 0
        self.seconds = 0.0

    def begin(self) -> None:
        """From now until the camera is told to stop."""
        seen: set[int] = set()
        ending = threading.Event()
        before, began_s = self._camera.pictures, time.monotonic()

        def look() -> None:
            for tick in itertools.count(1):
                match self._camera.latest():
                    case Ok(frame) if frame.sequence > before:
                        seen.add(frame.sequence)
                if ending.wait(max(0.0, began_s + tick / PREVIEW_HZ - time.monotonic())):
                    return

        thread = threading.Thread(target=look)

        def end() -> None:
            self._camera.before_stop = None
            last, ended_s = self._camera.pictures, time.monotonic()
            ending.set()
            thread.join()
            if last >= before:  # else the camera had stopped before this began
                self.taken += last - before
                self.shown += sum(number <= last for number in seen)
                self.seconds += ended_s - began_s

        self._camera.before_stop = end
        thread.start()

    def figure(self, name: str) -> Figure:
        per_s = 1 / self.seconds if self.seconds else math.nan
        beside = {
            "camera_per_s": self.taken * per_s,
            "preview_per_s": self.shown * per_s,
            "camera_frames": float(self.taken),
            "seconds": self.seconds,
            "load_average": load_average(),
        }
        ratio = self.shown / self.taken if self.taken else math.nan
        return Figure(name, ratio, "of the camera's rate", None, beside)


@dataclass(slots=True)
class _Times:
    """Of all visits. A sighting is of a frame in between, or of one that will be compared; the first
    of these also loads the passive model and asks it.
    """

    moving: Stage = field(default_factory=Stage)
    compared: Stage = field(default_factory=Stage)
    first: Stage = field(default_factory=Stage)
    visit: Stage = field(default_factory=Stage)
    answer: Stage = field(default_factory=Stage)


@dataclass(slots=True)
class _Moment:
    """When a frame was captured, and the worker's processor time when the work on it began."""

    captured_ns: int
    cpu_s: float

    def until(self, ended_ns: int, cpu_s: float, stage: Stage) -> None:
        stage.add((ended_ns - self.captured_ns) / NS, cpu_s - self.cpu_s)


class _Verifier(ProcessFaceVerifier):
    """The terminal's verifier, which writes down when what was asked of it."""

    def measure(self, times: _Times, check: PromptCheck, on_first_usable: Callable[[], None]) -> None:
        """Another visit, in whichever process answers now."""
        self._times, self._check, self._on_first_usable = times, check, on_first_usable
        self.cpu_s = cpu_of(ready(self))
        self.first_usable: _Moment | None = None
        self.last_movement: _Moment | None = None
        self._examined_ns = 0

    def examine(self, frame: Frame) -> Ok[None] | Failed[FaceFailure | Guidance]:
        began = _Moment(frame.captured_monotonic_ns, self.cpu_s())
        answered = super().examine(frame)
        if isinstance(answered, Ok):
            self._examined_ns = frame.captured_monotonic_ns
            if self.first_usable is None:
                self.first_usable = began
                self._on_first_usable()
        return answered

    def sight(self, frame: Frame, *, passive: bool = False) -> Ok[Seen] | Failed[FaceFailure | Guidance]:
        is_compared = frame.captured_monotonic_ns == self._examined_ns
        began, began_s = _Moment(frame.captured_monotonic_ns, self.cpu_s()), time.perf_counter()
        is_asked = not is_compared and not self._check.finished
        found = super().sight(frame, passive=passive)
        if isinstance(found, Ok):
            took_s = time.perf_counter() - began_s
            times = self._times
            stage = times.first if passive else times.compared if is_compared else times.moving
            stage.add(took_s, self.cpu_s() - began.cpu_s)
            self.last_movement = began if is_asked else self.last_movement
        return found


class _Hall:
    """What is before the lens: nobody, then a resident who does what is asked and is straight again after it."""

    def __init__(self) -> None:
        faces, who = SETUP / "faces", SIGHTS["zhou_today"]
        self._nobody, self._still = scene(SIGHTS["street"], faces), scene(who, faces)
        self.lens = SimulatedCamera(self._nobody)
        # Made before anything is measured: to bend a picture is no work of a terminal's.
        self._out = {prompt: moved(who, faces, "", prompt.value) for prompt in Prompt}
        self._back = {prompt: moved(who, faces, prompt.value, "") for prompt in Prompt}
        self._is_empty, self._shown = True, list[Prompt]()

    def leave(self) -> None:
        self.lens.show(self._nobody)
        self._is_empty, self._shown = True, []

    def come(self) -> None:
        if self._is_empty:
            self.lens.show(self._still)
            self._is_empty = False

    def move(self, prompt: Prompt | None) -> None:
        asked = [] if prompt is None else [prompt]
        if asked != self._shown:
            pictures: list[NDArray[np.uint8]] = []
            for made, way in ((self._shown, self._back), (asked, self._out)):
                pictures += [picture for one in made for picture in way[one]]
            self.lens.play_pictures(pictures)
            self._shown = asked


class _Stand:
    """Lens, camera and verifier, and what was measured on them so far."""

    def __init__(self, hall: _Hall, camera: _Camera, verifier: _Verifier, *, moves: bool) -> None:
        self._hall, self._camera, self._verifier, self._moves = hall, camera, verifier, moves
        self._card = _card_photo()
        self._times = _Times()
        self._deciding, self._stopped = _Preview(camera), _Preview(camera)
        self._ended = Counter[str]()
        self._memory_mb: list[tuple[float, float]] = []

    def visit(self) -> None:
        """To the decision or to whatever else came of it; the next one has a process of its own."""
        verifier, times = self._verifier, self._times
        check = PromptCheck(verifier)
        check.begin(again=False)
        verifier.measure(times, check, self._deciding.begin)
        answer = self._attempt(check, moves=self._moves)
        ended_ns = time.monotonic_ns()
        if isinstance(answer, Ok):
            assert verifier.first_usable is not None
            assert verifier.last_movement is not None
            cpu_s = verifier.cpu_s()
            verifier.first_usable.until(ended_ns, cpu_s, times.visit)
            verifier.last_movement.until(ended_ns, cpu_s, times.answer)
            if check.record().passive is not None:
                self._memory_mb.append(memory_mb(ready(verifier)))
        self._note(answer)
        verifier.forget()

    def _note(self, answer: Answer | None) -> None:
        match answer:
            case Ok(comparison):
                self._ended["accepted" if comparison.accepted else "not_accepted"] += 1
            case Failed(reason):
                self._ended[f"ended_{reason.value}"] += 1
            case None:
                pass

    def stop(self) -> None:
        """The worker is stopped while a movement is asked that nobody makes, until the terminal has noticed it."""
        verifier = self._verifier
        usable = threading.Event()
        check = PromptCheck(verifier, prompt_s=PATIENCE_S)
        check.begin(again=False)
        verifier.measure(_Times(), check, usable.set)  # times beside a stopped process are nobody's
        looking = threading.Thread(target=self._attempt, args=(check,), kwargs={"moves": False})
        looking.start()
        try:
            if usable.wait(PATIENCE_S):
                worker = psutil.Process(ready(verifier))
                worker.send_signal(signal.SIGSTOP)
                self._stopped.begin()
        finally:
            looking.join()
            self._camera.stop()
        verifier.forget()

    def _attempt(self, check: PromptCheck, *, moves: bool) -> Answer | None:
        hall = self._hall
        hall.leave()

        def guide(_guidance: Guidance | None, _points: bool, prompt: Prompt | None) -> None:
            hall.come()
            if moves:
                hall.move(prompt)

        return attempt(self._camera, self._verifier, self._card, threading.Event(), guide, check)

    def figures(self) -> list[Figure]:
        times = self._times
        visits = {"visits": float(self._ended.total()), **{why: float(n) for why, n in self._ended.items()}}
        highest = max((highest for _, highest in self._memory_mb), default=math.nan)
        resident = max((resident for resident, _ in self._memory_mb), default=math.nan)
        return [
            times.moving.figure("sighting_of_a_movement"),
            times.compared.figure("sighting_of_a_compared_frame"),
            times.first.figure("sighting_that_loads_the_passive_model"),
            times.visit.figure("visit_from_the_first_usable_frame_to_the_decision", 1500.0, **visits),
            times.answer.figure("decision_after_the_last_movement"),
            self._deciding.figure("preview_while_deciding"),
            self._stopped.figure("preview_while_the_worker_is_stopped"),
            Figure(
                "worker_rss_highest_with_everything_loaded",
                highest,
                "MB",
                400.0,
                {"at_the_decision": resident, "visits": float(len(self._memory_mb))},
            ),
        ]


@contextmanager
def _stand(moves: bool) -> Iterator[_Stand]:
    with ExitStack() as stack:
        hall = _Hall()
        stack.callback(hall.lens.close)
        camera = _Camera(hall.lens.address, demo=True)
        stack.callback(camera.close)
        verifier = verifier_of(_Verifier)
        stack.callback(verifier.close)
        yield _Stand(hall, camera, verifier, moves=moves)


def _card_photo() -> bytes:
    """As the terminal has it from the chip."""
    who = PEOPLE["zhou"].card_face
    assert who is not None
    left, top, right, bottom = who.face
    picture = (SETUP / "faces" / who.file).read_bytes()
    framed = framing.frame_portrait(picture, (left, top, right - left, bottom - top))
    return simulated_photo.decode(simulated_photo.encode(framed))
