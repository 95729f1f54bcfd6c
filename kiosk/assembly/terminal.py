"""A terminal that serves: the foundation, and the journey over it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from drivers.camera.contract import Frame
from drivers.contract import Failed, Ok
from drivers.receipt_printer.contract import Slip
from kiosk import nameplates
from kiosk.assembly.foundation import Ending, lay_foundation, place_of
from kiosk.control import ControlServer
from kiosk.events import Event, Noticed, StaffDid, StaffLeft
from kiosk.filing import PHOTO_BYTES_MAX
from kiosk.journey import events as ev
from kiosk.journey.accessible import news, spoken
from kiosk.journey.hands import A_RESIDENT_WAITS, DeviceHands, Devices, Waits
from kiosk.journey.idle import IdleClock
from kiosk.journey.runner import Journey
from kiosk.journey.services import StaffRoom
from kiosk.journey.states import STAFF, STAFF_OPEN, State
from kiosk.journey.view import View
from kiosk.journey.visit import Visit
from kiosk.live_office import CentreOnTheLine
from kiosk.office import CaseOffice
from kiosk.settings import Settings
from kiosk.settings.from_afar import over
from kiosk.speech import Speaker
from kiosk.staff.answers import Done, StaffAction
from kiosk.staff.door import StaffDoor
from kiosk.surroundings import Surroundings
from offline_queue.sender import Sender
from offline_queue.store import Outbox

log = logging.getLogger(__name__)


def _nothing(*_given: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Observers:
    """What a rehearsal listens to. `progress` may block: the terminal then waits at that step."""

    progress: Callable[[str], None] = _nothing
    slip: Callable[[Slip], None] = _nothing
    step: Callable[[Visit, ev.Event, Visit], None] = _nothing


@dataclass(slots=True)
class Terminal:
    """A terminal that stands. `close` ends everything that `assemble` began, in reverse order."""

    settings: Settings
    journey: Journey
    hands: DeviceHands
    devices: Devices
    outbox: Outbox
    sender: Sender
    surroundings: Surroundings
    speaker: Speaker
    noticed: Noticed
    ending: Ending
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    # What a window needs (screens.port.WindowPort):
    def view(self) -> View:
        return self.journey.view()

    def subscribe(self, listener: Callable[[], None]) -> None:
        self.journey.subscribe(listener)

    def send(self, event: ev.Event) -> None:
        self.journey.send(event)

    def tell(self, event: Event) -> None:
        self.noticed.tell(event)

    def preview(self) -> Frame | None:
        """The live picture while the camera is open, else None."""
        if self.devices.camera is None:
            return None
        frame = self.devices.camera.latest()
        return frame.value if isinstance(frame, Ok) else None

    def taken_photo(self) -> bytes | None:
        return self.journey.photo()

    def close(self) -> None:
        self._closing.close()


JPEG_QUALITIES = (85, 60, 30)
"""The next one only for a picture that is too large to be stored."""


def encode_jpeg(frame: Frame) -> bytes:
    """A picture for the report: JPEG, at most `PHOTO_BYTES_MAX`.

    In this process on purpose: an encoder reads no bytes from outside but pixels, whose number the array
    vouches for, and so the screen later decodes only what was encoded here. Raises for a picture that no
    JPEG of that size can hold.
    """
    import cv2

    for quality in JPEG_QUALITIES:
        ok, data = cv2.imencode(".jpg", frame.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not ok:
            break
        if len(data) <= PHOTO_BYTES_MAX:
            return bytes(data)
    message = "the picture could not be encoded"
    raise RuntimeError(message)


def _control(folder: Path, surroundings: Surroundings, devices: Devices) -> ControlServer | None:
    """None on a disk that takes no socket: residents are served without it, and doctor finds nobody to ask."""
    try:
        return ControlServer(
            folder,
            {
                "health": surroundings.seen,
                "nameplates": lambda: nameplates.to_json(nameplates.nameplates(devices.named())),
            },
        )
    except OSError as error:
        log.error("no socket for the technician's commands: %s", error.strerror or type(error).__name__)
        return None


def assemble(
    settings: Settings,
    observers: Observers = Observers(),
    *,
    standing: tuple[str, ...] = (),
    waits: Waits = A_RESIDENT_WAITS,
) -> Terminal:
    """Build and start a terminal. Raises KeyFileError or a StoreError when it must not start.

    `standing`: causes of the health that hold as long as it runs, such as `config.last_good`.
    """
    with contextlib.ExitStack() as stack:
        later: dict[str, Journey] = {}

        def refresh() -> None:
            if "journey" in later:
                later["journey"].send(ev.Refresh())

        base = lay_foundation(settings, stack, refresh, standing)
        surroundings, speaker, devices = base.surroundings, base.speaker, base.devices

        def on_step(before: Visit, event: ev.Event, after: Visit) -> None:
            if after.state is not before.state:
                speaker.stop()
                if before.state in STAFF_OPEN and after.state not in STAFF:
                    base.noticed.tell(StaffLeft())
                if after.state is State.RESULT:
                    observers.progress("shown")
            # Never in the middle of a visit: it keeps what it began with.
            if after.state is State.ATTRACT and (
                base.published.changed() or before.state is not State.ATTRACT
            ):
                surroundings.reload_catalogue()
                take_settings()
            if isinstance(event, ev.PrintAnswered):
                observers.progress("printed")
            observers.step(before, event, after)

        def take_settings() -> None:
            """What the centre set from afar, over the file's."""
            now = over(settings, base.published.settings())
            idle.warn_s, idle.countdown_s = now.screen.idle_warn_s, now.screen.idle_countdown_s
            surroundings.place = office.place = place_of(now)

        idle = IdleClock(settings.screen.idle_warn_s, settings.screen.idle_countdown_s)
        journey = Journey(surroundings.world, idle, on_step=on_step)
        later["journey"] = journey

        def did(action: StaffAction, result: Done) -> None:
            base.noticed.tell(StaffDid(action, result.reason if isinstance(result, Failed) else None))
            base.sender.beat(surroundings.heartbeat())

        office = CaseOffice(
            base.outbox,
            base.sender,
            base.clock,
            base.place,
            base.signing_key,
            observers.progress,
            observers.slip,
        )
        take_settings()
        hands = DeviceHands(
            devices,
            office,
            CentreOnTheLine(base.live, base.outbox),
            journey.answer,
            lambda only_news: speaker.say(
                (news if only_news else spoken)(journey.view()), journey.view().language
            ),
            encode_jpeg,
            StaffRoom(StaffDoor(settings.terminal.state, base.noticed.tell), base.desk, did),
            base.proofs,
            waits,
        )
        stack.callback(hands.close)
        stack.callback(base.live.close)  # nobody waits any more, so that the lanes end
        stack.callback(base.sender.close)
        stack.callback(journey.close)
        control = _control(settings.terminal.state, surroundings, devices)
        if control is not None:
            stack.callback(control.close)
        journey.start(hands)
        base.watch.start()
        base.sender.start()
        if control is not None:
            control.start()
        return Terminal(
            settings,
            journey,
            hands,
            devices,
            base.outbox,
            base.sender,
            surroundings,
            speaker,
            base.noticed,
            base.ending,
            stack.pop_all(),
        )
