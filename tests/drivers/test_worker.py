from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import popen_fork
from pathlib import Path
from typing import Any

import psutil
import pytest

from drivers import worker as module
from drivers import worker_wire
from drivers.contract import Failed, Ok
from drivers.worker import Worker, WorkerFailure
from drivers.worker_child import name_of
from tests.drivers.waiting import PATIENCE_S, wait_until
from tests.drivers.worker_devices import Device

DEVICES = "tests.drivers.worker_devices"


@pytest.fixture
def worker() -> Iterator[Worker]:
    device = Worker(f"{DEVICES}:Device", ("pad",))
    assert device.wait_ready(PATIENCE_S)
    yield device
    device.close()


def ask_new_child(worker: Worker, old_pid: int | None) -> None:
    assert wait_until(lambda: worker.pid not in (None, old_pid))
    assert worker.call("add", 1, 1, deadline_s=PATIENCE_S) == Ok(2)


def with_the_outputs_of_now(worker: Worker) -> None:
    """A child has the outputs that it was started with: pytest changes them between fixture and test."""
    pid = worker.pid
    worker.restart()
    ask_new_child(worker, pid)


def test_answers_from_a_child_process(worker: Worker) -> None:
    assert worker.call("name", deadline_s=PATIENCE_S) == Ok("pad")
    assert worker.call("add", 2, 3, deadline_s=PATIENCE_S) == Ok(5)
    assert worker.call("process_id", deadline_s=PATIENCE_S) == Ok(worker.pid)
    assert worker.pid != os.getpid()


def test_takes_a_class_as_target() -> None:
    worker = Worker(Device, ("reader",))
    try:
        assert worker.wait_ready(PATIENCE_S)
        assert worker.call("name", deadline_s=PATIENCE_S) == Ok("reader")
    finally:
        worker.close()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("drivers.camera.capture:Capture", "camera"),
        ("drivers.document_printer.cups_child:CupsChild", "document_printe"),
        (Device, "drivers"),
        ("alone:Device", "alone"),
    ],
)
def test_a_child_is_named_after_its_device_family(target: Any, name: str) -> None:
    assert name_of(target) == name


def test_a_technician_sees_the_name_in_the_list_of_processes(worker: Worker) -> None:
    assert worker.pid is not None
    assert psutil.Process(worker.pid).name() == "drivers"


def test_the_child_has_no_window_library(worker: Worker) -> None:
    answer = worker.call("modules", deadline_s=PATIENCE_S)
    assert isinstance(answer, Ok)
    assert "drivers.worker_child" in answer.value
    assert not [name for name in answer.value if name.split(".")[0] == "kivy"]


def test_an_overrun_is_killed_and_another_child_started(worker: Worker) -> None:
    pid = worker.pid
    assert worker.call("hang", deadline_s=0.2) == Failed(WorkerFailure.TIMED_OUT)
    assert pid is not None
    assert wait_until(lambda: not psutil.pid_exists(pid))
    ask_new_child(worker, pid)


def test_a_big_request_has_one_deadline_and_not_one_for_each_part() -> None:
    """The kernel takes a part of it at once and more by and by, which must not begin the waiting anew."""
    ours, theirs = multiprocessing.Pipe()
    ended = threading.Event()

    def take_a_little() -> None:
        while not ended.wait(0.05):
            os.read(theirs.fileno(), 4096)

    reader = threading.Thread(target=take_a_little)
    reader.start()
    refused: list[bool] = []

    def try_to_send() -> None:
        try:
            worker_wire.send(ours, (bytes(8_000_000),), time.monotonic() + 0.5)
        except BlockingIOError:
            refused.append(True)

    tried = threading.Thread(target=try_to_send)
    tried.start()
    try:
        tried.join(PATIENCE_S / 2)
        assert refused == [True]
    finally:
        ended.set()
        tried.join()
        ours.close()  # the reader, should it wait for more, comes to the end
        reader.join()
        theirs.close()


def test_a_stopped_child_holds_up_no_big_request(worker: Worker) -> None:
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    answer = worker.call("size", bytes(8_000_000), deadline_s=0.5)
    assert isinstance(answer, Failed)
    assert answer.reason in (WorkerFailure.TIMED_OUT, WorkerFailure.CRASHED), "whoever saw it first"
    ask_new_child(worker, pid)
    assert worker.call("size", bytes(8_000_000), deadline_s=PATIENCE_S) == Ok(8_000_000)


@pytest.mark.parametrize("death", [signal.SIGSTOP, signal.SIGSEGV, signal.SIGKILL], ids=lambda s: s.name)
def test_an_idle_child_that_nobody_asks_is_found_out_and_replaced(
    worker: Worker, death: signal.Signals
) -> None:
    """No request is made before the new one is there: the worker finds out by itself."""
    pid = worker.pid
    assert pid is not None
    os.kill(pid, death)
    assert wait_until(lambda: worker.pid not in (None, pid))
    assert worker.generation == 2


