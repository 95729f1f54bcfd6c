"""What a presence check opens beside the camera is closed however the attempt ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drivers.camera.contract import CameraFailure
from drivers.contract import Failed, Ok
from drivers.face.contract import Guidance
from drivers.face.liveness.checks import NoCheck
from drivers.face.liveness.infrared import FaceWithKit, InfraredCheck
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.hands import DeviceHands, Devices
from tests.drivers.waiting import PATIENCE_S, wait_until
from tests.kiosk.journey.test_hands import FACE, NO_STAFF, NOBODY, Answers, Broken, Held, fall_over, proofs


class CountedCheck(NoCheck):
    """What has a camera of its own, and says when it is to be open."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def begin(self, *, again: bool) -> None:  # noqa: ARG002 - the contract's
        self.calls.append("begin")

    def open(self) -> None:
        self.calls.append("open")

    def end(self) -> None:
        self.calls.append("end")


class Scripted(Broken):
    """A camera and a verifier of whose calls some have an answer, and the rest is a defect."""

    def __init__(self, **answers: object) -> None:
        self.called: list[str] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(*_given: object) -> Any:
            self.called.append(name)
            return self._answers[name] if name in self._answers else fall_over()

        return answer


@pytest.mark.parametrize(
    ("answering", "calls"),
    [
        ({"set_reference": Failed(Guidance.NO_FACE)}, ["begin", "end"]),
        ({}, ["begin", "end"]),
        ({"set_reference": Ok(None), "open": Failed(CameraFailure.ABSENT)}, ["begin", "open", "end"]),
        ({"set_reference": Ok(None), "open": Ok(None)}, ["begin", "open", "end"]),
    ],
    ids=["no face on the card", "a defect before", "the camera does not open", "a defect while looking"],
)
def test_what_the_presence_check_opens_is_closed_however_the_attempt_ends(
    answering: dict[str, object], calls: list[str]
) -> None:
    answers = Answers()
    check, device = CountedCheck(), Scripted(**answering)
    hands = looking(answers, check, device)
    hands.do(fx.StartFace(), FACE)
    assert wait_until(lambda: hands.lanes.camera.idle)
    hands.close()
    assert check.calls == calls
    assert [type(event) for _, event in answers.came] == [ev.FaceAnswered]
    assert ("open" in device.called) is ("open" in calls)


def test_who_leaves_while_being_looked_at_leaves_nothing_open() -> None:
    answers = Answers()
    check, device = CountedCheck(), Held(Ok(None))
    hands = looking(answers, check, device)
    hands.do(fx.StartFace(), FACE)
    assert device.begun.wait(PATIENCE_S)
    hands.do(fx.StopFace(), FACE)
    device.go.set()
    assert wait_until(lambda: hands.lanes.camera.idle)
    hands.close()
    assert check.calls[0] == "begin"
    assert check.calls[-2:] == ["end", "end"], "by the attempt, and where the camera is stopped"


def looking(answers: Answers, check: NoCheck, device: Any) -> DeviceHands:
    devices = replace(
        Devices(device, device, device, device, device, lambda _photo: Ok(b"photo")), liveness=check
    )
    return DeviceHands(
        devices, NOBODY, NOBODY, answers, lambda _news: None, lambda _frame: b"", NO_STAFF, proofs()
    )


def test_health_hears_of_the_face_check_with_the_kit_that_it_depends_on() -> None:
    plain = Devices(None, None, None, NOBODY, None, lambda _photo: Ok(b""))
    assert plain.named() == {"face": NOBODY}
    kit = InfraredCheck("no_such_vendor:Kit")
    other: Any = object()
    try:
        devices = replace(plain, liveness=kit)
        assert isinstance(devices.named()["face"], FaceWithKit)
        assert devices.named()["face"] is devices.named()["face"], "it is watched by what it is"
        assert replace(devices, face=other).named()["face"] is not devices.named()["face"]
        assert replace(plain, face=None, liveness=kit).named() == {}
    finally:
        kit.close()
