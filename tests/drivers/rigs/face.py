"""Face verification: real models in their child process; the far end are two photographs."""

from __future__ import annotations

import os
import signal
import threading
from typing import ClassVar

from drivers.contract import Device, Failed, Ok
from drivers.face.verifier import ProcessFaceVerifier
from tests.drivers.face.portraits import MODELS, PROJECT, SETUP, card_photo, frame, live
from tests.drivers.rigs.child import end_child
from tests.drivers.rigs.rig import Rig, Verb
from tests.drivers.waiting import PATIENCE_S, wait_until

NO_PLUG = "models are files of the terminal: set-up brings them, nobody plugs them in"
FRAMES, FRAMES_LONG = 3, 40


class FaceRig(Rig):
    cannot: ClassVar = {
        Verb.PLUG: NO_PLUG,
        Verb.UNPLUG: NO_PLUG,
        Verb.REPLUG_ELSEWHERE: NO_PLUG,
        Verb.SLOW: "there is no far end: the work takes what it takes, and `silence` is beyond it",
    }

    silent_is_silent = False

    def __init__(self) -> None:
        self._card, self._live = card_photo("obama.jpg"), live("obama2.jpg")
        self._face: ProcessFaceVerifier | None = None
        self._garbled = False
        self._busy = threading.Event()

    def driver(self) -> ProcessFaceVerifier:
        calibration = PROJECT / "drivers" / "face" / "calibration" / "demo.json"
        key = SETUP / "trust" / "calibration.pub"
        # The driver's own deadline is for a terminal that does nothing else; tests share their machine.
        self._face = ProcessFaceVerifier(MODELS, calibration, key, demo=True, deadline_s=PATIENCE_S)
        return self._face

    def operate(self, device: Device, *, long: bool = False) -> bool:
        assert isinstance(device, ProcessFaceVerifier)
        self._busy.set()
        if isinstance(device.set_reference(b"no picture" if self._garbled else self._card), Failed):
            return False
        for sequence in range(FRAMES_LONG if long else FRAMES):
            if isinstance(device.examine(frame(self._live, sequence)), Failed):
                return False
        decided = device.decide()
        return isinstance(decided, Ok) and decided.value.accepted

    def wait_busy(self) -> bool:
        return self._busy.wait(PATIENCE_S)

    def restart_service(self) -> None:
        """The child process, ended from outside."""
        assert self._face is not None
        assert self._face._worker is not None
        end_child(self._face._worker.pid)

    def garble(self) -> None:
        self._garbled = True

    def silence(self) -> None:
        """The child stands still, stopped from outside."""
        assert self._face is not None
        worker = self._face._worker
        assert worker is not None
        assert wait_until(lambda: worker.pid is not None)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGSTOP)

    def heal(self) -> None:
        """A stopped child is replaced by the driver itself."""
        self._garbled = False

    def close(self) -> None:
        """Nothing is at the far end."""
