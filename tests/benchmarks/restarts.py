"""From SIGKILL of a device's child to the device being ready again."""

from __future__ import annotations

import os
import signal
import time

from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import SimulatedCamera
from drivers.contract import Device
from drivers.face.verifier import ProcessFaceVerifier
from drivers.worker import STEADY_S, Worker
from kiosk.bench.people import SIGHTS
from kiosk.bench.scenes import scene
from tests.benchmarks.figures import Figure
from tests.benchmarks.village import PROJECT, SETUP

KILLS = 3
PATIENCE_S = 60.0
POLL_S = 0.01
CALM_S = STEADY_S + 1.0
"""Before each kill the child has lived and answered for so long that it is a first death and no restart storm."""


def restart_of_children() -> list[Figure]:
    far_end = SimulatedCamera(scene(next(iter(SIGHTS.values())), SETUP / "faces"))
    camera = OpencvCamera(far_end.address, demo=True)
    face = ProcessFaceVerifier(
        SETUP / "models",
        PROJECT / "drivers" / "face" / "calibration" / "demo.json",
        SETUP / "trust" / "calibration.pub",
    )
    try:
        return [_restarts("camera", camera, camera._worker), _restarts("face", face, face._worker)]
    finally:
        face.close()
        camera.close()
        far_end.close()


def _restarts(name: str, device: Device, worker: Worker | None) -> Figure:
    assert worker is not None
    _until_ready(device)
    took_s = []
    for _ in range(KILLS):
        time.sleep(CALM_S)
        _until_ready(device)
        pid = worker.pid
        assert pid is not None
        began_s = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        while worker.pid in (pid, None) and time.monotonic() - began_s < PATIENCE_S:
            time.sleep(POLL_S)
        _until_ready(device)
        took_s.append(time.monotonic() - began_s)
    return Figure(
        f"{name}_restart_longest", max(took_s), "s", 3.0, {"shortest_s": min(took_s), "kills": KILLS}
    )


def _until_ready(device: Device) -> None:
    ends_s = time.monotonic() + PATIENCE_S
    while not device.probe().usable and time.monotonic() < ends_s:
        time.sleep(POLL_S)
    assert device.status().usable, device.status()
