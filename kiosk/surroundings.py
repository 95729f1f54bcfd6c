"""What the journey sees of the world: devices, network, catalogue and clock in one snapshot."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from drivers.contract import Cause, Device, DeviceState, DeviceStatus
from drivers.print_journal import JournalledPrinter, UnsettledJobs
from drivers.print_tally import PrintTally
from kiosk import __version__, health
from kiosk.case import new_case_code
from kiosk.catalogue.load import Catalogue
from kiosk.catalogue.model import Method
from kiosk.catalogue.withdrawal import withdrawal
from kiosk.clock import BUILD_DATE, Clock
from kiosk.filing import FORM_BYTES, largest_bytes
from kiosk.journey.hands import Devices
from kiosk.journey.world import Backstage, Fresh, Place, World
from kiosk.speech import Speaker
from kiosk.staff.answers import StaffAction
from kiosk.staff.switch import OUT_OF_SERVICE
from kiosk.uptime import Age
from offline_queue import new_item_id
from offline_queue.link import LinkState
from offline_queue.records import Counters, Received, StoreError
from offline_queue.sender import Sender
from offline_queue.store import Outbox
from offline_queue.wire import ClockQuality

CAUSE_OF_LINK: dict[LinkState, str] = {
    LinkState.UNKNOWN: "",
    LinkState.ONLINE: "",
    LinkState.OFFLINE: "net.down",
    LinkState.SLOW: "net.slow",
    LinkState.BUSY: "net.slow",
    LinkState.TLS_UNTRUSTED: "tls.untrusted",
    LinkState.TLS_NAME: "tls.name",
    LinkState.TLS_EXPIRED: "tls.expired",
    LinkState.CLOCK_WRONG: "clock.skew",
    LinkState.UNAUTHORISED: "centre.unauthorised",
    LinkState.REVOKED: "centre.revoked",
    LinkState.ACKNOWLEDGEMENT_INVALID: "centre.acknowledgement",
}
"""Every state has its cause; none while the first answer is still to come, which is told as that."""

OWN_WORDS = frozenset({"helper", "document_camera"})
"""Kinds with words of their own: the causes of `card` and `camera` speak of the resident's."""

COMES_BACK = frozenset({Cause.FACE_RESTARTING, Cause.CAMERA_RESTARTING})
"""Why the face check may be worth a short wait: its supervisor is at it."""

COUNT_EVERY_S = 1.0
OLD_AFTER_H = 24.0
OVERDUE_AFTER_H = 72.0
"""From here the operations are told, and told that it is urgent (rule F7)."""
FILLING_SHARE = 0.8
"""Of the queue's quota: above it, services with photos are shed (rule F18). `Outbox.room_bytes` ends the rest."""
NOTHING_COUNTED = Counters(
    pending=0,
    pending_bytes=0,
    quarantined=0,
    acknowledged=0,
    oldest_pending=None,
    oldest_quarantined=None,
    sequence=0,
    head_hash="",
    used_bytes=0,
    quota_bytes=0,
    opened_fresh_because="",
    taken_in=0,
)
"""Before the first count; only shown beside `queue.broken`."""


def _cause(kind: str, status: DeviceStatus) -> str | None:
    if status.usable:
        return None
    if kind in OWN_WORDS and status.state in (DeviceState.ABSENT, DeviceState.FAULT):
        return f"{kind}.unavailable"
    return status.cause.value if status.cause else None


def _warnings(kind: str, status: DeviceStatus) -> tuple[str, ...]:
    if kind in OWN_WORDS:
        return (f"{kind}.to_check",) if status.warnings else ()
    return tuple(warning.value for warning in status.warnings)


def _health_of(
    known: Mapping[str, DeviceStatus], looks_through: Mapping[str, str]
) -> dict[str, health.DeviceHealth]:
    """`looks_through`: what works and sees nothing is told as its camera is."""
    found = {}
    for kind, own in known.items():
        through = looks_through.get(kind, kind)
        told = through if own.usable and not known.get(through, own).usable else kind
        status = known[told]
        found[kind] = health.DeviceHealth(status.usable, _cause(told, status), _warnings(told, status))
    return found


