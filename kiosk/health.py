"""Readiness, and what a terminal reports of itself, in the vocabulary of `kiosk.causes`.

Readiness is service x device x network: a missing device stops only the services that need it.
`unknown` is a cause like any other and is never shown as fine. Shared with the centre, so this
module knows no driver: the device half repeats the strings of `drivers.contract.Cause` (a test
holds them equal).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kiosk.causes import CAUSES, CauseText

__all__ = [
    "ABSENT", "CAUSES", "DEVICE_UNKNOWN", "SCHEMA", "SEVERITY", "STOPS_INTAKE", "CauseText", "DeviceHealth", "TerminalState",
    "report", "resident_words", "service_causes",
]  # fmt: skip

SCHEMA = "jiujin.health/1"
DEVICE_UNKNOWN = "device.unknown"
"""The one cause that names no device; `report` says of which kinds it is told."""


class TerminalState(StrEnum):
    """One word for a terminal."""

    LIVE = "live"
    DEGRADED = "degraded"
    OUT_OF_SERVICE = "out_of_service"


STOPS_INTAKE = frozenset(
    {
        *("queue.full", "queue.broken", "queue.read_only"),
        *("centre.revoked", "cabinet.battery_low", "staff.out_of_service"),
    }
)
"""With these no service takes anything, whatever it needs.

A battery nearly empty is one of them: a visit begun now would be cut in its middle, while what is
stored survives the cut. A visit that goes on is finished.
"""

ABSENT = {
    "card": "card.absent",
    "camera": "camera.absent",
    "face": "camera.absent",
    "printer": "printer.offline",
    "a4": "a4.absent",
    "speaker": "speaker.absent",
}
"""Device kind -> the cause when this terminal has no such device. Faces are looked at by the camera."""

SEVERITY = {TerminalState.LIVE: 0, TerminalState.DEGRADED: 1, TerminalState.OUT_OF_SERVICE: 2}


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """One device kind: usable or not, and why; `warnings` do not stop a service."""

    usable: bool
    cause: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def causes(self) -> tuple[str, ...]:
        """What stops it. A device that is not usable and does not say why is unknown, never fine."""
        return () if self.usable else (self.cause or DEVICE_UNKNOWN,)


def service_causes(
    devices_required: Iterable[str], devices: Mapping[str, DeviceHealth], general: Iterable[str]
) -> tuple[str, ...]:
    """Why a service cannot be done now; empty when it can. A device that is not there is absent."""
    causes = [cause for cause in general if cause in STOPS_INTAKE]
    for kind in devices_required:
        device = devices.get(kind)
        causes += [ABSENT[kind]] if device is None else device.causes
    return tuple(dict.fromkeys(causes))


def resident_words(causes: Iterable[str]) -> dict[str, str]:
    """The first cause's words for the resident, in both languages."""
    first = next(iter(causes))
    return dict(CAUSES[first].resident)


PUBLISHED = ("published", "not_taken")
"""Keys of a report: which publication of each subject counts, and which was refused with its reason."""


def report(
    *,
    devices: Mapping[str, DeviceHealth],
    services: Mapping[str, tuple[str, ...]],
    general: Iterable[str],
    queue: Mapping[str, Any],
    slips: Mapping[str, int],
    documents: Mapping[str, int],
    receipts: Mapping[str, int],
    link: str,
    version: str,
    clock_quality: str,
    sent_at: str,
    published: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
) -> dict[str, Any]:
    """The heartbeat's body. `services`: code -> causes that stop it; `slips`, `documents`: print jobs that staff
    should see to, by how they ended; `receipts`: what was printed and taken in since both are counted.
    """
    causes = list(general)
    for device in devices.values():
        causes += [*device.causes, *device.warnings]
    stopped = [code for code, why in services.items() if why]
    if not services or len(stopped) == len(services):
        state = TerminalState.OUT_OF_SERVICE
    elif stopped or causes:
        state = TerminalState.DEGRADED
    else:
        state = TerminalState.LIVE
    return {
        "schema": SCHEMA,
        "state": state.value,
        "causes": list(dict.fromkeys(causes)),
        "unknown_devices": [kind for kind, device in devices.items() if DEVICE_UNKNOWN in device.causes],
        "services": {code: {"ready": not why, "causes": list(why)} for code, why in services.items()},
        "queue": dict(queue),
        "slips": dict(slips),
        "documents": dict(documents),
        "receipts": dict(receipts),
        "link": link,
        "version": version,
        "clock_quality": clock_quality,
        "sent_at": sent_at,
        # Left out when there is none: an older centre shows what it does not know.
        **{name: dict(told) for name, told in zip(PUBLISHED, published, strict=True) if told},
    }
