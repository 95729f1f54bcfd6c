"""Who shows a phone has the camera that looks at faces off, whatever names kiosk.ini gives the cameras."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.camera import binding
from drivers.contract import DeviceState, DeviceStatus, Failed, Ok
from drivers.eid.signed import SignedEids
from drivers.eid.simulated import SimulatedIssuer
from kiosk.assembly.devices import open_devices
from kiosk.assembly.proofs import why_shut
from kiosk.catalogue.model import Method
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.hands import Devices
from kiosk.journey.proof import QrFailure
from kiosk.journey.states import State
from kiosk.recognition.codes import CodeDesk
from kiosk.recognition.provers import Now, Provers
from tests.kiosk.journey.test_hands import NOBODY
from tests.kiosk.journey.visits import visit
from tests.kiosk.test_assembly import settings_of


class Working:
    """A camera or a reader of codes: works, and finds no code."""

    def __init__(self) -> None:
        self.opened = 0

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.READY)

    def open(self) -> Ok[None]:
        self.opened += 1
        return Ok(None)

    def stop(self) -> None:
        pass

    def read(self, *_given: object) -> Failed[str]:
        return Failed("nothing was shown")


FACE, DESK = Working(), Working()


@pytest.mark.parametrize(
    ("through", "is_the_face_camera", "may"),
    [(FACE, False, False), (DESK, True, False), (DESK, False, True), (None, False, False)],
    ids=["the face camera", "the same under another name", "a camera of its own", "none"],
)
def test_a_code_is_read_by_a_camera_of_its_own_or_not_at_all(
    through: Any, is_the_face_camera: bool, may: bool
) -> None:
    camera: Any = FACE
    reader: Any = Working()
    FACE.opened = DESK.opened = 0
    devices = Devices(
        None,
        None,
        camera,
        None,
        None,
        lambda _photo: Ok(b""),
        code_reader=reader,
        code_camera=through,
        codes_by_face_camera=lambda: is_the_face_camera,
    )
    issuer, now = SimulatedIssuer(), Now(datetime(2026, 11, 25, tzinfo=UTC), trusted=True)
    eids = SignedEids({issuer.name: issuer.public_key}, lambda: 0.0)
    ways = Provers(devices, CodeDesk(NOBODY), eids, None, "0142", lambda: now)
    assert (Method.QR in ways.working()) is may
    told = ("config.one_camera",) if through is not None and not may else ()
    assert why_shut({Method.FACE, Method.QR}, ways) == told
    assert why_shut({Method.FACE}, ways) == (), "a way that nobody wants is none that is missing"
    answers: list[ev.Event] = []
    shown = visit(State.QR)
    job, _ = ways.job(fx.StartQr(shown), shown, answers.append)
    job(threading.Event())
    assert answers == [ev.QrAnswered(Failed(QrFailure.NO_CODE if may else QrFailure.NO_CAMERA))]
    assert (FACE.opened, DESK.opened) == (0, int(may))


def test_the_kernel_is_asked_about_the_two_sources_of_kiosk_ini(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def are_one(one: str, other: str) -> bool:
        asked.append((one, other))
        return True

    monkeypatch.setattr(binding, "are_one", are_one)
    named = {
        ("camera", "source"): "usb:0c45:6366",
        ("document_camera", "source"): "/dev/v4l/by-id/usb-face",
        ("code_reader", "camera"): "document_camera",
    }
    with contextlib.ExitStack() as stack:
        devices = open_devices(settings_of(tmp_path, named), stack)
        assert devices.code_camera is not devices.camera
        assert devices.codes_by_face_camera()
    assert asked == [("usb:0c45:6366", "/dev/v4l/by-id/usb-face")]
