"""Settings -> a Terminal. The one module that names real drivers; run, demo and rehearse share it."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.camera.contract import Camera, Frame
from drivers.card_reader.contract import CardReader, EncodedPhoto
from drivers.card_reader.link import Link as CardLink
from drivers.card_reader.photo import decode
from drivers.contract import Device, Failed, Ok
from drivers.document_camera.contract import DocumentCamera
from drivers.face.contract import FaceVerifier
from drivers.receipt_printer.contract import PrintMode, Slip
from drivers.receipt_printer.fonts import FontFile, Fonts
from drivers.tap import Tap
from kiosk import keys, recordings
from kiosk.catalogue.load import load_catalogue
from kiosk.clock import Clock
from kiosk.control import ControlServer
from kiosk.events import Event, Noticed, StaffDid, StaffLeft
from kiosk.journey import events as ev
from kiosk.journey.accessible import spoken
from kiosk.journey.hands import DeviceHands, Devices, StaffRoom
from kiosk.journey.idle import IdleClock
from kiosk.journey.runner import Journey
from kiosk.journey.states import STAFF, STAFF_OPEN, State
from kiosk.journey.view import View
from kiosk.journey.visit import Visit
from kiosk.journey.world import Place
from kiosk.office import CaseOffice
from kiosk.paper.spool import journal_path, paper_roll
from kiosk.settings import Settings
from kiosk.speech import Speaker
from kiosk.staff.answers import Done, StaffAction
from kiosk.staff.desk import Desk, jobs
from kiosk.staff.door import StaffDoor
from kiosk.staff.paper import printer_jobs
from kiosk.staff.switch import ServiceSwitch
from kiosk.surroundings import Surroundings
from kiosk.watch import Watch
from offline_queue.link import Link
from offline_queue.policy import DEFAULT_POLICY, Policy
from offline_queue.seal import SealingKey
from offline_queue.sender import Sender
from offline_queue.store import Outbox

PHOTO_DEADLINE_S = 5.0
DEMO_POLICY = Policy(first_spread_s=0.2, cap_s=5.0, heartbeat_s=10.0)
"""A demo has no herd to spread, and somebody waits for the network to come back."""


def _nothing(*_given: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Observers:
    """What a rehearsal listens to. `progress` may block: the terminal then waits at that step."""

    progress: Callable[[str], None] = _nothing
    slip: Callable[[Slip], None] = _nothing
    step: Callable[[Visit, ev.Event, Visit], None] = _nothing


@dataclass(slots=True)
class Ending:
    """How the staff asked the program to end, if they did."""

    asked: StaffAction | None = None

    def ask(self, action: StaffAction) -> None:
        self.asked = action


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


def fonts_of(folder: Path) -> Fonts:
    """The fonts of set-up: Noto's SC face first, then HanaMin for rare characters."""
    rare = tuple(
        FontFile(folder / name) for name in ("HanaMinA.ttf", "HanaMinB.ttf") if (folder / name).is_file()
    )
    regular = (FontFile(folder / "NotoSansSC-Regular.otf"), *rare)
    bold = (FontFile(folder / "NotoSansSC-Bold.otf"), *rare)
    return Fonts(regular, bold)


