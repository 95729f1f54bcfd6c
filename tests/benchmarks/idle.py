"""What a device costs while nobody comes: the driver, its threads and its children, without the far end."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from kiosk.assembly.devices import open_devices
from kiosk.bench.configure import village_ini
from kiosk.bench.village import Village
from kiosk.settings import Settings, load_text
from kiosk.watch import LOOK_EVERY_S
from tests.benchmarks.figures import Figure
from tests.benchmarks.village import PROJECT, SETUP

WARM_S = 6.0
MEASURED_S = 24.0
GOAL_PER_CENT = 0.5
ONLY: dict[str, dict[tuple[str, str], str]] = {
    "card": {("camera", "source"): "", ("receipt_printer", "address"): "none"},
    "printer": {("camera", "source"): "", ("card_reader", "kind"): "none"},
    "camera_and_face": {("card_reader", "kind"): "none", ("receipt_printer", "address"): "none"},
}
DEVICES_IN = {"camera_and_face": 2}


def idle_cpu() -> list[Figure]:
    """Per cent of one core a device, looked at every `LOOK_EVERY_S` as a standing terminal does."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        village = Village(SETUP / "faces", 1, use_helper_slot=False)
        try:
            for name, changes in ONLY.items():
                text = village_ini(PROJECT, {**village.settings(), **changes}, Path(folder) / name)
                settings, problems = load_text(text, "kiosk.ini", Path(folder))
                assert settings is not None, problems
                (Path(folder) / name).mkdir()
                per_cent = _cost(settings) / DEVICES_IN.get(name, 1)
                beside = {"seconds": MEASURED_S, "devices": DEVICES_IN.get(name, 1)}
                figures.append(Figure(f"idle_cpu_{name}", per_cent, "% a device", GOAL_PER_CENT, beside))
        finally:
            village.close()
    return figures


def _cost(settings: Settings) -> float:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_stand, args=(settings, theirs))
    process.start()
    try:
        ours.recv()  # the devices are open
        time.sleep(WARM_S)
        before_s, began_s = _used(process.pid), time.monotonic()
        time.sleep(MEASURED_S)
        return 100 * (_used(process.pid) - before_s) / (time.monotonic() - began_s)
    finally:
        ours.send("end")
        process.join()


def _used(pid: int | None) -> float:
    """Seconds of processor time of a process and its living children."""
    tree = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in (tree, *tree.children(recursive=True)))


def _stand(settings: Settings, told: Connection) -> None:
    import contextlib

    with contextlib.ExitStack() as stack:
        devices = open_devices(settings, stack).named().values()
        looks: list[Callable[[], object]] = [device.probe for device in devices]
        told.send("open")
        while not told.poll(LOOK_EVERY_S):
            for look in looks:
                look()
