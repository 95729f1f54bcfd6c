"""From SIGKILL of a device's child to the device being ready again."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import SimulatedCamera
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.virtual_service import VirtualService
from drivers.contract import Device, Ok
from drivers.document_camera.camera import CameraForDocuments
from drivers.face.verifier import ProcessFaceVerifier
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.port_usb import UsbCable
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_usb import UsbEnd
from drivers.worker import STEADY_S
from kiosk.bench.people import SIGHTS
from kiosk.bench.scenes import scene
from tests.benchmarks.figures import Figure
from tests.benchmarks.village import PROJECT, SETUP
from tests.drivers.receipt_printer.slips import fonts

D = TypeVar("D", bound=Device)
KILLS = 3
PATIENCE_S = 60.0
POLL_S = 0.01
CALM_S = STEADY_S + 1.0
"""Before each kill the child has lived and answered for so long that it is a first death and no restart storm."""


def restart_of_children() -> list[Figure]:
    """Every child that a terminal may have, but the token's, which no terminal has yet.

    One is killed at a time; the calm before is shared, since a device that stands idle takes next to nothing.
    """
    with ExitStack() as opened:
        devices = list(_devices(opened))
        for _, device, _ in devices:
            _until_ready(device)
        took_s: dict[str, list[float]] = {name: [] for name, _, _ in devices}
        for _ in range(KILLS):
            time.sleep(CALM_S)
            for name, device, pid_of in devices:
                took_s[name].append(_restart_s(device, pid_of))
    return [_figure(name, seconds) for name, seconds in took_s.items()]


def _devices(opened: ExitStack) -> Iterator[tuple[str, Device, Callable[[], int | None]]]:
    def close_after(device: D) -> D:
        opened.callback(device.close)
        return device

    far_end = SimulatedCamera(scene(next(iter(SIGHTS.values())), SETUP / "faces"))
    opened.callback(far_end.close)
    camera = close_after(OpencvCamera(far_end.address, demo=True))
    yield "camera", camera, lambda: camera._worker.pid if camera._worker else None
    desk = close_after(CameraForDocuments(OpencvCamera(far_end.address, demo=True)))
    yield "document_camera", desk, lambda: desk._worker.pid
    face = close_after(
        ProcessFaceVerifier(
            SETUP / "models",
            PROJECT / "drivers" / "face" / "calibration" / "demo.json",
            SETUP / "trust" / "calibration.pub",
            demo=True,
        )
    )
    yield "face", face, lambda: face._worker.pid if face._worker else None
    folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
    cable = UsbEnd()
    opened.enter_context(SimulatedPrinter(cable))
    printer = close_after(EscposPrinter("usb:", fonts(), folder / "jobs.jsonl", usb_bridge=cable.bridge))
    yield "usb_printer", printer, lambda: printer._way.pid if isinstance(printer._way, UsbCable) else None
    service = VirtualService()
    assert isinstance(service.start(), Ok)
    opened.callback(service.stop)
    reader = close_after(PcscReader())
    yield "pcsc_reader", reader, lambda: reader.child_pid


def _restart_s(device: Device, pid_of: Callable[[], int | None]) -> float:
    _until_ready(device)
    pid = pid_of()
    assert pid is not None
    began_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    while pid_of() in (pid, None) and time.monotonic() - began_s < PATIENCE_S:
        time.sleep(POLL_S)
    _until_ready(device)
    return time.monotonic() - began_s


def _figure(name: str, took_s: list[float]) -> Figure:
    beside = {"shortest_s": min(took_s), "kills": KILLS}
    return Figure(f"{name}_restart_longest", max(took_s), "s", 3.0, beside)


def _until_ready(device: Device) -> None:
    ends_s = time.monotonic() + PATIENCE_S
    while not device.probe().usable and time.monotonic() < ends_s:
        time.sleep(POLL_S)
    assert device.status().usable, device.status()
