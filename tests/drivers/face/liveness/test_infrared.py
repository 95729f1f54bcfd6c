"""A vendor's kit in its real child process: its word is taken, and nothing else for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from drivers.contract import Cause, DeviceState, DeviceStatus, Ok
from drivers.face.contract import FaceFailure
from drivers.face.liveness.contract import LivenessCheck, LivenessRecord, Method, Outcome
from drivers.face.liveness.infrared import FaceWithKit, InfraredCheck
from tests.drivers.face.liveness.sights import frame
from tests.drivers.waiting import PATIENCE_S, wait_until

KITS = "tests.drivers.face.liveness.kits:"


@pytest.fixture
def built(request: pytest.FixtureRequest) -> Iterator[InfraredCheck]:
    name, deadline_s = request.param
    check = InfraredCheck(KITS + name, deadline_s=deadline_s)
    yield check
    check.close()


def looked(check: LivenessCheck, frames: int = 2) -> tuple[FaceFailure | None, LivenessRecord]:
    check.begin(again=False)
    check.open()
    answers = [check.usable(frame(number), 1) for number in range(1, frames + 1)]
    try:
        return (answers[-1] if answers else None), check.record()
    finally:
        check.end()


def kit(name: str, deadline_s: float = PATIENCE_S) -> tuple[str, float]:
    return name, deadline_s


@pytest.mark.parametrize("built", [kit("GoodKit")], indirect=True)
def test_a_kit_that_sees_somebody_is_recorded_by_its_name(built: InfraredCheck) -> None:
    assert wait_until(lambda: built.status().usable)
    assert looked(built) == (
        None,
        LivenessRecord(Method.INFRARED, Outcome.SHOWN, model="Test Kit 1.0"),
    )
    assert built.record().detail == "infrared shown model Test Kit 1.0"
    assert looked(built, frames=1)[1].outcome is Outcome.NOT_SHOWN, "each attempt begins anew"
    assert looked(built, frames=0)[1].outcome is Outcome.NOT_DONE


@pytest.mark.parametrize("built", [kit("UnsureKit"), kit("TruthyKit")], indirect=True)
def test_anything_but_a_plain_yes_or_no_is_none(built: InfraredCheck) -> None:
    assert wait_until(lambda: built.status().usable)
    record = looked(built)[1]
    assert record.outcome is Outcome.UNAVAILABLE
    assert not record.lets_pass


@pytest.mark.parametrize("built", [kit("NamelessKit"), kit("DyingKit"), kit("RaisingKit")], indirect=True)
def test_a_kit_that_does_not_work_lets_nobody_pass(built: InfraredCheck) -> None:
    assert wait_until(lambda: built.status().usable)
    failure, record = looked(built)
    assert failure is FaceFailure.LIVENESS_UNAVAILABLE
    assert record.outcome is Outcome.UNAVAILABLE


@pytest.mark.parametrize("built", [kit("HangingKit", 3.0)], indirect=True)
def test_a_kit_that_hangs_is_not_waited_for(built: InfraredCheck) -> None:
    assert wait_until(lambda: built.status().usable)
    assert looked(built)[1].outcome is Outcome.UNAVAILABLE


class GoodFace:
    def __init__(self, status: DeviceStatus) -> None:
        self._status = status
        self.probed = 0

    def status(self) -> DeviceStatus:
        return self._status

    def probe(self) -> DeviceStatus:
        self.probed += 1
        return self._status

    def close(self) -> None:
        pass


def beside(check: InfraredCheck, face: DeviceStatus) -> tuple[DeviceStatus, DeviceStatus]:
    """What health hears of the face check, told and asked."""
    good = GoodFace(face)
    device = FaceWithKit(good, check)
    told = device.status(), device.probe()
    assert good.probed == 1, "who asks the two asks the face check itself"
    return told


READY = DeviceStatus(DeviceState.READY)


def test_a_kit_that_is_not_installed_is_unavailable_and_health_says_why() -> None:
    check = InfraredCheck("no_such_vendor:Kit", deadline_s=3.0)
    try:
        assert beside(check, READY)[0].cause is Cause.FACE_RESTARTING, "nobody knows it yet"
        assert wait_until(lambda: bool(check.status().detail))
        for told in beside(check, READY):
            assert (told.usable, told.cause, told.detail) == (
                False,
                Cause.FACE_RESTARTING,
                "ModuleNotFoundError",
            )
        ending = DeviceStatus(DeviceState.READY, warnings=(Cause.FACE_CALIBRATION_ENDING,))
        assert [told.warnings for told in beside(check, ending)] == [ending.warnings] * 2, "told beside it"
        missing = DeviceStatus(DeviceState.FAULT, Cause.FACE_MODEL_MISSING)
        assert beside(check, missing) == (missing, missing), "the first cause is kept"
        assert looked(check)[1].outcome is Outcome.UNAVAILABLE
    finally:
        check.close()


@pytest.mark.parametrize("built", [kit("GoodKit")], indirect=True)
def test_a_kit_that_works_leaves_the_face_check_as_it_is(built: InfraredCheck) -> None:
    assert wait_until(lambda: built.status().usable)
    assert beside(built, READY) == (READY, READY)


def name_of(check: InfraredCheck) -> object:
    named = check._worker.call("kit_name", deadline_s=PATIENCE_S)
    return named.value if isinstance(named, Ok) else named


@pytest.mark.parametrize("built", [kit("CountingKit")], indirect=True)
def test_the_infrared_camera_is_open_from_the_opening_to_the_end_and_no_longer(built: InfraredCheck) -> None:
    """With a verdict and without one."""
    assert wait_until(lambda: built.status().usable)
    built.begin(again=False)
    assert name_of(built) == "opened 0 closed 0"
    assert built.record().outcome is Outcome.NOT_DONE, "it ended before the camera opened"
    built.end()
    assert name_of(built) == "opened 0 closed 0"
    for times in (1, 2):
        built.begin(again=True)
        built.open()
        built.usable(frame(1), 1)
        assert name_of(built) == f"opened {times} closed {times - 1}"
        built.end()
        built.end()
        assert name_of(built) == f"opened {times} closed {times}"
    looked(built)
    assert name_of(built) == "opened 3 closed 3"


@pytest.mark.parametrize("built", [kit("NeverEndingKit")], indirect=True)
def test_a_kit_that_does_not_close_its_camera_is_ended_with_its_process(built: InfraredCheck) -> None:
    assert wait_until(lambda: built.status().usable)
    assert looked(built)[1].outcome is Outcome.SHOWN
    assert wait_until(lambda: built.status().usable)
    assert name_of(built) == "opened 0 closed 0", "another process"


@pytest.mark.parametrize("built", [kit("MemoryKit")], indirect=True)
def test_the_kits_process_holds_faces_and_is_not_dumped(built: InfraredCheck) -> None:
    assert wait_until(lambda: built.status().usable)
    assert name_of(built) == "dumpable 0"


@pytest.mark.parametrize(
    ("name", "outcome"), [("ObjectKit", Outcome.UNAVAILABLE), ("NamedYesKit", Outcome.SHOWN)]
)
def test_nothing_of_the_vendors_is_imported_outside_the_kits_process(name: str, outcome: Outcome) -> None:
    vendor = "tests.drivers.face.liveness.vendor"
    check = InfraredCheck(f"{vendor}:{name}", deadline_s=PATIENCE_S)
    try:
        assert wait_until(lambda: check.status().usable)
        assert looked(check)[1] == LivenessRecord(Method.INFRARED, outcome, model="Vendor 2")
        assert type(name_of(check)) is str
    finally:
        check.close()
    assert vendor not in sys.modules
