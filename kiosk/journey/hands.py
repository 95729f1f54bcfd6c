"""The effects, done: each on the lane of its device, each answered by an event of its visit."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from drivers.camera.contract import Camera, Frame
from drivers.card_reader.contract import CardFailure, CardReader, EncodedPhoto
from drivers.code_reader.contract import CodeReader
from drivers.contract import Cause, Device, Failed, Ok, Outcome
from drivers.document_camera.contract import DocumentCamera
from drivers.document_printer.contract import DocumentPrinter
from drivers.face.contract import FaceFailure, FaceVerifier, Guidance
from drivers.face.liveness.checks import NoCheck
from drivers.face.liveness.contract import LivenessCheck, Prompt
from drivers.face.liveness.infrared import InfraredCheck
from drivers.receipt_printer.contract import PrintReport, ReceiptPrinter, Slip
from drivers.token.contract import Authenticator
from kiosk.case import CaseState
from kiosk.catalogue.model import CASES_FOR_OTHERS_MAX
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.card_counts import CardCounts
from kiosk.journey.face_attempt import attempt
from kiosk.journey.hand_lanes import Lanes
from kiosk.journey.live import LookUpFailure
from kiosk.journey.services import LiveOffice, Office, Proofs, StaffRoom
from kiosk.journey.visit import FACE_OF_A_CARD_MAX, Visit
from kiosk.lanes import Job, Lane
from kiosk.staff.answers import Door, DoorAnswer, StaffAction, StaffFailure

CARD_WAIT_S = 300.0
REMOVAL_POLL_S = 0.2
PHOTO_WAIT_S = 3.0
PHOTO_POLL_S = 0.1
FACE_WAIT_S = 10.0
"""A new child loads its models in 0.7 s on a free core, and in some seconds on one that has much to do."""
FACE_WAIT_POLL_S = 0.2
NO_STORE = "queue.full"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the slip is held back for the centre, in seconds from the commit; then it says "received"."""

    registered_s: float = 5.0
    decided_s: float = 10.0
    """For the department's word, registration included."""


