"""Whoever waits on the screen is answered, whatever a device or the office does; and only while it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from drivers.card_reader.contract import CardFailure, CardRead, EncodedPhoto
from drivers.clerk_line.contract import ClerkFailure
from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok, Outcome
from drivers.eid.signed import SignedEids
from drivers.face.contract import FaceFailure
from drivers.receipt_printer.contract import PrintReport
from kiosk.case import CaseState
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey import hands as module
from kiosk.journey.card_counts import TERM_S, CardCounts
from kiosk.journey.hands import A_RESIDENT_WAITS, DeviceHands, Devices, Waits
from kiosk.journey.live import LookUpFailure
from kiosk.journey.proof import CodeFailure
from kiosk.journey.services import StaffRoom
from kiosk.journey.states import State
from kiosk.journey.visit import FACE_OF_A_CARD_MAX, Visit
from kiosk.recognition.codes import CodeDesk
from kiosk.recognition.provers import Now, Provers
from kiosk.staff.answers import Door, DoorAnswer, StaffAction, StaffFailure
from tests.drivers.waiting import PATIENCE_S, wait_until
from tests.kiosk.journey.visits import card, visit


class DefectError(Exception):
    """What no contract foresees."""


def fall_over(*_given: object, **_named: object) -> Any:
    raise DefectError


class Broken:
    """A device and an office of which every call is a defect."""

    can_detect_removal = False

    def __getattr__(self, _name: str) -> Any:
        return fall_over


NOBODY: Any = Broken()
NO_STAFF = StaffRoom(NOBODY, NOBODY, lambda _action, _result: None)


def proofs(devices: Devices | None = None, live: Any = None, clerks: Any = None) -> Provers:
    """The real ones, at whose far ends everything is a defect unless given."""
    devices = devices or Devices(None, None, None, None, None, lambda _photo: Ok(b""))
    now = datetime(2026, 11, 25, tzinfo=UTC)
    eids = SignedEids({}, lambda: 0.0)
    return Provers(
        devices, CodeDesk(live or Broken()), eids, clerks or Broken(), "0142", lambda: Now(now, trusted=True)
    )


class Answers:
    """Collects what the hands answer."""

    def __init__(self) -> None:
        self.came: list[tuple[str, ev.Event]] = []

    def __call__(self, visit_id: str, event: ev.Event) -> None:
        self.came.append((visit_id, event))


def built(
    answers: Answers,
    device: Any = None,
    office: Any = None,
    live: Any = None,
    waits: Waits = A_RESIDENT_WAITS,
) -> DeviceHands:
    device, office, live = device or Broken(), office or Broken(), live or Broken()
    devices = Devices(device, device, device, device, device, lambda _photo: Ok(b""))
    return DeviceHands(
        devices, office, live, answers, lambda _news: None, lambda _frame: b"jpeg", NO_STAFF, proofs(), waits
    )


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def broken(answers: Answers) -> Iterator[DeviceHands]:
    made = built(answers)
    yield made
    made.close()


RESULT, FACE, CARD = visit(State.RESULT), visit(State.FACE), visit(State.CARD)
DEFECTS: dict[str, tuple[fx.Effect, Visit, ev.Event]] = {
    "card": (
        fx.ReadCard(fx.CardPurpose.RESIDENT),
        visit(State.CARD),
        ev.CardAnswered(Failed(CardFailure.READER_LOST)),
    ),
    "face": (fx.StartFace(), FACE, ev.FaceAnswered(Failed(FaceFailure.CRASHED))),
    "wait for the face": (fx.AwaitFace(), FACE, ev.FaceWaited()),
    "camera": (fx.StartCamera(), visit(State.CAMERA), ev.PhotoTaken(None)),
    "photo": (fx.TakePhoto(), visit(State.CAMERA), ev.PhotoTaken(None)),
    "store": (fx.Submit(RESULT), RESULT, ev.NotStored("queue.full")),
    "centre": (fx.AwaitCentre("code"), RESULT, ev.CaseMoved(None)),
    "same": (fx.AskSame(RESULT), RESULT, ev.SameWaits(found=False)),
    "records": (fx.AskRecords(RESULT), RESULT, ev.PrefillAnswered({})),
    "code by SMS": (fx.SendCode(CARD), CARD, ev.CodeAnswered(Failed(CodeFailure.NOT_SENT))),
    "clerk": (fx.AskClerk(CARD, b"jpeg"), CARD, ev.ClerkAnswered(Failed(ClerkFailure.UNREACHED))),
    "progress": (
        fx.LookUpProgress("code"),
        visit(State.PROGRESS),
        ev.ProgressAnswered(Failed(LookUpFailure.UNREACHED)),
    ),
    "door": (fx.TryPin("271828"), visit(State.STAFF_DOOR), ev.DoorAnswered(Door(DoorAnswer.BROKEN))),
    "staff": (
        fx.StaffDo(StaffAction.TEST_PRINT),
        visit(State.STAFF_MENU),
        ev.StaffDone(StaffAction.TEST_PRINT, Failed(StaffFailure.DEFECT)),
    ),
    "print": (
        fx.Print(RESULT),
        RESULT,
        ev.PrintAnswered(PrintReport(Outcome.UNKNOWN, Cause.PRINTER_ERROR)),
    ),
}


@pytest.mark.parametrize(("effect", "of", "answer"), DEFECTS.values(), ids=DEFECTS)
def test_a_defect_leaves_nobody_waiting(
    broken: DeviceHands, answers: Answers, effect: fx.Effect, of: Visit, answer: ev.Event
) -> None:
    broken.do(effect, of)
    assert wait_until(lambda: bool(answers.came))
    assert answers.came == [(of.id, answer)]
    assert wait_until(lambda: sum(lane.defects for lane in broken.lanes.all()) == 1), "and it is counted"


class Held(Broken):
    """A device whose every call waits for `go`, then gives `value`."""

    def __init__(self, value: Any) -> None:
        self.begun, self.go, self._value = threading.Event(), threading.Event(), value

    def __getattr__(self, _name: str) -> Callable[..., Any]:
        def wait(*_given: object, **_named: object) -> Any:
            self.begun.set()
            self.go.wait(PATIENCE_S)
            return self._value

        return wait


@pytest.mark.parametrize(
    ("effect", "stop", "value"),
    [
        (fx.StartFace(), fx.StopFace(), Failed(FaceFailure.TIMED_OUT)),
        (fx.TakePhoto(), fx.StopCamera(), Ok("a frame")),
    ],
    ids=["face", "photo"],
)
def test_the_late_answer_of_a_try_that_was_left_is_not_taken_for_the_next(
    answers: Answers, effect: fx.Effect, stop: fx.Effect, value: object
) -> None:
    device = Held(value)
    hands = built(answers, device)
    hands.do(effect, FACE)
    assert device.begun.wait(PATIENCE_S)
    hands.do(stop, FACE)
    device.go.set()
    assert wait_until(lambda: hands.lanes.camera.idle)
    hands.close()
    assert answers.came == []


class Restarting(Broken):
    """A device that works from the `after`-th look on, if ever."""

    def __init__(self, after: int | None) -> None:
        self.looks, self._after = 0, after

    def probe(self) -> DeviceStatus:
        self.looks += 1
        there = self._after is not None and self.looks >= self._after
        return DeviceStatus(DeviceState.READY if there else DeviceState.OPENING)


def test_a_face_check_that_comes_back_ends_the_wait(answers: Answers) -> None:
    device = Restarting(after=4)
    hands = built(answers, device)
    hands.do(fx.AwaitFace(), FACE)
    assert wait_until(lambda: bool(answers.came))
    hands.close()
    assert answers.came == [(FACE.id, ev.FaceWaited())]
    assert device.looks >= 4, "and not before"


def test_the_wait_for_a_face_check_is_bounded(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FACE_WAIT_S", 0.1)
    hands = built(answers, Restarting(after=None))
    hands.do(fx.AwaitFace(), FACE)
    assert wait_until(lambda: bool(answers.came))
    hands.close()
    assert answers.came == [(FACE.id, ev.FaceWaited())]


def test_who_leaves_the_wait_for_the_face_is_not_answered(answers: Answers) -> None:
    device = Restarting(after=None)
    hands = built(answers, device)
    hands.do(fx.AwaitFace(), FACE)
    assert wait_until(lambda: device.looks > 0)
    hands.lanes.camera.drop()
    assert wait_until(lambda: hands.lanes.camera.idle)
    hands.close()
    assert answers.came == []


def test_the_face_is_forgotten_even_when_the_camera_does_not_stop(answers: Answers) -> None:
    forgotten = threading.Event()

    class Face(Broken):
        def forget(self) -> None:
            forgotten.set()

    camera = Broken()
    hands = DeviceHands(
        Devices(None, None, camera, Face(), None, lambda _photo: Ok(b"")),
        Broken(),
        Broken(),
        answers,
        lambda _news: None,
        lambda _frame: b"",
        NO_STAFF,
        proofs(),
    )
    hands.do(fx.Forget(), FACE)
    assert forgotten.wait(PATIENCE_S)
    hands.close()


def test_an_evaluation_that_waits_is_stored_when_the_terminal_ends(answers: Answers) -> None:
    """It stands behind the wait for the centre, which takes seconds."""
    evaluated: list[Visit] = []
    begun, go = threading.Event(), threading.Event()

    class Office(Broken):
        def await_centre(self, _code: str, _timeout_s: float) -> tuple[None, None]:
            begun.set()
            go.wait(PATIENCE_S)
            return None, None

        def evaluate(self, of: Visit) -> None:
            evaluated.append(of)

    hands = built(answers, office=Office())
    hands.do(fx.AwaitCentre("code"), RESULT)
    hands.do(fx.Evaluate(RESULT), RESULT)
    assert begun.wait(PATIENCE_S)
    threading.Timer(0.05, go.set).start()
    hands.close()
    assert evaluated == [RESULT]


class Registers(Broken):
    """An office whose centre has said this of the case."""

    def __init__(self, state: CaseState | None) -> None:
        self._state = state
        self.waited_s: list[float] = []

    def await_centre(self, _code: str, timeout_s: float) -> tuple[CaseState | None, str | None]:
        self.waited_s.append(timeout_s)
        return self._state, "then"


class Decides(Broken):
    """A line on which departments decide at once, or do not."""

    def __init__(self, says: ev.CaseMoved | None) -> None:
        self._says = says
        self.asked: list[tuple[str, str, float]] = []

    def decide(self, key: str, code: str, within_s: float) -> ev.CaseMoved | None:
        self.asked.append((key, code, within_s))
        return self._says


DECIDED = ev.CaseMoved(CaseState.DECIDED, "then", {"zh": "好了"})
REGISTERED = ev.CaseMoved(CaseState.REGISTERED, "then")


@pytest.mark.parametrize(
    ("registered", "key", "says", "answer"),
    [
        (CaseState.REGISTERED, "key", replace(DECIDED, registered_at=None), DECIDED),
        (CaseState.REGISTERED, "key", None, REGISTERED),
        (CaseState.REGISTERED, "", None, REGISTERED),
        (CaseState.NEEDS_CLERK, "key", DECIDED, ev.CaseMoved(CaseState.NEEDS_CLERK, "then")),
        (None, "key", DECIDED, ev.CaseMoved(None, "then")),
    ],
)
def test_only_a_registered_case_is_put_to_the_department_and_for_what_is_left_of_ten_seconds(
    answers: Answers, registered: CaseState | None, key: str, says: ev.CaseMoved | None, answer: ev.CaseMoved
) -> None:
    line = Decides(says)
    hands = built(answers, office=Registers(registered), live=line)
    hands.do(fx.AwaitCentre("code", decide=key), RESULT)
    assert wait_until(lambda: bool(answers.came))
    hands.close()
    assert answers.came == [(RESULT.id, answer)]
    assert len(line.asked) == (registered is CaseState.REGISTERED and key != "")
    assert all(asked[:2] == ("key", "code") and 0 < asked[2] <= 10 for asked in line.asked)


def test_who_rehearses_waits_longer_than_a_resident(answers: Answers) -> None:
    office, line = Registers(CaseState.REGISTERED), Decides(DECIDED)
    hands = built(answers, office=office, live=line, waits=Waits(registered_s=70.0, decided_s=80.0))
    hands.do(fx.AwaitCentre("code", decide="key"), RESULT)
    assert wait_until(lambda: bool(answers.came))
    hands.close()
    assert office.waited_s == [70.0]
    [(_, _, within_s)] = line.asked
    assert 10 < within_s <= 80


@pytest.mark.parametrize("photo", [None, card().photo], ids=["none on the card", "does not decode"])
def test_without_a_picture_of_the_card_the_camera_stays_shut(
    answers: Answers, photo: EncodedPhoto | None
) -> None:
    """An identity without a photo is legal; there is nothing to compare a face with."""
    broken: Any = Broken()  # any use of it is a defect
    devices = Devices(broken, broken, broken, broken, broken, lambda _photo: Failed("crashed", "code -11"))
    hands = DeviceHands(
        devices, broken, broken, answers, lambda _news: None, lambda _frame: b"jpeg", NO_STAFF, proofs()
    )
    hands.do(fx.StartFace(), replace(FACE, card=replace(card(), photo=photo)))
    assert wait_until(lambda: bool(answers.came))
    ((_, answer),) = answers.came
    assert isinstance(answer, ev.FaceAnswered)
    assert isinstance(answer.result, Failed)
    assert answer.result.reason is FaceFailure.NO_REFERENCE
    assert hands.lanes.camera.defects == 0
    hands.close()


@pytest.mark.parametrize("only_news", [False, True])
def test_what_is_read_aloud_is_the_screen_or_only_its_news(answers: Answers, *, only_news: bool) -> None:
    asked: list[bool] = []
    hands = DeviceHands(
        Devices(None, None, None, None, None, lambda _photo: Ok(b"")),
        Broken(),
        Broken(),
        answers,
        asked.append,
        lambda _frame: b"",
        NO_STAFF,
        proofs(),
    )
    hands.do(fx.Speak(only_news=only_news), FACE)
    hands.close()
    assert asked == [only_news]


def test_a_card_comes_with_the_looks_that_were_spent_on_it_and_a_look_counts_at_once(
    answers: Answers,
) -> None:
    class Reader(Broken):
        def read(self, _wait_s: float, _cancel: threading.Event) -> Ok[CardRead]:
            return Ok(card())

    hands = built(answers, Reader())
    for _ in range(2):
        hands.do(fx.CountLook(FACE), visit(State.HOME))
    hands.do(fx.ReadCard(fx.CardPurpose.RESIDENT), CARD)
    assert wait_until(lambda: bool(answers.came))
    hands.close()
    assert answers.came == [("v1", ev.CardAnswered(Ok(card()), 2))]


def test_a_card_is_forgotten_a_day_after_its_last_look_though_no_other_is_read(answers: Answers) -> None:
    now = [0.0]
    hands = built(answers)
    hands._card_looks = CardCounts(FACE_OF_A_CARD_MAX, lambda: now[0])
    hands.do(fx.CountLook(FACE), FACE)
    for now[0], kept in ((TERM_S - 1.0, 1), (TERM_S, 0)):
        hands.rest()
        assert len(hands._card_looks._seen) == kept
    hands.close()
