from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from drivers.contract import Failed, Ok
from drivers.worker import Worker, WorkerFailure
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


def test_a_stopped_child_holds_up_no_big_request(worker: Worker) -> None:
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert worker.call("size", bytes(8_000_000), deadline_s=0.5) == Failed(WorkerFailure.TIMED_OUT)
    ask_new_child(worker, pid)
    assert worker.call("size", bytes(8_000_000), deadline_s=PATIENCE_S) == Ok(8_000_000)


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
    before = (this.num_fds(), this.num_threads(), len(this.children()))
    for _ in range(20):
        life()
    assert wait_until(lambda: (this.num_fds(), this.num_threads(), len(this.children())) == before)


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
