"""What the journey may know of the world outside the visit, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from kiosk.catalogue.model import Definition, Method
from kiosk.health import DeviceHealth
from kiosk.staff.answers import StaffAction
from kiosk.uptime import Age


@dataclass(frozen=True, slots=True)
class Place:
    """Whose terminal this is: the words of the top bar and of the slip."""

    terminal: str
    station: str
    responsible_body: str
    hotline: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """Identifiers drawn for this step, so that the table stays pure."""

    visit_id: str = ""
    item_id: str = ""
    case_code: str = ""


@dataclass(frozen=True, slots=True)
class Backstage:
    """What only the staff menu shows. `causes` belong to no device; `oldest`: the unsent case that waits longest."""

    devices: Mapping[str, DeviceHealth] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    waiting: int = 0
    refused: int = 0
    oldest: Age | None = None
    version: str = ""
    offered: AbstractSet[StaffAction] = frozenset()


@dataclass(frozen=True, slots=True)
class World:
    """A snapshot. `not_ready` maps a service's code to the causes that stop it, in both languages."""

    place: Place
    now: datetime
    clock_quality: str = "synced"
    """How far `now` may be trusted (`kiosk.clock.ClockQuality`)."""
    not_before: datetime | None = None
    """The earliest that it can be while the clock is not trusted; None: `now` is right."""
    ways: AbstractSet[Method] = frozenset({Method.FACE, Method.HELPER})
    """How residents are recognised in this village, beside the window."""
    working: AbstractSet[Method] = frozenset()
    """Of the ways through a camera for codes or a clerk, those that work now."""
    services: tuple[Definition, ...] = ()
    not_ready: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    withdrawal: Definition | None = None
    """How a case is withdrawn here; None where it cannot be."""
    why_no_withdrawal: Mapping[str, str] = field(default_factory=dict)
    """Language -> the words for a resident; empty while it works."""
    online: bool = False
    link_cause: str = ""
    face_ready: bool = False
    face_comes_back: bool = False
    """Not ready, but only because its process or the camera's is being started anew."""
    camera_ready: bool = False
    helper_ready: bool = False
    why_no_face: Mapping[str, str] = field(default_factory=dict)
    why_no_camera: Mapping[str, str] = field(default_factory=dict)
    """Language -> the words for a resident; empty while it works."""
    printer_ready: bool = False
    removal_is_seen: bool = False
    speech_ready: bool = False
    out_of_service: bool = False
    """The staff took it out of service."""
    backstage: Backstage = Backstage()
    fresh: Fresh = Fresh()

    def service(self, code: str) -> Definition | None:
        """The definition that is offered under this code now."""
        return next((d for d in self.services if d.code == code), None)
