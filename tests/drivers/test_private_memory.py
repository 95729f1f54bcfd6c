"""What a process that holds faces promises of its memory, each asked in a real child."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers import private_memory
from drivers.contract import Ok
from drivers.worker import Worker
from tests.drivers.waiting import PATIENCE_S, wait_until

DEVICES = "tests.drivers.worker_devices:Secretive"
SMALL, LARGE = (100, 400, 900), (60_000, 1_000_000, 3_000_000)
"""Bytes: in Python's own small blocks and in glibc's cache of each thread; in the heap and in pages of their own."""
DROPPED = 7
"""As many as glibc keeps of a size in that cache."""


@pytest.fixture(params=[True, False], ids=["private", "plain"])
def worker(request: pytest.FixtureRequest) -> Iterator[tuple[Worker, bool]]:
    made = Worker(DEVICES, is_private=request.param)
    assert made.wait_ready(PATIENCE_S)
    yield made, request.param
    made.close()


def asked(worker: Worker, method: str, *args: object) -> Any:
    answer = worker.call(method, *args, deadline_s=PATIENCE_S)
    assert isinstance(answer, Ok), answer
    return answer.value


def test_no_core_dump_and_no_look_by_another_process(worker: tuple[Worker, bool]) -> None:
    child, is_private = worker
    assert (asked(child, "dumpable"), asked(child, "core_limit")[0] == 0) in (
        [(0, True)] if is_private else [(1, True), (1, False)]
    )


@pytest.mark.parametrize("size", LARGE)
def test_a_picture_that_was_freed_is_overwritten(worker: tuple[Worker, bool], size: int) -> None:
    child, _ = worker
    assert asked(child, "lingering", os.urandom(size), DROPPED) == 0


@pytest.mark.parametrize("size", [*SMALL, *LARGE])
def test_the_system_would_leave_it(size: int) -> None:
    """What this machine does by itself, or nothing were shown by any other test here."""
    child = Worker(DEVICES, ends_with_visit=True)
    try:
        assert child.wait_ready(PATIENCE_S)
        assert asked(child, "lingering", os.urandom(size), DROPPED) > DROPPED // 2
    finally:
        child.close()


@pytest.mark.parametrize("size", SMALL)
def test_a_small_piece_too_without_caches(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for name, value in private_memory.without_caches(os.environ).items():
        monkeypatch.setenv(name, value)
    child = Worker(DEVICES)
    try:
        assert child.wait_ready(PATIENCE_S)
        assert asked(child, "lingering", os.urandom(size), DROPPED) == 0
    finally:
        child.close()


@pytest.mark.parametrize("tunables", ["", "glibc.malloc.arena_max=2"])
def test_a_program_begins_anew_once_with_the_same_words(
    monkeypatch: pytest.MonkeyPatch, tunables: str
) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _program, words: begun.append(words))
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-P", "main.py", "run"])
    monkeypatch.setenv("PYTHONMALLOC", "pymalloc")
    monkeypatch.setenv("GLIBC_TUNABLES", tunables)
    private_memory.begin_without_caches()
    assert begun == [[sys.executable, "-P", "main.py", "run"]]
    assert os.environ["PYTHONMALLOC"] == "malloc"
    assert os.environ["GLIBC_TUNABLES"].split(":") == [
        *filter(None, [tunables]),
        "glibc.malloc.tcache_count=0",
    ]
    private_memory.begin_without_caches()
    assert len(begun) == 1


def test_it_is_locked_exactly_where_no_limit_can_make_it_fail() -> None:
    child = Worker(DEVICES, is_private=True)
    try:
        assert child.wait_ready(PATIENCE_S)
        pid = asked(child, "process_id")
        allowed = asked(child, "may_lock")
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        )
        assert (int(status["VmLck"].split()[0]) > 0) is allowed
    finally:
        child.close()


def test_a_limit_on_locked_memory_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (65_536, 65_536))
    monkeypatch.setattr(private_memory, "_has_capability", lambda _number: False)
    assert private_memory.never_swap() is False


def test_it_keeps_its_name_for_the_technician() -> None:
    child = Worker(DEVICES, is_private=True)
    try:
        assert child.wait_ready(PATIENCE_S)
        pid = asked(child, "process_id")
        assert wait_until(lambda: Path(f"/proc/{pid}/comm").read_text("ascii").strip() == "drivers")
    finally:
        child.close()
