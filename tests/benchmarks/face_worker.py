"""The terminal's own face process under measurement: how it is made, its memory, its times."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from drivers.contract import Cause
from drivers.face.verifier import DEADLINE_S, ProcessFaceVerifier
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.idle import clock_of
from tests.benchmarks.village import PROJECT, SETUP

PATIENCE_S = 60.0
T = TypeVar("T")
V = TypeVar("V", bound=ProcessFaceVerifier)


class NotReadyError(Exception):
    """The face process does not answer, so that nothing more can be measured of it; the text says why."""


def verifier_of(kind: type[V], *, deadline_s: float | None = None) -> V:
    """With the models of set-up, the demo's calibration and, unless another is given, the terminal's deadline."""
    return kind(
        SETUP / "models",
        PROJECT / "drivers" / "face" / "calibration" / "demo.json",
        SETUP / "trust" / "calibration.pub",
        demo=True,
        deadline_s=DEADLINE_S if deadline_s is None else deadline_s,
    )


def ready(verifier: ProcessFaceVerifier) -> int:
    """The process's number, once it answers. `NotReadyError` where it does not within `PATIENCE_S` or never will."""
    ends_s = time.monotonic() + PATIENCE_S
    while not (status := verifier.probe()).usable:
        if status.cause in (Cause.FACE_UNCALIBRATED, Cause.FACE_MODEL_MISSING) or time.monotonic() > ends_s:
            message = f"{status}; is the calibration signed (main.py demo-sign)?"
            raise NotReadyError(message)
        time.sleep(0.05)
    pid = verifier._worker.pid if verifier._worker else None
    if pid is None:
        message = "the process ended as soon as it answered"
        raise NotReadyError(message)
    return pid


def cpu_of(pid: int) -> Callable[[], float]:
    """The processor time of a process so far; NaN once it has ended, which whoever asks it is told anyway."""
    clock = clock_of(pid)

    def cpu_s() -> float:
        try:
            return time.clock_gettime(clock)
        except OSError:
            return math.nan

    return cpu_s


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident now and at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    resident, highest = (int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    return resident, highest


class Stage:
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
        self.add(time.perf_counter() - wall_s, self._cpu_s() - cpu_s)
        return done

    def of_done(self, work: Callable[[], bool]) -> bool:
        """Counted only if it was done: how soon something fails is no time of it."""
        wall_s, cpu_s = time.perf_counter(), self._cpu_s()
        if done := work():
            self.add(time.perf_counter() - wall_s, self._cpu_s() - cpu_s)
        return done

    def add(self, wall_s: float, cpu_s: float) -> None:
        self.wall_ms.append(1000 * wall_s)
        self.cpu_ms.append(1000 * cpu_s)

    def figure(self, name: str, goal: float | None = None, **more: float) -> Figure:
        """Unknown (NaN) where nothing was measured."""
        beside = {
            "p50": percentile(self.wall_ms, 50),
            "runs": float(len(self.wall_ms)),
            "load_average": load_average(),
            "cpu_p50": percentile(self.cpu_ms, 50),
            "cpu_p95": percentile(self.cpu_ms, 95),
            **more,
        }
        return Figure(f"{name}_p95", percentile(self.wall_ms, 95), "ms", goal, beside)


def load_average() -> float:
    """Of the last minute: what else the machine had to do."""
    return os.getloadavg()[0]