def test_a_child_whose_native_thread_holds_the_interpreter_is_replaced(worker: Worker) -> None:
    pid = worker.pid
    assert worker.call("hold_the_interpreter_later", deadline_s=PATIENCE_S) == Ok(value=True)
    assert wait_until(lambda: worker.pid not in (None, pid))


def test_a_child_whose_end_another_thread_sees_first_is_replaced(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever starts a process asks after all of them, so the end of one may be told to another's supervisor."""
    pid = worker.pid
    assert pid is not None
    poll, told = popen_fork.Popen.poll, list[threading.Timer]()

    def told_to_another(popen: Any, flag: int = os.WNOHANG) -> int | None:
        if popen.pid == pid and flag == 0 and not told:
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            told.append(threading.Timer(0.2, setattr, (popen, "returncode", code)))
            told[0].start()
            return None
        found: int | None = poll(popen, flag)
        return found

    monkeypatch.setattr(popen_fork.Popen, "poll", told_to_another)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: worker.pid not in (None, pid))
    assert told, "the case itself came about"


@pytest.mark.parametrize("death", [signal.SIGSTOP, signal.SIGSEGV, signal.SIGKILL], ids=lambda s: s.name)
def test_a_child_that_ends_while_it_is_built_is_replaced(tmp_path: Path, death: signal.Signals) -> None:
    allowed, building = tmp_path / "allowed", tmp_path / "building"
    worker = Worker(f"{DEVICES}:SlowStart", (str(allowed), str(building)), start_deadline_s=PATIENCE_S * 2)
    try:
        assert wait_until(lambda: building.exists() and building.read_text() != "")
        allowed.touch()
        os.kill(int(building.read_text()), death)
        assert worker.wait_ready(PATIENCE_S)
        assert worker.call("fine", deadline_s=PATIENCE_S) == Ok(value=True)
    finally:
        worker.close()


def test_what_ended_the_child_is_kept_until_one_answers(tmp_path: Path) -> None:
    """The first cause: what comes of it afterwards is not the news."""
    allowed = tmp_path / "allowed"
    allowed.touch()
    worker = Worker(f"{DEVICES}:FlakyStart", (str(allowed),))
    try:
        assert worker.wait_ready(PATIENCE_S)
        pid = worker.pid
        assert pid is not None
        allowed.unlink()
        os.kill(pid, signal.SIGSEGV)
        assert wait_until(lambda: worker._deaths_in_a_row >= 2)
        assert worker.last_failure == "SIGSEGV"
        allowed.touch()
        assert worker.wait_ready(PATIENCE_S)
        assert worker.last_failure == ""
    finally:
        worker.close()


def test_a_child_that_floods_its_outputs_neither_stands_still_nor_is_heard(
    worker: Worker, capfd: pytest.CaptureFixture[str]
) -> None:
    with_the_outputs_of_now(worker)
    assert worker.call("chatter", 4_000_000, deadline_s=PATIENCE_S) == Ok(value=True)
    assert capfd.readouterr() == ("", "")


def test_an_answer_too_many_is_never_taken_for_the_next_one(worker: Worker) -> None:
    pid = worker.pid
    first = worker.call("answer_unasked", deadline_s=PATIENCE_S)
    assert first == Failed(WorkerFailure.CRASHED, "an answer that nobody can use")
    ask_new_child(worker, pid)


@pytest.mark.parametrize(
    ("method", "args", "reason", "deadline_s"),
    [
        ("claim", (1 << 40,), WorkerFailure.CRASHED, PATIENCE_S),
        ("claim", (1000,), WorkerFailure.TIMED_OUT, 0.5),
        ("trickle", (), WorkerFailure.TIMED_OUT, 0.5),
        ("rubbish", (), WorkerFailure.CRASHED, PATIENCE_S),
    ],
)
def test_a_child_gone_mad_is_a_failure_within_the_deadline(
    worker: Worker, method: str, args: tuple[int, ...], reason: WorkerFailure, deadline_s: float
) -> None:
    """What can be seen to be wrong is told when it comes, and waits for no deadline."""
    pid = worker.pid
    answer = worker.call(method, *args, deadline_s=deadline_s)
    assert isinstance(answer, Failed)
    assert answer.reason is reason
    ask_new_child(worker, pid)