def _jobs_of(printer: JournalledPrinter | None) -> dict[str, int]:
    """How many jobs staff should see to, by how they ended."""
    jobs = UnsettledJobs() if printer is None else printer.unsettled()
    return {"unknown": len(jobs.unknown), "failed": len(jobs.failed)}


def age_of(received: Received | None, clock: Clock) -> Age | None:
    """How long ago an item was taken in; None when there is none. Its own wall time counts only if it was synced."""
    if received is None:
        return None
    claimed = None
    if received.clock_quality is ClockQuality.SYNCED:
        with suppress(ValueError):  # a damaged row
            claimed = datetime.fromisoformat(received.at)
    aware = claimed if claimed is not None and claimed.tzinfo is not None else None
    return clock.age(received.boot_id, received.monotonic_ns, aware)


def _seconds(age: Age) -> float:
    return age.seconds


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


class Surroundings:
    """Makes a `World` on demand; cheap, since nothing here asks a device."""

    def __init__(
        self,
        place: Place,
        clock: Clock,
        devices: Devices,
        outbox: Outbox,
        sender: Sender,
        load_catalogue: Callable[[], Catalogue],
        speaker: Speaker,
        *,
        status_of: Callable[[Device], DeviceStatus] = lambda device: device.status(),
        standing: tuple[str, ...] = (),
        noticed: Callable[[], Sequence[str]] = tuple,
        offered: AbstractSet[StaffAction] = frozenset(),
        ways: AbstractSet[Method] = frozenset({Method.FACE, Method.HELPER}),
        working: Callable[[], AbstractSet[Method]] = frozenset,
        published: Callable[[], tuple[dict[str, str], dict[str, str]]] = lambda: ({}, {}),
    ) -> None:
        """`standing`: causes that hold from the start on, such as `config.last_good`; `noticed`: those
        that come and go beside the devices; `offered`: what the staff menu can do;
        `ways`: how residents are recognised in this village; `working`: `World.working`;
        `published`: what the centre published and counts here, and what of it was refused.
        """
        self.place = place
        self._clock = clock
        self._devices = devices
        self._outbox = outbox
        self._sender = sender
        self._load = load_catalogue
        self._speaker = speaker
        self._status_of = status_of
        self._standing = standing
        self._noticed = noticed
        self._offered = offered
        self._ways, self._working = ways, working
        self._published = published
        self._lock = threading.Lock()
        self._counted: tuple[float, Counters] | None = None
        self._receipts = (PrintTally(), 0)
        """Slips and the items taken in that get one: of one moment, so in one place."""
        self._room_bytes = 0
        self._broken = False
        self._read_only = False
        self.catalogue = load_catalogue()
        self._withdrawal = withdrawal(place.responsible_body)

    def reload_catalogue(self) -> None:
        """Read the definitions again: between visits only, a visit keeps what it began with."""
        with self._lock:
            self.catalogue = self._load()

    def statuses(self) -> dict[str, DeviceStatus]:
        """The last known status of every device kind that this terminal has."""
        found = {kind: self._status_of(device) for kind, device in self._devices.named().items()}
        if self._speaker.ready:
            found["speaker"] = DeviceStatus(DeviceState.READY)
        elif self._speaker.wanted:
            found["speaker"] = DeviceStatus(DeviceState.ABSENT, Cause.SPEAKER_ABSENT)
        return found

    def _healths(self) -> dict[str, health.DeviceHealth]:
        return _health_of(self.statuses(), self._devices.looks_through())

    def _counters(self) -> Counters:
        """The queue's counters, at most `COUNT_EVERY_S` old: a world is made four times a second."""
        now_s = time.monotonic()
        with self._lock:
            if self._counted is None or now_s - self._counted[0] > COUNT_EVERY_S:
                # Before the cases: a slip that comes out meanwhile would look like one without its case.
                slips = PrintTally() if self._devices.printer is None else self._devices.printer.tally()
                try:
                    counters, self._room_bytes = self._outbox.counters(), self._outbox.room_bytes()
                    self._receipts = (slips, counters.taken_in)
                    self._broken, self._read_only = False, self._outbox.read_only()
                except StoreError:
                    # The screen goes on and takes no cases; what is known of the queue is what was last.
                    counters = self._counted[1] if self._counted else NOTHING_COUNTED
                    self._broken = True
                self._counted = (now_s, counters)
            return self._counted[1]

    def _unsent(self) -> Age | None:
        """How long the oldest unsent case has waited; None when none waits."""
        return age_of(self._counters().oldest_pending, self._clock)

    def _unsettled(self) -> Age | None:
        """The same of all that the centre has not taken: the time that the law sets runs for a refused case too."""
        refused = age_of(self._counters().oldest_quarantined, self._clock)
        return max((age for age in (self._unsent(), refused) if age), key=_seconds, default=None)

    def _waited_too_long(self) -> list[str]:
        """The alarms on the oldest case; the urgent one takes the other's place. A bound is enough for one."""
        age = self._unsettled()
        if age is None:
            return []
        if age.hours >= OVERDUE_AFTER_H:
            return ["queue.overdue"]
        alarm = ["queue.old"] if age.hours >= OLD_AFTER_H else []
        return alarm if age.exact else [*alarm, "queue.age_unknown"]

    def _has_no_room(self) -> bool:
        return self._room_bytes < FORM_BYTES

    def _shed(self) -> dict[str, str]:
        """Service -> why it is stopped before the others: nobody types what could not be stored in the end.

        Those with photos go first, so that the rest of the room is left for the others.
        """
        counters = self._counters()
        filling = counters.used_bytes > FILLING_SHARE * counters.quota_bytes
        return {
            definition.code: "queue.full" if definition.photos is None else "queue.filling"
            for definition in self.catalogue.definitions
            if largest_bytes(definition) > self._room_bytes >= FORM_BYTES
            or (filling and definition.photos is not None)
        }

    def link_cause(self) -> str:
        return CAUSE_OF_LINK[self._sender.status().link_state]

    def world(self) -> World:
        link_state = self._sender.status().link_state
        moment = self._clock.now()
        known = self.statuses()
        devices = self._healths()
        counters, general = self._counters(), self._general()

        def ready(kind: str) -> bool:
            return kind in known and known[kind].usable

        def why_not(kind: str) -> dict[str, str]:
            causes = health.service_causes((kind,), devices, ())
            return health.resident_words(causes) if causes else {}

        return World(
            place=self.place,
            now=moment.wall_utc,
            clock_quality=moment.quality.value,
            not_before=None if self._clock.trusted() else BUILD_DATE,
            ways=self._ways,
            working=self._working(),
            services=self.catalogue.definitions,
            not_ready=self._not_ready(),
            withdrawal=self._withdrawal,
            why_no_withdrawal=self._why_no_withdrawal(),
            online=link_state is LinkState.ONLINE,
            link_cause=CAUSE_OF_LINK[link_state],
            face_ready=ready("face") and ready("camera"),
            face_comes_back="face" in devices and devices["face"].cause in COMES_BACK,
            camera_ready=ready("camera"),
            helper_ready=ready("helper"),
            why_no_face=why_not("face"),
            why_no_camera=why_not("camera"),
            printer_ready=ready("printer"),
            removal_is_seen=self._devices.identity_reader is not None
            and self._devices.identity_reader.can_detect_removal,
            speech_ready=self._speaker.ready,
            out_of_service=OUT_OF_SERVICE in general,
            backstage=Backstage(
                devices=devices,
                causes=tuple(general),
                waiting=counters.pending,
                refused=counters.quarantined,
                oldest=self._unsent(),
                version=__version__,
                offered=self._offered,
            ),
            fresh=Fresh(uuid.uuid4().hex, new_item_id(), new_case_code(self.place.terminal)),
        )

    def _general(self) -> list[str]:
        """Causes that belong to no device: network, queue, catalogue."""
        counters = self._counters()
        cabinet = self._healths().get("cabinet", health.DeviceHealth(usable=True))
        stopping = [cause for cause in cabinet.warnings if cause in health.STOPS_INTAKE]
        causes = [*self._standing, *stopping, *([cause] if (cause := self.link_cause()) else [])]
        if self._broken:
            causes.append("queue.broken")
        elif self._read_only:
            causes.append("queue.read_only")
        elif self._has_no_room():
            causes.append("queue.full")
        if "queue.filling" in self._shed().values():
            causes.append("queue.filling")
        causes += self._waited_too_long()
        if self._sender.status().stopped:
            causes.append("queue.not_sending")
        slips, taken_in = self._receipts
        if slips.printed > taken_in:
            causes.append("slips.without_case")
        if counters.quarantined:
            causes.append("queue.poison")
        if counters.opened_fresh_because:
            causes.append("queue.reopened")
        if self.catalogue.faulty or self._published()[1]:
            causes.append("def.invalid")
        return [*causes, *self._noticed()]

    def _service_causes(self) -> dict[str, tuple[str, ...]]:
        devices, general, age = self._healths(), self._general(), self._unsent()
        shed = self._shed()
        # What was refused does not stop the intake: it waits for a person, and the network is there.
        waited_h = 0.0 if age is None else age.hours
        return {
            definition.code: (
                *health.service_causes(
                    (kind.value for kind in definition.devices_required), devices, general
                ),
                *([shed[definition.code]] if definition.code in shed else []),
                *(["queue.stopped"] if waited_h >= definition.offline.stop_after_h else []),
            )
            for definition in self.catalogue.definitions
        }

    def _not_ready(self) -> dict[str, dict[str, str]]:
        return {code: health.resident_words(why) for code, why in self._service_causes().items() if why}

    def _why_no_withdrawal(self) -> dict[str, str]:
        """A queue that is full takes a withdrawal all the same, which makes room."""
        general = [cause for cause in self._general() if cause != "queue.full"]
        needed = (kind.value for kind in self._withdrawal.devices_required)
        why = health.service_causes(needed, self._healths(), general)
        return health.resident_words(why) if why else {}

    def seen(self) -> dict[str, Any]:
        """The heartbeat's body and every device's own state: what the technician's commands ask for."""
        devices = {
            kind: {
                "state": status.state.value,
                "cause": status.cause.value if status.cause else None,
                "detail": status.detail,
                "warnings": [warning.value for warning in status.warnings],
            }
            for kind, status in self.statuses().items()
        }
        return {"report": self.heartbeat(), "devices": devices}

    def heartbeat(self) -> dict[str, Any]:
        """The body of the next heartbeat."""
        counters = self._counters()
        now, age = self._clock.now(), self._unsettled()
        slips, taken_in = self._receipts
        return health.report(
            devices=self._healths(),
            services=self._service_causes(),
            general=self._general(),
            queue={
                "pending": counters.pending,
                "quarantined": counters.quarantined,
                # The centre reckons from the seconds; the time is for one that does not know them yet.
                "oldest_at": _text(now.wall_utc - timedelta(seconds=age.seconds)) if age else None,
                "oldest_waited_s": int(age.seconds) if age else None,
                "oldest_known": age.exact if age else None,
            },
            slips=_jobs_of(self._devices.printer),
            documents=_jobs_of(self._devices.document_printer),
            receipts={"printed": slips.printed, "unknown": slips.unknown, "taken_in": taken_in},
            link=self._sender.status().link_state.value,
            version=__version__,
            clock_quality=now.quality,
            sent_at=_text(now.wall_utc),
            published=self._published(),
        )
