"""The picture on the screen moves at the camera's rate, whatever the face models are busy with."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from drivers.face.verifier import ProcessFaceVerifier
from tests.drivers.face.portraits import two
from tests.drivers.waiting import wait_until
from tests.groups import FACES
from tests.kiosk.terminal.hall import hall
from tests.kiosk.terminal.test_faces import to_the_camera

pytestmark = pytest.mark.xdist_group(FACES)
PICTURES = 20
LONG_S = 120.0


def test_while_the_face_process_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.worker._is_stopped", lambda _process: False)  # else it is ended at once
    with hall(tmp_path) as running:
        face = running.terminal.devices.face
        assert isinstance(face, ProcessFaceVerifier)
        face._deadline_s = LONG_S
        to_the_camera(running, two("obama2.jpg", "biden.jpg", 150))
        running.play(screen_has=["镜头前请只留一个人"], wait_state="face")
        worker = face._worker
        assert worker is not None
        pid = worker.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            seen: set[int] = set()

            def looked() -> bool:
                picture = running.terminal.preview()
                if picture is not None:
                    seen.add(picture.sequence)
                return len(seen) >= PICTURES

            assert wait_until(looked, LONG_S), f"{len(seen)} pictures"
            assert psutil.Process(pid).status() == psutil.STATUS_STOPPED, "it was stopped all the while"
            assert running.view.state == "face"
        finally:
            os.kill(pid, signal.SIGCONT)
