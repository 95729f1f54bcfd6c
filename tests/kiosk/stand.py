"""Surroundings of which every part can be moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from drivers.contract import DeviceState, DeviceStatus, Ok
from drivers.print_journal import UnsettledJobs
from drivers.print_tally import PrintTally
from kiosk.catalogue.load import Catalogue
from kiosk.clock import Clock
from kiosk.journey.hands import Devices
from kiosk.journey.world import Place
from kiosk.speech import Speaker
from kiosk.surroundings import NOTHING_COUNTED, Surroundings
from offline_queue import words
from offline_queue.link import LinkState
from offline_queue.records import Counters, Received, StoreCorrupt
from offline_queue.wire import ClockQuality
from tests.kiosk.journey.visits import definition

NOW = datetime(2026, 11, 25, 1, 12, tzinfo=UTC)
PENSION, REPORT = definition(), definition("problem_report")
READY = DeviceStatus(DeviceState.READY)


class Something:
    """A device that says what it is told to say."""

    can_detect_removal = False

    def __init__(self, status: DeviceStatus = READY) -> None:
        self.said = status
        self.jobs = UnsettledJobs()
        self.slips = PrintTally()

    def status(self) -> DeviceStatus:
        return self.said

    def unsettled(self) -> UnsettledJobs:
        """Asked of printers only."""
        return self.jobs

    def tally(self) -> PrintTally:
        """Asked of the slip printer only."""
        return self.slips


class Queue:
    """An outbox's counters, or its failure."""

    def __init__(self) -> None:
        self.counted: Counters | None = NOTHING_COUNTED
        self.room = 1 << 30
        self.writable = True

    def counters(self) -> Counters:
        if self.counted is None:
            raise StoreCorrupt(words.DAMAGED_WHILE_OPEN)
        return self.counted

    def room_bytes(self) -> int:
        return self.room if self.writable else 0

    def read_only(self) -> bool:
        return not self.writable


class Line:
    stopped = False

    def status(self) -> Any:
        return type("Status", (), {"link_state": LinkState.ONLINE, "stopped": self.stopped})()


class Stand:
    """Surroundings in which everything can be moved."""

    def __init__(self, folder: Path, catalogue: Catalogue, standing: tuple[str, ...] = ()) -> None:
        self.queue, self.helper, self.desk, self.cabinet = Queue(), Something(), Something(), Something()
        self.camera, self.face = Something(), Something()
        self.file, self.wall, self.ns, self.boot = folder / "clock.json", NOW, 0, "boot"
        clock = self.clock()
        device: Any = Something()
        a4: Any = Something()
        device.jobs = UnsettledJobs(unknown=("0142-A",), failed=("0142-B", "0142-C"))
        a4.jobs = UnsettledJobs(unknown=("0142-D", "0142-E"), failed=("0142-F",))
        helper: Any = self.helper
        desk: Any = self.desk
        queue: Any = self.queue
        camera: Any = self.camera
        face: Any = self.face
        line: Any = Line()
        self.line = line
        self.printer = device
        cabinet: Any = self.cabinet
        devices = Devices(
            device,
            helper,
            camera,
            face,
            device,
            lambda _photo: Ok(b""),
            document_camera=desk,
            document_printer=a4,
            cabinet=cabinet,
        )
        place = Place("0142", "清河镇便民服务站", "清河镇人民政府", "12345")
        self.made = Surroundings(
            place, clock, devices, queue, line, lambda: catalogue, Speaker(()), standing=standing
        )

    def received(self, quality: ClockQuality = ClockQuality.UNSYNCED) -> Received:
        """The header of an item that is taken in now."""
        at = self.wall.isoformat().replace("+00:00", "Z")
        return Received(at, quality, self.boot, self.ns)

    def reboot(self, off_h: float = 0.0, wall: datetime | None = None) -> None:
        """The same folder under a new boot; the wall clock is right or as given."""
        self.wall = wall or self.wall + timedelta(hours=off_h)
        self.ns, self.boot = 0, self.boot + "'"
        self.made._clock = self.clock()

    def clock(self) -> Clock:
        boot = self.boot
        return Clock(self.file, wall=lambda: self.wall, monotonic_ns=lambda: self.ns, boot=lambda: boot)

    @property
    def causes(self) -> list[str]:
        causes: list[str] = self.made.heartbeat()["causes"]
        return causes


def wait(stand: Stand, hours: float) -> None:
    """The network is away for so long; the clock itself moves, nothing is sent."""
    stand.wall += timedelta(hours=hours)
    stand.ns += int(hours * 3600 * 1e9)
