"""The steps. Each uses the real driver once and says how it went; none says anything of a person."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from drivers.camera.contract import Camera
from drivers.card_reader.contract import CardReader
from drivers.contract import CheckOutcome, Device, DeviceState, Failed, Ok, Outcome
from drivers.receipt_printer.contract import ReceiptPrinter, Slip
from kiosk.round_trip import round_trip
from offline_queue.link import Link
from offline_queue.store import Outbox

SYNC_ROUNDS = 20
SYNC_BYTES = 4096
"""A page of the queue's database."""
FRAMES = 30
FRAMES_WITHIN_S = 10.0
FRAME_POLL_S = 0.005
OPENING_S = 20.0
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """How one part did. `detail` names kinds and causes; `measured`: what -> number, unit in the name."""

    name: str
    outcome: CheckOutcome
    detail: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "measured": {key: round(value, 2) for key, value in self.measured.items()},
        }


def passed(name: str, detail: str = "", **measured: float) -> Step:
    return Step(name, CheckOutcome.PASSED, detail, measured)


def failed(name: str, detail: str) -> Step:
    return Step(name, CheckOutcome.FAILED, detail)


def not_done(name: str, detail: str) -> Step:
    return Step(name, CheckOutcome.NOT_DONE, detail)


def queue_fsync(folder: Path) -> Step:
    """Write and fsync as a commit does, in the queue's folder: a slow or lying disk shows here."""
    name, path, took_ms = "queue_fsync", folder / "selftest.probe", []
    try:
        with path.open("wb", buffering=0) as file:
            for _ in range(SYNC_ROUNDS):
                began_ns = time.monotonic_ns()
                file.write(os.urandom(SYNC_BYTES))
                os.fsync(file.fileno())
                took_ms.append((time.monotonic_ns() - began_ns) / NS_PER_MS)
    except OSError as error:
        return failed(name, error.strerror or type(error).__name__)
    finally:
        path.unlink(missing_ok=True)
    return passed(name, median_ms=statistics.median(took_ms), longest_ms=max(took_ms))


def sync_round_trip(link: Link, outbox: Outbox) -> Step:
    """A signed, empty batch to the centre and back."""
    match round_trip(link, outbox):
        case Ok(took_ms):
            return passed("sync_round_trip", took_ms=took_ms)
        case Failed(cause, detail):
            return failed("sync_round_trip", f"{cause} {detail}".strip())


def card_read(reader: CardReader | None, wait_s: float, please: Callable[[], None]) -> Step:
    """Read whatever card is put on the pad; only its kind and its evidence are told."""
    name = "card_read"
    if reader is None:
        return not_done(name, "not fitted")
    please()
    began_s = time.monotonic()
    match reader.read(wait_s, Event()):
        case Ok(read):
            evidence = ", ".join(f"{check.name} {check.outcome.value}" for check in read.evidence)
            photo = "photo" if read.photo else "no photo"
            took_ms = (time.monotonic() - began_s) * 1000
            return passed(name, f"{read.document.kind.value}, {photo}; {evidence}", took_ms=took_ms)
        case Failed(reason, detail):
            return failed(name, f"{reason.value} {detail}".strip())


def face_models(face: Device | None) -> Step:
    """The models are there, start, and are the ones that the calibration was made for."""
    name = "face_models"
    if face is None:
        return not_done(name, "not fitted")
    ends_s = time.monotonic() + OPENING_S
    status = face.probe()
    while status.state is DeviceState.OPENING and time.monotonic() < ends_s:
        time.sleep(FRAME_POLL_S)
        status = face.probe()
    if status.usable:
        return passed(name)
    return failed(
        name, f"{status.cause.value if status.cause else status.state.value} {status.detail}".strip()
    )


def camera_frames(camera: Camera | None) -> Step:
    """Open the camera and take `FRAMES` new pictures: how old each is when it can first be had."""
    name = "camera_frames"
    if camera is None:
        return not_done(name, "not fitted")
    began_s = time.monotonic()
    opened = camera.open()
    if isinstance(opened, Failed):
        return failed(name, f"{opened.reason.value} {opened.detail}".strip())
    ages_ms: list[float] = []
    size, sequence, first_ms, trouble = "", -1, 0.0, ""
    try:
        while len(ages_ms) < FRAMES and time.monotonic() - began_s < FRAMES_WITHIN_S:
            match camera.latest():
                case Ok(frame) if frame.sequence != sequence:
                    ages_ms.append((time.monotonic_ns() - frame.captured_monotonic_ns) / NS_PER_MS)
                    height, width = frame.pixels.shape[:2]
                    size, sequence = f"{width}x{height}", frame.sequence
                    first_ms = first_ms or (time.monotonic() - began_s) * 1000
                case Failed(reason):
                    trouble = reason.value
            time.sleep(FRAME_POLL_S)
    finally:
        camera.stop()
    if len(ages_ms) < FRAMES:
        return failed(
            name, f"{len(ages_ms)} of {FRAMES} pictures in {FRAMES_WITHIN_S:.0f} s {trouble}".strip()
        )
    age_p95_ms = statistics.quantiles(ages_ms, n=20)[-1]
    return passed(
        name, size, first_ms=first_ms, age_median_ms=statistics.median(ages_ms), age_p95_ms=age_p95_ms
    )


def print_sheet(printer: ReceiptPrinter | None, sheet: Slip) -> Step:
    """Print the sheet and believe what the printer says after it."""
    name = "print"
    if printer is None:
        return not_done(name, "not fitted")
    began_s = time.monotonic()
    report = printer.print_slip(sheet)
    if report.outcome is Outcome.DONE:
        took_ms = (time.monotonic() - began_s) * 1000
        return passed(name, took_ms=took_ms, sent_bytes=report.sent_bytes)
    cause = report.cause.value if report.cause else ""
    return failed(name, f"{report.outcome.value} {cause} {report.detail}".strip())


def looked_at(kind: str, device: Device) -> Step:
    """A device that no step uses: asked how it is, until it says so."""
    ends_s = time.monotonic() + OPENING_S
    status = device.probe()
    while status.state in (DeviceState.OPENING, DeviceState.UNKNOWN) and time.monotonic() < ends_s:
        time.sleep(FRAME_POLL_S)
        status = device.probe()
    said = "; ".join(cause.value for cause in (status.cause, *status.warnings) if cause is not None)
    return passed(kind, said) if status.usable else failed(kind, said or status.state.value)
