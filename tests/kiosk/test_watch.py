"""What a device said last is not believed for ever: not when a look at it hangs, raises or was never made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from drivers.contract import Cause, DeviceState, DeviceStatus
from kiosk.watch import LOOK_EVERY_S, REST_S, SILENT_AFTER_S, Watch, pause_after_s, told_within_s
from tests.drivers.waiting import PATIENCE_S, wait_until

READY = DeviceStatus(DeviceState.READY)
LOST = DeviceStatus(DeviceState.FAULT, Cause.CARD_LOST)


class Looked:
    """A device that keeps its last word; `hangs` and `raises` are defects of its driver."""

    def __init__(self) -> None:
        self.said = READY
        self.raises: type[Exception] | None = None
        self.status_raises = False
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.looks = 0

    def status(self) -> DeviceStatus:
        if self.status_raises:
            raise ZeroDivisionError
        return self.said

    def probe(self) -> DeviceStatus:
        self.looks += 1
        assert self.goes_on.wait(PATIENCE_S)
        if self.raises is not None:
            raise self.raises
        return self.said

    def close(self) -> None:
        self.goes_on.set()

    def looked_at_again(self) -> bool:
        looks = self.looks
        return wait_until(lambda: self.looks > looks + 1)


class Stand:
    def __init__(self, silent_after_s: float) -> None:
        self.bad, self.good = Looked(), Looked()
        self.changes = threading.Semaphore(0)
        self.watch = Watch(
            (self.bad, self.good), self.changes.release, every_s=0.01, silent_after_s=silent_after_s
        )
        self.watch.start()

    def status(self) -> DeviceStatus:
        return self.watch.status(self.bad)


@pytest.fixture
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    """No look takes too long on it, however busy the machine; a test of one that does says how long may be."""
    made = Stand(getattr(request, "param", 10 * PATIENCE_S))
    yield made
    made.bad.close()
    made.watch.close()


HASTY = pytest.mark.parametrize("stand", [0.2], indirect=True)


@pytest.mark.parametrize("took_s", [0.0, 0.62, 1.0, 2.0, SILENT_AFTER_S])
@pytest.mark.parametrize("working", [True, False])
def test_a_look_its_pause_and_the_next_look_together_stay_below_five_seconds(
    took_s: float, *, working: bool
) -> None:
    """What changes just after a look has asked, such as the cover of a printer that answers in 0.62 s."""
    pause_s = pause_after_s(took_s, working=working)
    assert pause_s >= REST_S, "whoever wants to use the device gets it between two looks"
    assert took_s + pause_s + SILENT_AFTER_S <= told_within_s() < 5.0


def test_a_quick_look_comes_as_often_as_the_idle_cost_was_measured() -> None:
    assert pause_after_s(0.0) == LOOK_EVERY_S
    assert pause_after_s(0.0, working=False) < LOOK_EVERY_S


def test_a_look_that_ended_too_late_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it asked was so at its beginning, and nobody knows since when it is not."""
    device, now_s = Looked(), [0.0]
    watch = Watch((device,), changed=lambda: None, silent_after_s=2.3)
    watched = watch._watched[id(device)]
    monkeypatch.setattr("kiosk.watch.time", SimpleNamespace(monotonic=lambda: now_s[0]))

    def slow_probe(took_s: float) -> None:
        monkeypatch.setattr(device, "probe", lambda: now_s.__setitem__(0, now_s[0] + took_s))
        watched.look(2.3)

    slow_probe(2.2)
    assert watch.status(device) == READY
    slow_probe(2.4)
    assert watch.status(device) == DeviceStatus(DeviceState.UNKNOWN, detail="does not answer")
    slow_probe(0.1)
    assert watch.status(device) == READY


def test_a_device_that_answers_is_believed_and_a_change_is_told(stand: Stand) -> None:
    assert wait_until(lambda: stand.status() == READY)
    stand.bad.said = LOST
    assert stand.changes.acquire(timeout=PATIENCE_S)
    assert stand.status() == LOST


@HASTY
def test_a_look_that_hangs_makes_the_device_unknown_and_leaves_the_others_alone(stand: Stand) -> None:
    stand.bad.goes_on.clear()
    assert wait_until(lambda: stand.status().state is DeviceState.UNKNOWN)
    stuck = stand.bad.looks
    assert stand.good.looked_at_again(), "the good one is looked at as before"
    assert stand.bad.looks == stuck
    assert wait_until(lambda: stand.watch.status(stand.good) == READY)
    stand.bad.goes_on.set()
    assert wait_until(lambda: stand.status() == READY)


def test_a_look_that_raises_makes_the_device_unknown_with_the_first_cause(stand: Stand) -> None:
    stand.bad.raises = LookupError
    assert wait_until(lambda: stand.status() == DeviceStatus(DeviceState.UNKNOWN, detail="LookupError"))
    assert stand.changes.acquire(timeout=PATIENCE_S)
    stand.bad.raises = ValueError
    assert stand.bad.looked_at_again()
    assert stand.status().detail == "LookupError"
    stand.bad.raises = None
    assert wait_until(lambda: stand.status() == READY)


def test_the_cause_that_a_device_gave_itself_is_kept_while_looks_fail(stand: Stand) -> None:
    stand.bad.said, stand.bad.raises = LOST, LookupError
    assert stand.bad.looked_at_again()
    assert stand.status() == LOST


def test_a_status_that_raises_is_unknown_and_takes_nobody_with_it(stand: Stand) -> None:
    stand.bad.status_raises = True
    assert stand.status() == DeviceStatus(DeviceState.UNKNOWN, detail="ZeroDivisionError")


@HASTY
def test_closing_does_not_wait_for_a_look_that_hangs(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.watch.JOIN_S", 0.05)
    stand.bad.goes_on.clear()
    assert wait_until(lambda: stand.status().state is DeviceState.UNKNOWN)
    stand.watch.close()
    assert any(thread.is_alive() for thread in stand.watch._threads)
    stand.bad.close()
    assert wait_until(lambda: not any(thread.is_alive() for thread in stand.watch._threads))
