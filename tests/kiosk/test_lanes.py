"""A lane does its jobs in order, lets go of them, and keeps nothing of them afterwards."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import weakref
from collections.abc import Iterator
from functools import partial

import pytest

from kiosk.lanes import Lane
from tests.drivers.waiting import PATIENCE_S, wait_until


@pytest.fixture
def lane() -> Iterator[Lane]:
    made = Lane("test")
    yield made
    made.close()


def test_jobs_run_in_order_and_the_lane_is_idle_afterwards(lane: Lane) -> None:
    done: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def first(_cancel: threading.Event) -> None:
        begun.set()
        go.wait(PATIENCE_S)
        done.append(1)

    lane.do(first)
    lane.do(lambda _cancel: done.append(2))
    assert begun.wait(PATIENCE_S)
    assert not lane.idle
    go.set()
    assert wait_until(lambda: lane.idle)
    assert done == [1, 2]


def test_a_drop_cancels_the_running_job_and_forgets_the_waiting_ones(lane: Lane) -> None:
    done: list[str] = []
    begun = threading.Event()

    def running(cancel: threading.Event) -> None:
        begun.set()
        done.append("cancelled" if cancel.wait(PATIENCE_S) else "went on")

    lane.do(running)
    lane.do(lambda _cancel: done.append("forgotten"))
    assert begun.wait(PATIENCE_S)
    lane.drop()
    lane.do(lambda cancel: done.append("cancelled too" if cancel.is_set() else "next"))
    assert wait_until(lambda: lane.idle)
    assert done == ["cancelled", "next"]


def test_in_a_storm_of_drops_no_job_goes_on_uncancelled(lane: Lane) -> None:
    """What is dropped is cancelled or never runs, whenever the drop comes."""
    slipped = 0

    def job(cancel: threading.Event) -> None:
        nonlocal slipped
        slipped += not cancel.wait(PATIENCE_S)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads change places at every opportunity
    try:
        for _ in range(500):
            lane.do(job)
            lane.drop()
    finally:
        sys.setswitchinterval(before)
    assert wait_until(lambda: lane.idle)
    assert slipped == 0


class Something:
    """Stands for a visit."""


def stand(_held: Something, _cancel: threading.Event) -> None:
    """A job that needs it."""


def test_nothing_of_a_job_is_kept_once_it_is_done(lane: Lane) -> None:
    held = Something()
    gone = weakref.ref(held)
    lane.do(partial(stand, held))
    del held  # the job alone holds it now
    assert wait_until(lambda: lane.idle)
    assert lane.defects == 0
    gc.collect()
    assert gone() is None


def test_a_job_that_fails_is_told_by_its_type_alone_and_the_lane_goes_on(
    lane: Lane, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_cancel: threading.Event) -> None:
        message = "赵测试"
        raise ValueError(message)

    done = threading.Event()
    with caplog.at_level(logging.DEBUG):
        lane.do(fails)
        lane.do(lambda _cancel: done.set())
        assert done.wait(PATIENCE_S)
    assert lane.defects == 1
    assert "ValueError" in caplog.text
    assert "赵测试" not in caplog.text


@pytest.mark.parametrize("finish", [True, False])
def test_at_the_end_what_waits_is_done_or_forgotten(finish: bool) -> None:
    lane = Lane("test")
    done: list[str] = []
    begun, go = threading.Event(), threading.Event()

    def running(cancel: threading.Event) -> None:
        begun.set()
        if finish:
            go.wait(PATIENCE_S)
        done.append("cancelled" if cancel.is_set() or (not finish and cancel.wait(PATIENCE_S)) else "done")

    lane.do(running)
    lane.do(lambda _cancel: done.append("waited"))
    assert begun.wait(PATIENCE_S)
    threading.Timer(0.05, go.set).start()
    lane.close(PATIENCE_S, finish=finish)
    assert done == (["done", "waited"] if finish else ["cancelled"])
