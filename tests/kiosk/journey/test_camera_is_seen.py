"""The camera is on only while the resident sees that it is: every edge of the table, on every screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from drivers.card_reader.contract import CardFailure
from drivers.clerk_line.contract import ClerkAnswer, ClerkFailure, ClerkWord
from drivers.contract import Failed, Ok, Outcome
from drivers.eid.contract import Eid, EidFailure
from drivers.face.contract import Comparison, FaceFailure, Guidance, Score
from drivers.receipt_printer.contract import PrintReport
from kiosk.case import CaseState
from kiosk.catalogue.model import Method
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.live import LookUpFailure
from kiosk.journey.present import present
from kiosk.journey.proof import ClerkProgress, CodeFailure, CodeProgress, CodeSent, QrFailure, QrProgress
from kiosk.journey.states import State
from kiosk.journey.table import ANYWHERE, TABLE, key_of, step
from kiosk.journey.view import Preview
from kiosk.journey.visit import FACE_ATTEMPTS_MAX, FACE_STALLS_MAX, FaceProgress, Visit
from kiosk.journey.world import World
from kiosk.staff.answers import Door, DoorAnswer, StaffAction
from tests.kiosk.journey.visits import CODE, card, visit, world

ON = (fx.StartFace, fx.StartCamera)
OFF = (fx.StopFace, fx.StopCamera, fx.StopClerk)


def compared(*, accepted: bool) -> ev.FaceAnswered:
    return ev.FaceAnswered(Ok(Comparison(accepted, (Score("dlib", 0.5, 0.6),), "c", 3)))


PRESSES = {key.removeprefix("press:") for _, key in TABLE if key.startswith("press:")} | {
    key.removeprefix("press:") for key in ANYWHERE if key.startswith("press:")
}
ARGUMENTS = {
    "service": ("110199-YL-01", "110199-SB-01"),
    "edit": ("phone",),
    "for_another": ("child",),
    "level": ("5",),
    "staff": tuple(StaffAction),
}
EVENTS: tuple[ev.Event, ...] = (
    *(
        ev.Pressed(f"{name}:{given}" if given else name)
        for name in sorted(PRESSES)
        for given in ARGUMENTS.get(name, ("",))
    ),
    ev.CardAnswered(Ok(card())),
    *(ev.CardAnswered(Failed(failure)) for failure in CardFailure),
    ev.CardRemoved(),
    *(ev.FaceGuided(guidance) for guidance in (None, *Guidance)),
    compared(accepted=True),
    compared(accepted=False),
    *(ev.FaceAnswered(Failed(failure)) for failure in (*FaceFailure, *Guidance)),
    ev.FaceWaited(),
    ev.CodeAnswered(Ok(CodeSent("138****8000", "r-1"))),
    *(ev.CodeAnswered(Failed(failure)) for failure in CodeFailure),
    ev.CodeChecked(right=True),
    ev.CodeChecked(right=False, left=1),
    ev.CodeChecked(right=False, failure=CodeFailure.USED_UP),
    ev.QrAnswered(Ok(Eid("issuer", world().now))),
    *(ev.QrAnswered(Failed(failure)) for failure in (*QrFailure, *EidFailure)),
    *(ev.ClerkAnswered(Ok(ClerkAnswer(word, "C1"))) for word in ClerkWord),
    *(ev.ClerkAnswered(Failed(failure)) for failure in ClerkFailure),
    ev.PhotoTaken(None),
    ev.PhotoTaken(b"jpeg"),
    ev.Stored(CODE, 1, "2026-11-25T01:12:00Z"),
    ev.NotStored("queue.full"),
    ev.CaseMoved(CaseState.RECEIVED),
    ev.PrefillAnswered({}),
    ev.SameWaits(found=True),
    ev.ProgressAnswered(Failed(LookUpFailure.UNREACHED)),
    ev.PrintAnswered(PrintReport(Outcome.DONE)),
    ev.WindowSlipAnswered(PrintReport(Outcome.DONE)),
    ev.Entered("phone", "1"),
    ev.StaffAsked(),
    ev.DoorAnswered(Door(DoorAnswer.SHUT, left=5)),
    ev.StaffDone(StaffAction.TEST_PRINT, Ok(None)),
    ev.Touched(),
    ev.Refresh(),
    ev.IdleWarning(20),
    ev.IdleExpired(),
)


def visits() -> Iterator[tuple[str, Visit]]:
    """One before each screen; the face screen also with the live picture, at the first try and at the last."""
    for state in State:
        yield state.value, visit(state)
    for name, progress in {
        "waiting": FaceProgress(waiting=True),
        "looking": FaceProgress(looking=True),
        "the last try": FaceProgress(looking=True, attempts=FACE_ATTEMPTS_MAX - 1),
        "the last stall": FaceProgress(looking=True, stalls=FACE_STALLS_MAX - 1),
    }.items():
        yield f"face, {name}", replace(visit(State.FACE), face=progress)
    yield "clerk, looking", replace(visit(State.CLERK), clerk=ClerkProgress(looking=True))
    yield "clerk, asking", replace(visit(State.CLERK), clerk=ClerkProgress(asking=True))
    yield (
        "code, sent",
        replace(visit(State.SMS), code=CodeProgress(sent=CodeSent("138****8000", "r-1"), codes=1)),
    )
    yield "QR, looking", replace(visit(State.QR), qr=QrProgress(looking=True))
    yield "card, not read yet", replace(visit(State.CARD), card=None)


def is_shown(visit: Visit, around: World) -> bool:
    return any(isinstance(block, Preview) and not block.still for block in present(visit, around).blocks)


def is_on_after(effects: tuple[fx.Effect, ...], *, before: bool) -> bool:
    for effect in effects:
        before = (before or isinstance(effect, ON)) and not isinstance(effect, OFF)
    return before


ALL_WAYS = replace(world(), ways=frozenset(Method), working=frozenset({Method.QR, Method.CLERK}))
WORLDS = {
    "all works": ALL_WAYS,
    "a village without what is new": world(),
    "face check restarts": replace(world(), face_ready=False, face_comes_back=True),
    "no camera": replace(world(), face_ready=False, camera_ready=False),
}


@pytest.mark.parametrize("around", WORLDS.values(), ids=WORLDS)
def test_whatever_happens_the_camera_is_on_exactly_while_its_picture_is_shown(around: World) -> None:
    turned = set()
    for name, before in visits():
        on = is_shown(before, around)
        for event in EVENTS:
            after, effects = step(before, event, around)
            on_after = is_on_after(effects, before=on)
            assert on_after == is_shown(after, around), f"{name}: {key_of(event)} leads to {after.state}"
            if on_after != on:
                turned.add((on, before.state))
    expected = {(True, State.FACE), (True, State.CAMERA), (True, State.CLERK)}
    assert expected <= turned, "the walk met the camera going off on each screen"
    assert ((False, State.CLERK_CONSENT) in turned) is (around is ALL_WAYS), (
        "on after the second consent alone"
    )
    assert (False, State.ATTACH) in turned or not around.camera_ready, "and coming on"


def test_the_walk_has_every_event_of_the_table() -> None:
    assert {key for _, key in TABLE} | set(ANYWHERE) <= {key_of(event) for event in EVENTS}


def test_the_screens_with_a_live_picture_are_the_ones_that_open_the_camera() -> None:
    shown = {before.state for _, before in visits() if is_shown(before, world())}
    assert shown == {State.FACE, State.CAMERA, State.CLERK}