def encode_jpeg(frame: Frame) -> bytes:
    """A picture for the report: JPEG, quality 85."""
    import cv2

    ok, data = cv2.imencode(".jpg", frame.pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not ok:
        message = "the picture could not be encoded"
        raise RuntimeError(message)
    return bytes(data)


D = TypeVar("D", bound=Device)


def open_devices(settings: Settings, stack: contextlib.ExitStack) -> Devices:
    """The real drivers that kiosk.ini names, each closed by `stack`.

    An absent device says so itself.
    """
    from drivers.camera.opencv import OpencvCamera
    from drivers.card_reader.identity_file import IdentityFile
    from drivers.card_reader.links import link_to
    from drivers.card_reader.pcsc import PcscReader
    from drivers.card_reader.sdt import SdtReader
    from drivers.card_reader.social_security import SocialSecurityCard
    from drivers.card_reader.tapped_link import TappedLink
    from drivers.document_camera.camera import CameraForDocuments
    from drivers.document_printer.cups_printer import CupsPrinter
    from drivers.face.verifier import ProcessFaceVerifier
    from drivers.receipt_printer.escpos_printer import EscposPrinter
    from drivers.sensors.contract import Wanted
    from drivers.sensors.sysfs import SysfsCabinet

    card, camera = settings.card_reader, settings.camera
    command = shlex.split(card.photo_decoder)

    def decode_photo(photo: EncodedPhoto) -> Ok[bytes] | Failed[str]:
        decoded = decode(command, photo, PHOTO_DEADLINE_S)
        return decoded if isinstance(decoded, Ok) else Failed(decoded.reason.value, decoded.detail)

    def opened(device: D) -> D:
        stack.callback(device.close)  # at once: what is opened next may fail
        return device

    recorder = recordings.begin(settings, stack)

    def tap(wire: str) -> Tap | None:
        return None if recorder is None else recorder.tap(wire)

    def tapped(link: CardLink) -> CardLink:
        card_tap = tap("card")
        return link if card_tap is None else TappedLink(link, card_tap)

    face: FaceVerifier | None = None
    lens: Camera | None = None
    if camera.source:
        lens = opened(
            OpencvCamera(
                camera.source,
                demo=settings.terminal.demo,
                rotation_degrees=camera.rotation_degrees,
                size_px=camera.size_px,
            )
        )
        face = opened(
            ProcessFaceVerifier(
                settings.face.models, settings.face.calibration, settings.face.calibration_key
            )
        )
    identity: CardReader | None = None
    match card.kind:
        case "sdt":
            identity = opened(SdtReader(tapped(link_to(card.port, card.baud_rate))))
        case "pcsc":
            applications = (IdentityFile(), SocialSecurityCard())
            identity = opened(
                PcscReader(
                    card.reader_name,
                    applications,
                    not_reader_name=card.helper_reader_name,
                    tap=tap("smart_card"),
                )
            )
        case "none":
            pass
    documents = settings.document_camera
    desk: DocumentCamera | None = None
    if documents.source:
        shared = lens if documents.source == camera.source else None
        desk = opened(
            CameraForDocuments(
                shared
                or OpencvCamera(documents.source, demo=settings.terminal.demo, size_px=documents.size_px)
            )
        )
    sensors = Wanted(**settings.sensors.model_dump())
    printer, a4 = settings.receipt_printer, settings.document_printer
    return Devices(
        identity_reader=identity,
        helper_reader=opened(PcscReader(card.helper_reader_name, tap=tap("helper")))
        if card.helper_kind == "pcsc"
        else None,
        camera=lens,
        face=face,
        printer=None
        if printer.address == "none"
        else opened(
            EscposPrinter(
                printer.address,
                fonts_of(settings.screen.fonts),
                journal_path(settings),
                width_dots=printer.width_dots,
                mode=PrintMode(printer.mode),
                roll=paper_roll(settings),
                tap=tap("printer"),
            )
        ),
        decode_photo=decode_photo,
        document_camera=desk,
        cabinet=opened(SysfsCabinet(sensors)) if sensors.any else None,
        document_printer=None
        if a4.queue == "none"
        else opened(
            CupsPrinter(
                a4.queue,
                settings.terminal.state / "document-journal.jsonl",
                server=a4.server,
                identity=a4.identity,
            )
        ),
        touch_panel=touch_panel(settings),
    )


def touch_panel(settings: Settings) -> Device | None:
    """The watch over the touch panel's plug, where kiosk.ini names the panel."""
    from drivers.touch_panel import SysfsTouchPanel

    return SysfsTouchPanel(settings.screen.touch_panel) if settings.screen.touch_panel else None


def key_files(settings: Settings) -> tuple[Path, ...]:
    """Every file that trust hangs on."""
    trust, centre = settings.trust, settings.centre
    return (
        trust.terminal_key,
        trust.database_key,
        trust.publisher_key,
        centre.authority,
        centre.sealing_key,
        centre.acknowledgement_key,
        settings.face.calibration_key,
        *([] if settings.document_printer.queue == "none" else [settings.document_printer.root]),
    )


@dataclass(frozen=True, slots=True)
class Foundation:
    """What a terminal stands on before anybody is served. Nothing is started and nothing sent."""

    place: Place
    clock: Clock
    signing_key: Ed25519PrivateKey
    outbox: Outbox
    link: Link
    devices: Devices
    watch: Watch
    sender: Sender
    speaker: Speaker
    surroundings: Surroundings
    noticed: Noticed
    desk: Desk
    ending: Ending


def lay_foundation(
    settings: Settings,
    stack: contextlib.ExitStack,
    refresh: Callable[[], None] = _nothing,
    standing: tuple[str, ...] = (),
) -> Foundation:
    """Open keys, queue and devices; `stack` closes all but the sender, which is closed before what it uses.

    `refresh` is called when the way to the centre changed. Raises KeyFileError or a StoreError.
    """
    if not settings.terminal.demo:
        keys.refuse_demo(*key_files(settings))
    state = settings.terminal.state
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    signing_key = keys.private_key(settings.trust.terminal_key)
    publisher = keys.public_key(settings.trust.publisher_key)
    sealing = keys.sealing_public_key(settings.centre.sealing_key)
    acknowledgement = keys.public_key(settings.centre.acknowledgement_key)
    clock = Clock(state / "clock.json")
    place = Place(
        settings.terminal.number,
        settings.terminal.station,
        settings.terminal.responsible_body,
        settings.terminal.hotline,
    )
    outbox = Outbox.open(
        state / "outbox",
        terminal=settings.terminal.number,
        database_key=keys.database_key(settings.trust.database_key),
        signing_key=signing_key,
        sealing_key=SealingKey(keys.key_id(sealing), sealing),
        quota_bytes=settings.queue.quota_mb * 1024 * 1024,
        ballast_bytes=settings.queue.ballast_mb * 1024 * 1024,
    )
    stack.callback(outbox.close)
    link = Link(
        settings.centre.url,
        terminal=settings.terminal.number,
        signing_key=signing_key,
        ca_file=settings.centre.authority,
    )
    devices = open_devices(settings, stack)
    later: dict[str, Surroundings] = {}
    sender = Sender(
        outbox,
        link,
        centre_keys={keys.key_id(acknowledgement): acknowledgement},
        policy=DEMO_POLICY if settings.terminal.demo else DEFAULT_POLICY,
        on_change=refresh,
        on_centre_time=clock.confirm,
        heartbeat_body=lambda: later["surroundings"].heartbeat(),  # noqa: PLW0108 - it exists later
    )
    speaker = Speaker(shlex.split(settings.speech.command))
    stack.callback(speaker.close)
    noticed, ending, switch = Noticed(), Ending(), ServiceSwitch(state)
    desk = Desk(
        jobs(devices, switch, ending.ask)
        | (printer_jobs(settings, devices.printer, place, clock) if devices.printer is not None else {})
    )
    watch = Watch(tuple(devices.named().values()), refresh)
    stack.callback(watch.close)
    later["surroundings"] = surroundings = Surroundings(
        place,
        clock,
        devices,
        outbox,
        sender,
        lambda: load_catalogue(
            settings.catalogue.directory, publisher, clock.now().wall_utc, settings.terminal.region
        ),
        speaker,
        status_of=watch.status,
        standing=standing,
        noticed=lambda: [*switch.causes, *noticed.causes()],
        offered=desk.offered,
    )
    return Foundation(
        place,
        clock,
        signing_key,
        outbox,
        link,
        devices,
        watch,
        sender,
        speaker,
        surroundings,
        noticed,
        desk,
        ending,
    )


def assemble(
    settings: Settings, observers: Observers = Observers(), *, standing: tuple[str, ...] = ()
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
                if after.state is State.ATTRACT:
                    surroundings.reload_catalogue()
                if before.state in STAFF_OPEN and after.state not in STAFF:
                    base.noticed.tell(StaffLeft())
                if after.state is State.RESULT:
                    observers.progress("shown")
            if isinstance(event, ev.PrintAnswered):
                observers.progress("printed")
            observers.step(before, event, after)

        journey = Journey(
            surroundings.world,
            IdleClock(settings.screen.idle_warn_s, settings.screen.idle_countdown_s),
            on_step=on_step,
        )
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
        hands = DeviceHands(
            devices,
            office,
            journey.answer,
            lambda: speaker.say(spoken(journey.view()), journey.view().language),
            encode_jpeg,
            StaffRoom(StaffDoor(settings.terminal.state, base.noticed.tell), base.desk, did),
        )
        stack.callback(hands.close)
        stack.callback(base.sender.close)
        stack.callback(journey.close)
        control = ControlServer(settings.terminal.state, {"health": surroundings.seen})
        stack.callback(control.close)
        journey.start(hands)
        base.watch.start()
        base.sender.start()
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
