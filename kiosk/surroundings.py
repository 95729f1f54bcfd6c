"""What the journey sees of the world: devices, network, catalogue and clock in one snapshot."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from drivers.contract import Cause, Device, DeviceState, DeviceStatus
from kiosk import __version__, health
from kiosk.case import new_case_code
from kiosk.catalogue.load import Catalogue
from kiosk.clock import Clock
from kiosk.journey.hands import Devices
from kiosk.journey.world import Fresh, Place, World
from kiosk.speech import Speaker
from offline_queue import new_item_id
from offline_queue.link import LinkState
from offline_queue.records import Counters
from offline_queue.sender import Sender
from offline_queue.store import Outbox

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

COUNT_EVERY_S = 1.0


def usable(device: Device | None) -> bool:
    return device is not None and device.status().usable


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
    ) -> None:
        self._place = place
        self._clock = clock
        self._devices = devices
        self._outbox = outbox
        self._sender = sender
        self._load = load_catalogue
        self._speaker = speaker
        self._lock = threading.Lock()
        self._counted: tuple[float, Counters] | None = None
        self._accepts = True
        self.catalogue = load_catalogue()

    def reload_catalogue(self) -> None:
        """Read the definitions again: between visits only, a visit keeps what it began with."""
        with self._lock:
            self.catalogue = self._load()

    def statuses(self) -> dict[str, DeviceStatus]:
        """The last known status of every device kind that this terminal has."""
        d = self._devices
        known: dict[str, Device | None] = {
            "card": d.identity_reader,
            "camera": d.camera,
            "face": d.face,
            "printer": d.printer,
        }
        found = {kind: device.status() for kind, device in known.items() if device is not None}
        if self._speaker.ready:
            found["speaker"] = DeviceStatus(DeviceState.READY)
        elif self._speaker.wanted:
            found["speaker"] = DeviceStatus(DeviceState.ABSENT, Cause.SPEAKER_ABSENT)
        return found

    def _counters(self) -> Counters:
        """The queue's counters, at most `COUNT_EVERY_S` old: a world is made four times a second."""
        now_s = time.monotonic()
        with self._lock:
            if self._counted is None or now_s - self._counted[0] > COUNT_EVERY_S:
                self._counted = (now_s, self._outbox.counters())
                self._accepts = self._outbox.accepts()
            return self._counted[1]

    def link_cause(self) -> str:
        return CAUSE_OF_LINK[self._sender.status().link_state]

    def world(self) -> World:
        status = self._sender.status()
        online = status.link_state is LinkState.ONLINE
        return World(
            place=self._place,
            now=self._clock.now().wall_utc,
            services=self.catalogue.definitions,
            not_ready=self._not_ready(),
            online=online,
            link_cause=self.link_cause(),
            face_ready=usable(self._devices.face) and usable(self._devices.camera),
            camera_ready=usable(self._devices.camera),
            helper_ready=usable(self._devices.helper_reader),
            printer_ready=usable(self._devices.printer),
            removal_is_seen=self._devices.identity_reader is not None
            and self._devices.identity_reader.can_detect_removal,
            speech_ready=self._speaker.ready,
            fresh=Fresh(uuid.uuid4().hex, new_item_id(), new_case_code(self._place.terminal)),
        )

    def _devices_health(self) -> dict[str, health.DeviceHealth]:
        known = self.statuses()
        if "face" in known and known["face"].usable and not known["camera"].usable:
            known["face"] = known["camera"]  # nobody is recognised without a picture
        return {
            kind: health.DeviceHealth(
                status.usable,
                (status.cause.value if status.cause else None) if not status.usable else None,
                tuple(warning.value for warning in status.warnings),
            )
            for kind, status in known.items()
        }

    def _general(self) -> list[str]:
        """Causes that belong to no device: network, queue, catalogue."""
        counters = self._counters()
        causes = [cause] if (cause := self.link_cause()) else []
        if not self._accepts:
            causes.append("queue.full")
        if counters.quarantined:
            causes.append("queue.poison")
        if counters.opened_fresh_because:
            causes.append("queue.reopened")
        if self.catalogue.rejected:
            causes.append("def.invalid")
        return causes

    def _service_causes(self) -> dict[str, tuple[str, ...]]:
        devices, general = self._devices_health(), self._general()
        return {
            definition.code: health.service_causes(
                (kind.value for kind in definition.devices_required), devices, general
            )
            for definition in self.catalogue.definitions
        }

    def _not_ready(self) -> dict[str, dict[str, str]]:
        return {code: health.resident_words(why) for code, why in self._service_causes().items() if why}

    def heartbeat(self) -> dict[str, Any]:
        """The body of the next heartbeat."""
        counters = self._counters()
        now = self._clock.now()
        return health.report(
            devices=self._devices_health(),
            services=self._service_causes(),
            general=self._general(),
            queue={
                "pending": counters.pending,
                "quarantined": counters.quarantined,
                "oldest_at": counters.oldest_pending_at,
            },
            link=self._sender.status().link_state.value,
            version=__version__,
            clock_quality=now.quality,
            sent_at=now.wall_utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
