"""The few types that every device family shares.

An expected failure is a value (`Ok | Failed`), an exception is a defect. A state is a
closed enum, the first cause is kept, and `unknown` is never shown as fine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")
R = TypeVar("R")


class DeviceState(StrEnum):
    """What a device can do now."""

    ABSENT = "absent"
    OPENING = "opening"
    READY = "ready"
    BUSY = "busy"
    FAULT = "fault"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why a device is not ready: the device half of the health vocabulary."""

    CARD_ABSENT = "card.absent"
    CARD_LOST = "card.lost"
    CARD_SERVICE_LOST = "card.service_lost"
    CARD_SERVICE_REFUSED = "card.service_refused"
    CARD_SERVICE_SILENT = "card.service_silent"
    CARD_SILENT = "card.silent"
    CARD_SAM_ERROR = "card.sam_error"
    CARD_PROTOCOL = "card.protocol"
    CARD_UNAUTHORISED = "card.unauthorised"
    CARD_DENIED = "card.denied"
    CARD_SWAPPED = "card.swapped"
    CARD_UNIDENTIFIED = "card.unidentified"
    CARD_RESTARTING = "card.restarting"
    TOKEN_MODULE_MISSING = "token.module_missing"  # noqa: S105 - a cause
    TOKEN_MODULE_CRASHED = "token.module_crashed"  # noqa: S105 - a cause
    TOKEN_MODULE_SILENT = "token.module_silent"  # noqa: S105 - a cause
    CAMERA_ABSENT = "camera.absent"
    CAMERA_STALE = "camera.stale"
    CAMERA_DARK = "camera.dark"
    CAMERA_FROZEN = "camera.frozen"
    CAMERA_GREEN = "camera.green"
    CAMERA_WRONG_SIZE = "camera.wrong_size"
    CAMERA_GARBLED = "camera.garbled"
    CAMERA_REFUSED = "camera.refused"
    CAMERA_AMBIGUOUS = "camera.ambiguous"
    CAMERA_DENIED = "camera.denied"
    CAMERA_BUSY = "camera.busy"
    CAMERA_UNOPENABLE = "camera.unopenable"
    CAMERA_RESTARTING = "camera.restarting"
    FACE_MODEL_MISSING = "face.model_missing"
    FACE_UNCALIBRATED = "face.uncalibrated"
    FACE_CALIBRATION_ENDING = "face.calibration_ending"
    FACE_RESTARTING = "face.restarting"
    PRINTER_OFFLINE = "printer.offline"
    PRINTER_SILENT = "printer.silent"
    PRINTER_PAPER_LOW = "printer.paper_low"
    PRINTER_PAPER_LOW_ESTIMATED = "printer.paper_low_estimated"
    PRINTER_PAPER_SHORT = "printer.paper_short"
    PRINTER_PAPER_OUT = "printer.paper_out"
    PRINTER_COVER = "printer.cover"
    PRINTER_CUTTER = "printer.cutter"
    PRINTER_ERROR = "printer.error"
    PRINTER_HOT = "printer.hot"
    PRINTER_FEEDING = "printer.feeding"
    PRINTER_WAITING = "printer.waiting"
    PRINTER_JOB_UNKNOWN = "printer.job_unknown"
    PRINTER_JOB_FAILED = "printer.job_failed"
    PRINTER_JOURNAL = "printer.journal"
    A4_ABSENT = "a4.absent"
    A4_SERVICE_LOST = "a4.service_lost"
    A4_QUEUE = "a4.queue"
    A4_REPLACED = "a4.replaced"
    A4_SILENT = "a4.silent"
    A4_PAPER_LOW = "a4.paper_low"
    A4_PAPER_OUT = "a4.paper_out"
    A4_JAM = "a4.jam"
    A4_COVER = "a4.cover"
    A4_TONER_LOW = "a4.toner_low"
    A4_TONER_OUT = "a4.toner_out"
    A4_ERROR = "a4.error"
    A4_BUSY = "a4.busy"
    A4_JOB_UNKNOWN = "a4.job_unknown"
    A4_JOB_FAILED = "a4.job_failed"
    A4_JOURNAL = "a4.journal"
    SPEAKER_ABSENT = "speaker.absent"
    TOUCH_PANEL_ABSENT = "touch_panel.absent"
    CODE_READER_RESTARTING = "code_reader.restarting"
    CABINET_DOOR_OPEN = "cabinet.door_open"
    CABINET_TOO_HOT = "cabinet.too_hot"
    CABINET_TOO_COLD = "cabinet.too_cold"
    CABINET_ON_BATTERY = "cabinet.on_battery"
    CABINET_BATTERY_LOW = "cabinet.battery_low"
    CABINET_SENSOR_UNREADABLE = "cabinet.sensor_unreadable"


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """A device's state with its first cause; `warnings` do not stop service (paper low)."""

    state: DeviceState
    cause: Cause | None = None
    detail: str = ""
    warnings: tuple[Cause, ...] = ()

    @property
    def usable(self) -> bool:
        """True only when known to work: `unknown` is not usable."""
        return self.state in (DeviceState.READY, DeviceState.BUSY)


@dataclass(frozen=True, slots=True)
class Ok(Generic[T]):
    """A result."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed(Generic[R]):
    """An expected failure; `detail` is for technicians and never holds a personal value."""

    reason: R
    detail: str = ""


class Outcome(StrEnum):
    """The three outcomes of an effect on the world."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class CheckOutcome(StrEnum):
    """One line of evidence."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True)
class Check:
    """One check and how it ended; evidence is a tuple of these, never one boolean."""

    name: str
    outcome: CheckOutcome
    detail: str = ""


class Device(Protocol):
    """What every device answers."""

    def status(self) -> DeviceStatus:
        """The last known status; never blocks."""
        ...

    def probe(self) -> DeviceStatus:
        """Ask the device itself (may block for its own deadline) and return the new status."""
        ...

    def close(self) -> None:
        """Release the device; may be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What a device says that it is, for a technician; "" is what it does not tell."""

    model: str = ""
    firmware: str = ""
    serial: str = ""


@runtime_checkable
class Named(Device, Protocol):
    """A device that can say what it is."""

    def nameplate(self) -> Nameplate:
        """Ask the device (blocks for its own deadline, a few seconds); empty when it is away or in use."""
        ...


@runtime_checkable
class Restartable(Device, Protocol):
    """A device that can be let go of and taken hold of again; `probe` then tells how it is."""

    def restart(self) -> None:
        """Blocks for the device's own deadline; what runs on it ends as if the device had gone away."""
        ...
