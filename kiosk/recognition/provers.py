"""What does the effects of the ways that need somebody outside, each on the lane of what it waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from drivers.camera.contract import Camera
from drivers.card_reader.contract import EncodedPhoto
from drivers.clerk_line.contract import ClerkFailure, ClerkLine, ClerkQuestion
from drivers.code_reader.contract import CodeReader, QrWanted
from drivers.contract import Failed, Ok
from drivers.eid.contract import EidChecker
from drivers.eid.protocol import CHARACTERS_MAX
from kiosk.catalogue.model import Method
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.hands import Devices
from kiosk.journey.proof import CodeFailure, QrFailure
from kiosk.journey.visit import Visit
from kiosk.lanes import Job
from kiosk.recognition.codes import CodeDesk

QR_WAIT_S = 60.0
"""To take out the phone, open the app and hold it there."""
CLERK_WAIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Now:
    """`wall` is aware; `trusted`: somebody confirmed it since the start."""

    wall: datetime
    trusted: bool


class Provers:
    """Implements `journey.hands.Proofs`. Without an issuer or a line that way does not work, and says so."""

    def __init__(
        self,
        devices: Devices,
        codes: CodeDesk,
        eids: EidChecker,
        clerks: ClerkLine | None,
        terminal: str,
        now: Callable[[], Now],
    ) -> None:
        self._devices = devices
        self._codes = codes
        self._eids = eids
        self._clerks = clerks
        self._terminal = terminal
        self._now = now

    def working(self) -> frozenset[Method]:
        """Of the ways through a camera for codes or a clerk. Asks no device; for codes, what is plugged in."""
        found = set()
        reader, camera = self._devices.code_reader, self._code_camera()
        if (
            reader is not None
            and camera is not None
            and self._eids.issuers
            and self._now().trusted
            and reader.status().usable
            and camera.status().usable
        ):
            found.add(Method.QR)
        if self._clerks is not None:
            found.add(Method.CLERK)
        return frozenset(found)

    def codes_by_face_camera(self) -> bool:
        """Whether phones cannot be read here only because the one camera for it is the one that looks at faces."""
        return self._devices.code_camera is not None and self._code_camera() is None

    def job(
        self, effect: fx.ProofEffect, visit: Visit, answer: Callable[[ev.Event], None]
    ) -> tuple[Job, ev.Event]:
        """What is to be done on the lane, and the answer when it ends by a defect."""
        match effect:
            case fx.SendCode(asking):
                return (lambda cancel: self._send(asking, cancel, answer)), ev.CodeAnswered(
                    Failed(CodeFailure.NOT_SENT)
                )
            case fx.CheckCode(code):
                return (lambda _cancel: answer(self._codes.check(visit.id, code))), ev.CodeChecked(
                    right=False, failure=CodeFailure.EXPIRED
                )
            case fx.StartQr(asking):
                return (lambda cancel: self._read_phone(asking, cancel, answer)), ev.QrAnswered(
                    Failed(QrFailure.NO_CAMERA)
                )
            case fx.AskClerk(asking, jpeg):
                return (lambda cancel: self._ask_clerk(asking, jpeg, cancel, answer)), ev.ClerkAnswered(
                    Failed(ClerkFailure.UNREACHED)
                )
            case fx.ForgetCode() | fx.StopQr() | fx.StopClerk():
                return (lambda _cancel: self.forget()), ev.Touched()

    def forget(self) -> None:
        self._codes.forget()

    def close(self) -> None:
        if self._clerks is not None:
            self._clerks.close()

    def _code_camera(self) -> Camera | None:
        """Never the one that looks at faces: who chose another way has that one off. Asked of the kernel each time,
        since what is plugged where may change.
        """
        devices = self._devices
        camera = devices.code_camera
        if camera is None or camera is devices.camera or devices.codes_by_face_camera():
            return None
        return camera

    def _send(self, visit: Visit, cancel: threading.Event, answer: Callable[[ev.Event], None]) -> None:
        told = self._codes.send(visit)
        if not cancel.is_set():
            answer(told)

    def _read_phone(self, visit: Visit, cancel: threading.Event, answer: Callable[[ev.Event], None]) -> None:
        reader: CodeReader | None = self._devices.code_reader
        camera = self._code_camera()
        if reader is None or camera is None or visit.card is None or isinstance(camera.open(), Failed):
            answer(ev.QrAnswered(Failed(QrFailure.NO_CAMERA)))
            return
        wanted = QrWanted(self._eids.looks_like, CHARACTERS_MAX)
        try:
            read = reader.read(camera, wanted, QR_WAIT_S, cancel)
        finally:
            camera.stop()
        if cancel.is_set():
            return
        if isinstance(read, Failed):
            answer(ev.QrAnswered(Failed(QrFailure.NO_CODE)))
            return
        now = self._now()
        number = visit.card.document.number
        match self._eids.check(read.value, number, now.wall, clock_trusted=now.trusted):
            case Ok() as good:
                answer(ev.QrAnswered(good))
            case Failed(reason):
                answer(ev.QrAnswered(Failed(reason)))

    def _ask_clerk(
        self, visit: Visit, jpeg: bytes, cancel: threading.Event, answer: Callable[[ev.Event], None]
    ) -> None:
        photo = self._card_photo(visit)
        if self._clerks is None or photo is None:
            answer(
                ev.ClerkAnswered(Failed(ClerkFailure.NO_PICTURE if photo is None else ClerkFailure.UNREACHED))
            )
            return
        question = ClerkQuestion(self._terminal, visit.case_code, photo, jpeg)
        told = self._clerks.ask(question, CLERK_WAIT_S, cancel)
        if not cancel.is_set():
            answer(ev.ClerkAnswered(told))

    def _card_photo(self, visit: Visit) -> bytes | None:
        photo: EncodedPhoto | None = None if visit.card is None else visit.card.photo
        decoded = None if photo is None else self._devices.decode_photo(photo)
        return decoded.value if isinstance(decoded, Ok) else None