A_RESIDENT_WAITS = Waits()


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices of this terminal; None where there is none."""

    identity_reader: CardReader | None
    helper_reader: CardReader | None
    camera: Camera | None
    face: FaceVerifier | None
    printer: ReceiptPrinter | None
    decode_photo: Callable[[EncodedPhoto], Ok[bytes] | Failed[str]]
    document_camera: DocumentCamera | None = None
    document_printer: DocumentPrinter | None = None
    cabinet: Device | None = None
    touch_panel: Device | None = None
    token: Authenticator | None = None
    liveness: LivenessCheck = field(default_factory=NoCheck)
    code_reader: CodeReader | None = None
    code_camera: Camera | None = None
    """What the code reader looks through: one of the cameras above, opened and stopped by whoever reads."""
    codes_by_face_camera: Callable[[], bool] = lambda: False
    """Whether that is now the camera that looks at residents, under another name."""

    def named(self) -> dict[str, Device]:
        """Kind, as the health vocabulary calls it -> device; without what this terminal does not have."""
        known: dict[str, Device | None] = {
            "card": self.identity_reader,
            "camera": self.camera,
            "face": self._face_check(),
            "printer": self.printer,
            "helper": self.helper_reader,
            "document_camera": self.document_camera,
            "a4": self.document_printer,
            "cabinet": self.cabinet,
            "touch": self.touch_panel,
            "token": self.token,
            "code_reader": self.code_reader,
        }
        return {kind: device for kind, device in known.items() if device is not None}

    def _face_check(self) -> Device | None:
        """With the kit that it depends on, where there is one."""
        kit = self.liveness
        return kit.beside(self.face) if self.face and isinstance(kit, InfraredCheck) else self.face

    def looks_through(self) -> dict[str, str]:
        """Kind -> the kind of the camera without which it sees nothing."""
        code = "camera" if self.code_camera is self.camera else "document_camera"
        return {"face": "camera", "code_reader": code}


class DeviceHands:
    """Implements `runner.Hands` on real drivers."""

    def __init__(
        self,
        devices: Devices,
        office: Office,
        live: LiveOffice,
        answer: Callable[[str, ev.Event], None],
        speak: Callable[[bool], None],
        encode_jpeg: Callable[[Frame], bytes],
        staff: StaffRoom,
        proofs: Proofs,
        waits: Waits = A_RESIDENT_WAITS,
    ) -> None:
        self.lanes = Lanes(*map(Lane, ("card", "camera", "office", "live", "printer", "staff")))
        self._staff = staff
        self._devices = devices
        self._office = office
        self._live = live
        self._answer = answer
        self._speak = speak
        self._encode_jpeg = encode_jpeg
        self._proofs = proofs
        self._card_looks, self._acted = CardCounts(FACE_OF_A_CARD_MAX), CardCounts(CASES_FOR_OTHERS_MAX)
        self._waits = waits

    def close(self) -> None:
        """Devices stop; what was promised to be stored or printed is still done."""
        for lane in (self.lanes.card, self.lanes.camera, self.lanes.live, self.lanes.staff):
            lane.close()
        for lane in (self.lanes.office, self.lanes.printer):
            lane.close(finish=True)

    def rest(self) -> None:
        for counts in (self._card_looks, self._acted):
            counts.forget()

    def do(self, effect: fx.Effect, visit: Visit) -> None:
        """Put the effect on its lane and return at once.

        Whoever waits on the screen is answered even when a job ends by a defect.
        """
        lanes, id_ = self.lanes, visit.id
        match effect:
            case fx.ReadCard(purpose):
                lost = ev.CardAnswered(Failed(CardFailure.READER_LOST))
                self._on(lanes.card, id_, lambda cancel: self._read_card(purpose, visit, cancel), lost)
            case fx.StopCard():
                self.lanes.card.drop()
            case fx.CountLook(looked):
                if looked.card is not None:
                    self._card_looks.count(looked.card.document)
            case fx.WatchRemoval():
                self.lanes.card.do(lambda cancel: self._watch_removal(id_, cancel))
            case (
                fx.StartFace() | fx.OtherMovement() | fx.AwaitFace() | fx.StartCamera() | fx.TakePhoto()
                | fx.StopFace() | fx.StopCamera()
            ):  # fmt: skip
                self._before_the_camera(effect, visit)
            case (
                fx.SendCode() | fx.CheckCode() | fx.ForgetCode() | fx.StartQr() | fx.StopQr() | fx.AskClerk()
                | fx.StopClerk()
            ):  # fmt: skip
                self._prove(effect, visit)
            case fx.Submit() | fx.AskSame() | fx.AwaitCentre() | fx.Evaluate():
                self._do_in_office(effect, id_)
            case fx.AskRecords(asking):
                ask: Job = lambda _cancel: self._answer(id_, self._live.records(asking))  # noqa: E731 - typed
                self._on(lanes.live, id_, ask, ev.PrefillAnswered({}))
            case fx.LookUpProgress(case_code):
                look: Job = lambda _cancel: self._answer(id_, self._live.progress(case_code))  # noqa: E731 - typed
                unreached = ev.ProgressAnswered(Failed(LookUpFailure.UNREACHED))
                self._on(lanes.live, id_, look, unreached)
            case fx.Print(printed, copy):
                not_known = ev.PrintAnswered(PrintReport(Outcome.UNKNOWN, Cause.PRINTER_ERROR))
                self._on(lanes.printer, id_, lambda _cancel: self._print(printed, copy=copy), not_known)
            case fx.PrintWindowSlip(led):
                lost_slip = ev.WindowSlipAnswered(PrintReport(Outcome.UNKNOWN, Cause.PRINTER_ERROR))
                self._on(lanes.printer, id_, lambda _cancel: self._print_window_slip(led), lost_slip)
            case fx.Speak(only_news):
                self._speak(only_news)
            case fx.LookAtDoor():
                self._at_door(id_, self._staff.door.look)
            case fx.TryPin(pin):
                self._at_door(id_, lambda: self._staff.door.attempt(pin))
            case fx.StaffDo(action):
                defect = Failed(StaffFailure.DEFECT)
                self._on(
                    lanes.of(action),
                    id_,
                    lambda _cancel: self._staff_do(action, id_),
                    ev.StaffDone(action, defect),
                )
            case fx.Forget():
                self.lanes.card.drop()
                self.lanes.live.drop()
                self.lanes.live.do(lambda _cancel: self._proofs.forget())
                self.lanes.camera.drop()
                self.lanes.camera.do(lambda _cancel: self._stop_camera())

    def _before_the_camera(self, effect: fx.CameraEffect, visit: Visit) -> None:
        """All on the camera's lane; another movement is only noted for the attempt that is under way there."""
        camera, id_ = self.lanes.camera, visit.id
        match effect:
            case fx.StartFace():
                crashed = ev.FaceAnswered(Failed(FaceFailure.CRASHED))
                self._on(camera, id_, lambda cancel: self._face(visit, cancel), crashed)
            case fx.OtherMovement():
                self._devices.liveness.decline()
            case fx.AwaitFace():
                self._on(camera, id_, lambda cancel: self._await_face(id_, cancel), ev.FaceWaited())
            case fx.StartCamera():
                self._on(camera, id_, lambda _cancel: self._open_camera(id_), ev.PhotoTaken(None))
            case fx.TakePhoto():
                self._on(camera, id_, lambda cancel: self._take_photo(id_, cancel), ev.PhotoTaken(None))
            case fx.StopFace() | fx.StopCamera():
                camera.drop()
                camera.do(lambda _cancel: self._stop_camera())

    def _prove(self, effect: fx.ProofEffect, visit: Visit) -> None:
        """A camera's work on its lane, a question to somebody far away on the live one; leaving cancels both."""
        camera, live = self.lanes.camera, self.lanes.live
        if isinstance(effect, fx.StopQr | fx.StopClerk):
            camera.drop()
            camera.do(lambda _cancel: self._stop_camera())
        if isinstance(effect, fx.ForgetCode | fx.StopClerk):
            live.drop()
        job, otherwise = self._proofs.job(effect, visit, lambda event: self._answer(visit.id, event))
        self._on(camera if isinstance(effect, fx.StartQr) else live, visit.id, job, otherwise)

    def _do_in_office(
        self, effect: fx.Submit | fx.AskSame | fx.AwaitCentre | fx.Evaluate, visit_id: str
    ) -> None:
        office = self.lanes.office
        match effect:
            case fx.Submit(submitted):
                self._on(office, visit_id, lambda _cancel: self._store(submitted), ev.NotStored(NO_STORE))
            case fx.AskSame(asking):
                self._on(office, visit_id, lambda _cancel: self._ask_same(asking), ev.SameWaits(found=False))
            case fx.AwaitCentre():
                awaited: Job = lambda _cancel: self._await_centre(effect, visit_id)  # noqa: E731 - typed
                self._on(office, visit_id, awaited, ev.CaseMoved(None))
            case fx.Evaluate(evaluated):
                office.do(lambda _cancel: self._office.evaluate(evaluated))

    def _on(self, lane: Lane, visit_id: str, job: Job, otherwise: ev.Event) -> None:
        """Do the job on its lane; `otherwise` is the answer when it ends by a defect."""

        def guarded(cancel: threading.Event) -> None:
            try:
                job(cancel)
            except Exception:
                if not cancel.is_set():
                    self._answer(visit_id, otherwise)
                raise

        lane.do(guarded)

    def _at_door(self, visit_id: str, ask: Callable[[], Door]) -> None:
        broken = ev.DoorAnswered(Door(DoorAnswer.BROKEN))
        job: Job = lambda _cancel: self._answer(visit_id, ev.DoorAnswered(ask()))  # noqa: E731 - typed
        self._on(self.lanes.staff, visit_id, job, broken)

    def _staff_do(self, action: StaffAction, visit_id: str) -> None:
        result = self._staff.actions.do(action)
        self._staff.did(action, result)
        self._answer(visit_id, ev.StaffDone(action, result))

    def _ask_same(self, visit: Visit) -> None:
        self._answer(visit.id, ev.SameWaits(self._office.same_waits(visit)))

    def _store(self, visit: Visit) -> None:
        if isinstance(stored := self._office.store(visit), ev.Stored) and (agent := visit.agent) is not None:
            self._acted.count(agent.document, visit.service_code)
        self._answer(visit.id, stored)

    def _read_card(self, purpose: fx.CardPurpose, visit: Visit, cancel: threading.Event) -> None:
        helper = purpose is fx.CardPurpose.HELPER
        reader = self._devices.helper_reader if helper else self._devices.identity_reader
        if reader is None:
            self._answer(visit.id, ev.CardAnswered(Failed(CardFailure.READER_LOST)))
            return
        result, spent, acted = reader.read(CARD_WAIT_S, cancel), 0, 0
        if isinstance(result, Ok):
            of = result.value.document
            spent, acted = self._card_looks.of(of), self._acted.of(of, visit.service_code)
        if not cancel.is_set():
            self._answer(visit.id, ev.CardAnswered(result, spent, acted))

    def _watch_removal(self, visit_id: str, cancel: threading.Event) -> None:
        reader = self._devices.identity_reader
        if reader is None or not reader.can_detect_removal:
            return
        while not cancel.wait(REMOVAL_POLL_S):
            if reader.card_present() is False:
                self._answer(visit_id, ev.CardRemoved())
                return

    def _face(self, visit: Visit, cancel: threading.Event) -> None:
        camera, face, card = self._devices.camera, self._devices.face, visit.card
        if camera is None or face is None or card is None or card.photo is None:
            self._answer(visit.id, ev.FaceAnswered(Failed(FaceFailure.NO_REFERENCE)))
            return
        decoded = self._devices.decode_photo(card.photo)
        if isinstance(decoded, Failed):
            self._answer(visit.id, ev.FaceAnswered(Failed(FaceFailure.NO_REFERENCE, decoded.detail)))
            return
        check = self._devices.liveness
        check.begin(again=visit.face.begun > 1, unhurried=visit.elder or visit.listens)

        def guide(guidance: Guidance | None, pointing: bool, prompt: Prompt | None) -> None:
            # What is said after the look was left would be taken for the next one's.
            if not cancel.is_set():
                self._answer(visit.id, ev.FaceGuided(guidance, pointing, prompt))

        try:
            result = attempt(camera, face, decoded.value, cancel, guide, check)
            if isinstance(result, Failed):
                log.info("a face attempt ended without a comparison: %s (%s)", result.reason, result.detail)
            if result is not None and not cancel.is_set():
                self._answer(visit.id, ev.FaceAnswered(result, check.record()))
        finally:
            check.end()

    def _await_face(self, visit_id: str, cancel: threading.Event) -> None:
        """Until verifier and camera work, at most `FACE_WAIT_S`."""
        named = self._devices.named()
        wanted = [named[kind] for kind in ("face", "camera") if kind in named]
        deadline_s = time.monotonic() + FACE_WAIT_S
        while not all(device.probe().usable for device in wanted) and time.monotonic() < deadline_s:
            if cancel.wait(FACE_WAIT_POLL_S):
                return
        if not cancel.is_set():
            self._answer(visit_id, ev.FaceWaited())

    def _open_camera(self, visit_id: str) -> None:
        camera = self._devices.camera
        if camera is None or isinstance(camera.open(), Failed):
            self._answer(visit_id, ev.PhotoTaken(None))

    def _take_photo(self, visit_id: str, cancel: threading.Event) -> None:
        """The newest frame; a camera that only just opened gets a moment to settle."""
        camera = self._devices.camera
        deadline_s = time.monotonic() + PHOTO_WAIT_S
        picture: bytes | None = None
        while camera is not None and picture is None and time.monotonic() < deadline_s:
            frame = camera.latest()
            if isinstance(frame, Ok):
                picture = self._encode_jpeg(frame.value)
            else:
                cancel.wait(PHOTO_POLL_S)
            if cancel.is_set():
                return
        self._answer(visit_id, ev.PhotoTaken(picture))

    def _stop_camera(self) -> None:
        """The face is forgotten even when the camera does not stop."""
        try:
            if self._devices.camera is not None:
                self._devices.camera.stop()
        finally:
            if self._devices.face is not None:
                self._devices.face.forget()
            self._devices.liveness.end()

    def _await_centre(self, wanted: fx.AwaitCentre, visit_id: str) -> None:
        """Registered first, then, where it may be, decided; the time of both is the resident's."""
        begun_s = time.monotonic()
        state, registered_at = self._office.await_centre(wanted.case_code, self._waits.registered_s)
        decided = None
        if wanted.decide and state is CaseState.REGISTERED:
            left_s = self._waits.decided_s - (time.monotonic() - begun_s)
            decided = self._live.decide(wanted.decide, wanted.case_code, left_s)
        moved = decided or ev.CaseMoved(state)
        self._answer(visit_id, replace(moved, registered_at=registered_at))

    def _print(self, visit: Visit, *, copy: bool) -> None:
        report = self._printed(lambda: self._office.slip(visit, copy=copy))
        self._answer(visit.id, ev.PrintAnswered(report))

    def _print_window_slip(self, visit: Visit) -> None:
        self._answer(visit.id, ev.WindowSlipAnswered(self._printed(lambda: self._office.window_slip(visit))))

    def _printed(self, slip: Callable[[], Slip]) -> PrintReport:
        printer = self._devices.printer
        return (
            PrintReport(Outcome.FAILED, Cause.PRINTER_OFFLINE)
            if printer is None
            else printer.print_slip(slip())
        )
