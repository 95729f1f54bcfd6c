"""A signal from the bench reaches the named children of one terminal, and nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from drivers.worker import Worker
from kiosk.bench.children import children_of, strike
from tests.drivers.waiting import PATIENCE_S, wait_until

DEVICE = "tests.drivers.worker_devices:Device"
FAMILY = "drivers"
"""Of a child that the tests' own device lives in."""


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    made = [Worker(DEVICE, (name,)) for name in ("one", "other")]
    assert all(worker.wait_ready(PATIENCE_S) for worker in made)
    yield made
    for worker in made:
        worker.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_each_child_of_that_name_is_ended(workers: list[Worker], how: signal.Signals) -> None:
    before = [worker.pid for worker in workers]
    assert strike(os.getpid(), FAMILY, how) == 2
    for worker, pid in zip(workers, before, strict=True):
        assert wait_until(lambda w=worker, p=pid: w.pid not in (None, p))  # type: ignore[misc]


def test_a_child_is_held_still(workers: list[Worker]) -> None:
    before = [worker.pid for worker in workers]
    assert strike(os.getpid(), FAMILY, signal.SIGSTOP) == 2
    assert wait_until(lambda: all(worker.pid not in before for worker in workers)), "the pulse finds it"


def test_other_names_other_parents_and_the_dead_are_left_alone(workers: list[Worker]) -> None:
    before = [worker.pid for worker in workers]
    assert strike(os.getpid(), "camera", signal.SIGKILL) == 0
    assert strike(os.getppid(), FAMILY, signal.SIGKILL) == 0
    grandparent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert strike(grandparent.pid, FAMILY, signal.SIGKILL) == 0
    grandparent.communicate(b"\n")
    assert strike(grandparent.pid, FAMILY, signal.SIGKILL) == 0, "a terminal that has ended has no children"
    assert [worker.pid for worker in workers] == before


def test_the_children_of_every_thread_are_found(workers: list[Worker]) -> None:
    """Each worker starts its child from a thread of its own."""
    assert {worker.pid for worker in workers} <= set(children_of(os.getpid()))
    assert set(children_of(os.getpid())) <= {child.pid for child in psutil.Process().children()}
