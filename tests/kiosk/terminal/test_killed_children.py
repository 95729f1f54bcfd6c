"""The children for camera, faces and codes are ended or stopped from outside, by each signal in each phase of their life.

The terminal serves on, says what is the matter, and comes back by itself. Readers and printers are
in `test_killed_wires`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.camera.opencv import OpencvCamera
from drivers.code_reader.contract import QrWanted
from drivers.code_reader.reader import ZxingCodeReader
from drivers.code_reader.sample import DrawnCode
from drivers.contract import Ok
from drivers.face.verifier import ProcessFaceVerifier
from drivers.worker import Worker
from kiosk.health import CAUSES
from kiosk.journey import hands
from kiosk.journey.events import IdleExpired
from kiosk.journey.view import View, action
from tests.drivers.rigs.child import no_next_child_of
from tests.drivers.waiting import wait_until
from tests.groups import FACES
from tests.kiosk.terminal.hall import PENSION, REPORT, REPORT_ANSWERS, Hall, hall

pytestmark = [pytest.mark.xdist_group(FACES), pytest.mark.usefixtures("unhurried_camera")]
KINDS = ["camera", "face"]
LONG_S = 90.0
"""For the start of a child that loads models, on a machine that has much else to do."""


SIGNALS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP)
by_each_signal = pytest.mark.parametrize("how", SIGNALS, ids=lambda how: how.name)
of_each_child = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    settings = {("code_reader", "camera"): "camera"}
    with hall(tmp_path_factory.mktemp("hall"), settings=settings) as made:
        face = made.terminal.devices.face
        assert isinstance(face, ProcessFaceVerifier)
        face._deadline_s = LONG_S  # its own is for a terminal that shares its machine with nobody
        yield made


@pytest.fixture
def running(shared: Hall) -> Hall:
    """Everything works, and nobody stands before it."""
    assert wait_until(lambda: not told(shared), LONG_S), told(shared)
    for _ in range(2):  # from any screen to the end, and from there to the first
        shared.terminal.send(IdleExpired())
    shared.play(wait_state="attract")
    shared.village.show_face("zhou_today")
    for kind in KINDS:
        worker_of(shared, kind)._deaths_in_a_row = 0  # each test is about a first death, not about a storm
    return shared


def worker_of(running: Hall, kind: str) -> Worker:
    device = getattr(running.terminal.devices, kind)
    assert isinstance(device, OpencvCamera | ProcessFaceVerifier | ZxingCodeReader)
    assert device._worker is not None
    return device._worker


def told(running: Hall) -> set[str]:
    """What the next heartbeat says of these devices."""
    causes = running.terminal.surroundings.heartbeat()["causes"]
    return {cause for cause in causes if cause.split(".")[0] in ("camera", "face", "code_reader", "device")}


def end(worker: Worker, how: signal.Signals) -> int:
    pid = worker.pid
    assert pid is not None
    os.kill(pid, how)
    return pid


@by_each_signal
@of_each_child
def test_ended_while_idle_is_told_to_centre_and_resident_and_comes_back(
    running: Hall, kind: str, how: signal.Signals
) -> None:
    running.press("begin", f"service:{PENSION}", "next")
    running.play(wait_enabled="face")
    seen: list[View] = []
    running.terminal.subscribe(lambda: seen.append(running.view))
    worker = worker_of(running, kind)
    with no_next_child_of(worker):
        pid = end(worker, how)
        assert wait_until(lambda: f"{kind}.restarting" in told(running))
    assert wait_until(lambda: not told(running), LONG_S), told(running)
    assert worker.pid not in (None, pid)
    running.play(wait_enabled="face")
    whys = [found.reason for view in seen if (found := action(view, "face")) and not found.enabled]
    assert CAUSES[f"{kind}.restarting"].resident["zh"] in whys
    assert {view.state.value for view in seen} == {"consent"}, "the visit went on where it was"


@by_each_signal
def test_a_code_reader_that_is_ended_is_told_and_reads_again_while_residents_are_served(
    running: Hall, how: signal.Signals
) -> None:
    worker, reader = worker_of(running, "code_reader"), running.terminal.devices.code_reader
    worker._deaths_in_a_row = 0
    running.press("begin")
    with no_next_child_of(worker):
        pid = end(worker, how)
        assert wait_until(lambda: "code_reader.restarting" in told(running))
    running.play(wait_enabled=f"service:{REPORT}")
    assert wait_until(lambda: not told(running), LONG_S), told(running)
    assert worker.pid not in (None, pid)
    assert reader is not None
    assert reader.read(DrawnCode("JIUJIN"), QrWanted(), LONG_S, threading.Event()) == Ok("JIUJIN")


def to_the_camera(running: Hall) -> None:
    running.press("begin", f"service:{REPORT}", "next", "take_photo")
    assert wait_until(lambda: running.terminal.preview() is not None)


def offered(name: str, *, enabled: bool) -> Callable[[View], bool]:
    def is_so(view: View) -> bool:
        found = action(view, name)
        return found is not None and found.enabled is enabled

    return is_so


@by_each_signal
def test_ended_while_a_resident_aims_the_picture_goes_on_and_the_photo_is_taken(
    running: Hall, how: signal.Signals
) -> None:
    to_the_camera(running)
    with no_next_child_of(worker_of(running, "camera")):
        pid = end(worker_of(running, "camera"), how)
        running.play(screen_has=[CAUSES["camera.restarting"].resident["zh"]])
        running.wait(offered("shutter", enabled=False), "the shutter to wait")
        assert wait_until(lambda: "camera.restarting" in told(running))
    running.wait(offered("shutter", enabled=True), "the shutter to come back")
    assert worker_of(running, "camera").pid not in (None, pid)
    assert wait_until(lambda: running.terminal.preview() is not None), "the live picture goes on"
    running.press("shutter")
    running.play(wait_state="attach", screen_has=["照片拍好了"])
    running.press("next")
    running.play(answer_form=REPORT_ANSWERS)
    running.press("submit")
    running.play(wait_enabled="finish")


@by_each_signal
@of_each_child
def test_ended_while_it_compares_costs_the_resident_no_try(
    running: Hall, kind: str, how: signal.Signals
) -> None:
    running.village.show_face("street")
    running.press("begin", f"service:{PENSION}", "next", "face")
    running.village.put_card("zhou")
    running.play(wait_state="face")
    assert wait_until(lambda: running.terminal.preview() is not None)
    end(worker_of(running, kind), how)
    running.play(screen_has=["机器没来得及比", "不是您的问题"])
    running.village.show_face("zhou_today")
    assert wait_until(lambda: not told(running), LONG_S), told(running)
    running.play(wait_enabled="try_face")
    running.press("try_face")
    running.play(wait_state="form")


def test_a_face_check_that_restarts_when_its_turn_comes_is_waited_for(
    running: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "FACE_WAIT_S", LONG_S)
    running.press("begin", f"service:{PENSION}", "next", "face")
    running.play(wait_state="card")
    worker = worker_of(running, "face")
    with monkeypatch.context() as held:
        held.setattr(worker, "_target", "time:sleep")  # the next child starts, and does not get done
        held.setattr(worker, "_args", (3600,))
        pid = end(worker, signal.SIGKILL)
        assert wait_until(lambda: worker._process is not None and worker._process.pid != pid)
        running.village.put_card("zhou")
        running.play(wait_state="face", screen_has=[CAUSES["face.restarting"].resident["zh"]])
        assert running.terminal.preview() is None
        assert running.offered("other_way").enabled
        slow = worker._process
    assert slow is not None
    slow.kill()
    running.play(wait_state="form")


@by_each_signal
def test_ended_while_it_starts_the_terminal_serves_and_the_device_comes(
    tmp_path: Path, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn, begun = Worker._spawn, set[Worker]()

    def first_is_never_done(worker: Worker) -> object:
        if worker in begun:
            return spawn(worker)
        begun.add(worker)
        with monkeypatch.context() as first:
            first.setattr(worker, "_target", "time:sleep")
            first.setattr(worker, "_args", (3600,))
            return spawn(worker)

    monkeypatch.setattr(Worker, "_spawn", first_is_never_done)
    with hall(tmp_path) as starting:
        for kind in KINDS:
            worker = worker_of(starting, kind)
            assert wait_until(lambda worker=worker: worker._process is not None)  # type: ignore[misc]
            assert worker._process is not None
            assert worker._process.pid is not None
            os.kill(worker._process.pid, how)
        starting.press("begin")
        starting.play(wait_enabled=f"service:{REPORT}")
        assert wait_until(lambda: not told(starting), LONG_S), told(starting)
        assert all(worker_of(starting, kind).generation == 1 for kind in KINDS), "the first was never ready"
        starting.play(wait_enabled=f"service:{PENSION}")