def test_a_child_that_dies_after_answering_rests_ever_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deaths so far make the rest; here only the last one is long, and has no end."""
    lives, rests = 4, list[int]()

    def rest_s(deaths: int) -> float:
        rests.append(deaths)
        return 3600.0 if len(rests) == lives else 0.0

    monkeypatch.setattr(module, "_back_off_s", rest_s)
    worker = Worker(Device)
    try:
        for life in range(lives):
            assert wait_until(lambda: worker.call("add", 1, 1, deadline_s=PATIENCE_S) == Ok(2))
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGKILL)
            assert wait_until(lambda life=life: len(rests) > life)  # type: ignore[misc]  # bound now
        assert rests == list(range(lives)), "an answer alone is no recovery"
        assert worker.call("add", 1, 1, deadline_s=1) == Failed(WorkerFailure.NOT_RUNNING), "it rests"
    finally:
        worker.close()


def test_a_restart_that_is_wished_for_is_no_death(worker: Worker) -> None:
    for _ in range(3):
        pid = worker.pid
        worker.restart()
        ask_new_child(worker, pid)
    assert worker._deaths_in_a_row == 0
    assert worker.last_failure == ""


def test_without_room_for_a_process_the_supervisor_waits_for_better_days(worker: Worker) -> None:
    pid = worker.pid
    assert pid is not None
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))  # what is open stays, nothing can be opened
    try:
        worker.restart()
        assert wait_until(lambda: worker.last_failure == "OSError")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    ask_new_child(worker, pid)


def test_a_crash_is_told_and_another_child_started(worker: Worker) -> None:
    pid = worker.pid
    answer = worker.call("die", deadline_s=PATIENCE_S)
    assert isinstance(answer, Failed)
    assert answer.reason is WorkerFailure.CRASHED
    ask_new_child(worker, pid)


def test_a_child_that_dies_between_requests_is_replaced(worker: Worker) -> None:
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    ask_new_child(worker, pid)
    assert worker.generation == 2


def test_an_exception_comes_back_as_its_class_name_only(
    worker: Worker, capfd: pytest.CaptureFixture[str]
) -> None:
    with_the_outputs_of_now(worker)
    pid = worker.pid
    assert worker.call("fail", deadline_s=PATIENCE_S) == Failed(WorkerFailure.CRASHED, "LookupError")
    assert worker.call("add", 1, 1, deadline_s=PATIENCE_S) == Ok(2)
    assert worker.pid == pid
    assert capfd.readouterr() == ("", "")


def test_an_answer_that_cannot_be_sent_is_a_failure(worker: Worker) -> None:
    answer = worker.call("unpicklable", deadline_s=PATIENCE_S)
    assert isinstance(answer, Failed)
    assert answer.reason is WorkerFailure.CRASHED
    assert worker.call("add", 1, 1, deadline_s=PATIENCE_S) == Ok(2)


def test_the_child_ignores_ctrl_c(worker: Worker) -> None:
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    assert worker.call("interrupt_action", deadline_s=PATIENCE_S) == Ok(value=True)
    assert worker.pid == pid


def test_a_device_that_cannot_be_built_is_named() -> None:
    worker = Worker(f"{DEVICES}:Unbuildable")
    try:
        assert wait_until(lambda: worker.last_failure == "FileNotFoundError")
        assert worker.call("anything", deadline_s=1) == Failed(WorkerFailure.NOT_RUNNING)
        assert worker.pid is None
    finally:
        worker.close()


def test_starting_again_backs_off_and_succeeds_in_the_end(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    worker = Worker(f"{DEVICES}:FlakyStart", (str(allowed),))
    try:
        assert wait_until(lambda: worker.last_failure != "")
        assert not worker.wait_ready(0.1)
        allowed.touch()
        assert worker.wait_ready(PATIENCE_S)
        assert worker.call("fine", deadline_s=PATIENCE_S) == Ok(value=True)
    finally:
        worker.close()


def test_close_leaves_no_process_and_answers_not_running(worker: Worker) -> None:
    pid = worker.pid
    assert pid is not None
    descriptors = psutil.Process().num_fds()
    worker.close()
    worker.close()
    assert not psutil.pid_exists(pid)
    assert psutil.Process().num_fds() < descriptors
    assert worker.call("name", deadline_s=1) == Failed(WorkerFailure.NOT_RUNNING)


def test_twenty_lives_leave_no_thread_and_no_descriptor(worker: Worker) -> None:
    def life() -> None:
        pid = worker.pid
        worker.restart()
        ask_new_child(worker, pid)

    life()
    this = psutil.Process()
    counts: list[Callable[[], int]] = [this.num_fds, this.num_threads, lambda: len(this.children())]
    most = [count() for count in counts]  # what an earlier test left may end meanwhile
    for _ in range(20):
        life()
    assert wait_until(lambda: all(count() <= then for count, then in zip(counts, most, strict=True)))


def test_the_child_dies_with_a_killed_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.drivers.worker_devices"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
    finally:
        parent.kill()
        parent.communicate()
    assert wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
