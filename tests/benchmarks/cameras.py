"""How old a picture is when it can be had, and how long a change before the lens takes to be seen."""

from __future__ import annotations

import time

from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import SimulatedCamera
from drivers.contract import Ok
from kiosk.bench.people import SIGHTS
from kiosk.bench.scenes import scene
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.village import SETUP

FRAMES = 200
CHANGES = 20
POLL_S = 0.002
PATIENCE_S = 30.0
NS_PER_MS = 1_000_000
GREY_LEVELS_APART = 2.0


def camera_frame_age() -> list[Figure]:
    """Age at the first moment when `latest` gives the picture; and from the sight's change to its picture."""
    faces = SETUP / "faces"
    sights = [scene(SIGHTS[name], faces) for name in list(SIGHTS)[:2]]
    far_end = SimulatedCamera(sights[0])
    camera = OpencvCamera(far_end.address, demo=True)
    try:
        began_s = time.monotonic()
        assert isinstance(camera.open(), Ok)
        ages_ms: list[float] = []
        seen = -1
        while len(ages_ms) < FRAMES and time.monotonic() - began_s < PATIENCE_S:
            match camera.latest():
                case Ok(frame) if frame.sequence != seen:
                    ages_ms.append((time.monotonic_ns() - frame.captured_monotonic_ns) / NS_PER_MS)
                    seen = frame.sequence
            time.sleep(POLL_S)
        changes_ms = [_change(far_end, camera, sights[turn % 2]) for turn in range(1, CHANGES + 1)]
    finally:
        camera.close()
        far_end.close()
    return [
        Figure("camera_frame_age_p95", percentile(ages_ms, 95), "ms", None,
               {"median_ms": percentile(ages_ms, 50), "frames": len(ages_ms)}),
        Figure("camera_change_seen_p95", percentile(changes_ms, 95), "ms", None,
               {"median_ms": percentile(changes_ms, 50), "changes": len(changes_ms)}),
    ]  # fmt: skip


def _change(far_end: SimulatedCamera, camera: OpencvCamera, sight: bytes) -> float:
    before = camera.latest()
    mean = float(before.value.pixels.mean()) if isinstance(before, Ok) else 0.0
    began_s = time.monotonic()
    far_end.show(sight)
    while time.monotonic() - began_s < PATIENCE_S:
        match camera.latest():
            case Ok(frame) if abs(float(frame.pixels.mean()) - mean) > GREY_LEVELS_APART:
                break
        time.sleep(POLL_S)
    return (time.monotonic() - began_s) * 1000
