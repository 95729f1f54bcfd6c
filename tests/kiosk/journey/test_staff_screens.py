"""The table's rows for staff: in by the door alone, out from everywhere, each thing once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.contract import Failed
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.idle import STAFF_LEFT_S, IdleClock
from kiosk.journey.present import present
from kiosk.journey.states import STAFF, State
from kiosk.journey.table import step
from kiosk.journey.view import action, fields_of
from kiosk.journey.visit import DialogKind, StaffProgress, Visit
from kiosk.rehearsal.script import words_of
from kiosk.staff.answers import Door, DoorAnswer, StaffAction, StaffFailure
from kiosk.uptime import Age
from tests.kiosk.journey.visits import visit, world


def test_the_staff_come_in_from_the_first_screen_alone_and_not_under_a_dialog() -> None:
    shown, effects = step(Visit(language="en", elder=True), ev.StaffAsked(), world())
    assert (shown.state, shown.language, shown.elder) == (State.STAFF_DOOR, "en", True)
    assert shown.id  # an answer to an earlier try is dropped by it
    assert effects == (fx.LookAtDoor(),)
    under = Visit(dialog=DialogKind.HELP)
    for before in (under, *(visit(state) for state in State if state is not State.ATTRACT)):
        assert step(before, ev.StaffAsked(), world()) == (before, ())


@pytest.mark.parametrize("state", sorted(STAFF))
@pytest.mark.parametrize(
    "event",
    [ev.IdleExpired(), ev.Pressed("cancel"), ev.Pressed("home"), ev.Pressed("back"), ev.Pressed("leave")],
)
def test_the_staff_leave_every_screen_of_theirs_and_nothing_stays(state: State, event: ev.Event) -> None:
    inside = visit(state)
    after, effects = step(inside, event, world())
    if state is State.STAFF_HEALTH and event == ev.Pressed("back"):
        after, effects = step(after, event, world())  # by the menu
    if event == ev.Pressed("leave"):  # no screen of theirs offers it
        assert action(present(inside, world()), "leave") is None
        return
    assert after == Visit()
    assert fx.Forget() in effects


def test_a_pin_goes_to_the_door_and_stays_nowhere() -> None:
    asking = visit(State.STAFF_DOOR)
    tried, effects = step(asking, ev.Entered("pin", "271828"), world())
    assert effects == (fx.TryPin("271828"),)
    assert "271828" not in repr((tried, effects, ev.Entered("pin", "271828")))
    assert tried.staff == StaffProgress()
    assert list(fields_of(present(tried, world()))) == []
    assert step(tried, ev.Entered("pin", "271828"), world()) == (tried, ()), "one try at a time"
    assert step(asking, ev.Entered("pin", ""), world()) == (asking, ())


@pytest.mark.parametrize("answer", list(DoorAnswer))
def test_only_an_opened_door_leads_to_the_menu(answer: DoorAnswer) -> None:
    after, effects = step(visit(State.STAFF_DOOR), ev.DoorAnswered(Door(answer, 60, 3)), world())
    assert (after.state is State.STAFF_MENU) == (answer is DoorAnswer.OPENED)
    assert effects == ()
    may_write = bool(list(fields_of(present(after, world()))))
    assert may_write == (answer in (DoorAnswer.SHUT, DoorAnswer.WRONG, DoorAnswer.NOT_COUNTED))


@pytest.mark.parametrize("wanted", list(StaffAction))
def test_each_thing_of_the_menu_is_done_once_and_its_end_is_said(wanted: StaffAction) -> None:
    out = wanted is StaffAction.INTO_SERVICE
    around = replace(world(), out_of_service=out)
    menu = replace(visit(State.STAFF_MENU), staff=StaffProgress())
    pressed = ev.Pressed(f"staff:{wanted.value}")
    assert action(present(menu, around), pressed.action) is not None
    doing, effects = step(menu, pressed, around)
    if doing.dialog is not None:
        assert wanted in (StaffAction.EXIT, StaffAction.RESTART_PROGRAM)
        assert effects == ()
        assert step(doing, ev.Pressed("close"), around)[0].dialog is None
        doing, effects = step(doing, ev.Pressed("sure"), around)
    assert effects == (fx.StaffDo(wanted),)
    assert step(doing, ev.Pressed("staff:test_print"), around)[1] == ()
    done, _ = step(doing, ev.StaffDone(wanted, Failed(StaffFailure.DISK)), around)
    assert "磁盘写不进去" in words_of(present(done, around))
    unoffered = replace(around, backstage=replace(around.backstage, offered=frozenset()))
    assert step(menu, pressed, unoffered) == (menu, ())


def test_the_idle_clock_shuts_the_staffs_screens_after_two_minutes_without_a_warning() -> None:
    for state in STAFF:
        clock = IdleClock(20, 20, last_touch_s=1000.0)
        assert clock.tick(1000.0 + STAFF_LEFT_S - 0.01, Visit(state=state)) is None
        assert clock.tick(1000.0 + STAFF_LEFT_S, Visit(state=state, elder=True)) == ev.IdleExpired()


@pytest.mark.parametrize(
    ("oldest", "words"),
    [
        (None, "3, the oldest for 0 h"),
        (Age(73.9 * 3600, exact=True), "3, the oldest for 73 h"),
        (Age(73.9 * 3600, exact=False), "3, the oldest for at least 73 h, how long is not known"),
    ],
)
def test_how_long_the_oldest_waits_is_told_as_well_as_it_is_known(oldest: Age | None, words: str) -> None:
    seen = world()
    seen = replace(seen, backstage=replace(seen.backstage, waiting=3, oldest=oldest))
    shown = present(replace(visit(State.STAFF_HEALTH), language="en"), seen)
    assert words in words_of(shown)
