"""A code reader: the real decoder in its child, and pictures of a printed code."""

from __future__ import annotations

import functools
import itertools
import os
import signal
import threading
from collections.abc import Iterable
from threading import Event
from typing import ClassVar

from drivers.camera.contract import Frame
from drivers.code_reader.contract import QrWanted
from drivers.code_reader.reader import ZxingCodeReader
from drivers.contract import Device, Ok
from tests.drivers.code_reader.printed import Pixels, on_a_table, qr
from tests.drivers.rigs.child import end_child
from tests.drivers.rigs.rig import Rig, Verb
from tests.drivers.waiting import PATIENCE_S, wait_until

NO_PLUG = "the camera is another device with a rig of its own; a decoder is not plugged in"
CODES = tuple(f"JIUJIN1:0142-TEST-000{number}" for number in range(7))
GLANCE_FRAMES = 2
"""As few as can agree: a reading that loses one of them to a child that died has no value."""
GLANCE_S, LONG_S = 3.0, 6.0


@functools.cache
def sights() -> tuple[Pixels, ...]:
    """An empty table, then each code on it."""
    return (on_a_table(), *(on_a_table(qr(code)) for code in CODES))


class Held:
    """What is held before the camera, one picture at a time; the last one stays and counts as no news."""

    def __init__(self, pictures: Iterable[Pixels], busy: Event) -> None:
        self._pictures = iter(pictures)
        self._busy = busy
        self._now: Ok[Frame] | None = None
        self._sequence = 0

    def latest(self, max_age_s: float = 1.0) -> Ok[Frame]:  # noqa: ARG002 - as the contract has it
        picture = next(self._pictures, None)
        if picture is not None:
            self._sequence += 1
            self._now = Ok(Frame(picture, self._sequence, 0))
        if self._sequence > GLANCE_FRAMES:
            self._busy.set()
        assert self._now is not None
        return self._now


class CodeReaderRig(Rig):
    cannot: ClassVar = {
        Verb.PLUG: NO_PLUG,
        Verb.UNPLUG: NO_PLUG,
        Verb.REPLUG_ELSEWHERE: NO_PLUG,
        Verb.SLOW: "there is no far end: decoding takes what it takes, and `silence` is beyond it",
    }
    silent_is_silent = False

    def __init__(self) -> None:
        self._reader: ZxingCodeReader | None = None
        self._garbled = self._silent = False
        self._busy = threading.Event()

    def driver(self) -> ZxingCodeReader:
        self._reader = ZxingCodeReader()
        return self._reader

    def operate(self, device: Device, *, long: bool = False) -> bool:
        """The long one sees another code in each frame, so that no two agree."""
        assert isinstance(device, ZxingCodeReader)
        blank, *codes = sights()
        pictures: Iterable[Pixels] = itertools.repeat(codes[0])
        deadline_s = PATIENCE_S
        if long:
            pictures, deadline_s = itertools.cycle(codes), LONG_S
        elif self._garbled or self._silent:
            seen = blank if self._garbled else codes[0]
            pictures, deadline_s = itertools.repeat(seen, GLANCE_FRAMES), GLANCE_S
        return isinstance(device.read(Held(pictures, self._busy), QrWanted(), deadline_s, Event()), Ok)

    def wait_busy(self) -> bool:
        return self._busy.wait(PATIENCE_S)

    def restart_service(self) -> None:
        """The child process, ended from outside."""
        assert self._reader is not None
        end_child(self._reader._worker.pid)

    def garble(self) -> None:
        self._garbled = True

    def silence(self) -> None:
        """The child stands still, stopped from outside."""
        assert self._reader is not None
        worker = self._reader._worker
        assert wait_until(lambda: worker.pid is not None)
        assert worker.pid is not None
        self._silent = True
        os.kill(worker.pid, signal.SIGSTOP)

    def heal(self) -> None:
        """A stopped child is replaced by the driver itself."""
        self._garbled = self._silent = False

    def close(self) -> None:
        """Nothing is at the far end."""
