"""Codes in the frames of a camera, decoded in a child process; a value counts when two frames agree."""

from __future__ import annotations

import time
from threading import Event
from typing import assert_never

from drivers.camera.contract import Frame, FrameSource
from drivers.code_reader.contract import Code128Wanted, CodeFailure, CodeFormat, QrWanted, Wanted
from drivers.code_reader.payload import text_of
from drivers.contract import Cause, DeviceStatus, Failed, Ok
from drivers.worker import Worker

FRAME_DEADLINE_S = 2.0
START_DEADLINE_S = 10.0
PAUSE_S = 0.03


class ZxingCodeReader:
    """Implements `CodeReader`."""

    def __init__(self) -> None:
        self._worker = Worker("drivers.code_reader.decode:Decoder", start_deadline_s=START_DEADLINE_S)
        self._closed = Event()

    def status(self) -> DeviceStatus:
        """The decoder's; the camera that it reads from is a device of its own."""
        return self._worker.status(Cause.CODE_READER_RESTARTING)

    def probe(self) -> DeviceStatus:
        """As `status`: the worker takes its child's pulse by itself."""
        return self.status()

    def read(
        self, camera: FrameSource, wanted: Wanted, deadline_s: float, cancel: Event
    ) -> Ok[str] | Failed[CodeFailure]:
        end_s = time.monotonic() + deadline_s
        last: Failed[CodeFailure] = Failed(CodeFailure.NO_CODE)
        seen, sequence = "", -1
        while time.monotonic() < end_s:
            frame = camera.latest()
            if isinstance(frame, Failed):
                last = Failed(CodeFailure.NO_PICTURE, frame.reason)
            elif frame.value.sequence != sequence:
                sequence = frame.value.sequence
                answer = self.examine(frame.value, wanted)
                if isinstance(answer, Failed):
                    last = answer
                elif answer.value == seen:
                    return answer
                else:
                    seen = answer.value
            if cancel.wait(PAUSE_S) or self._closed.is_set():
                return Failed(CodeFailure.CANCELLED)
        return last

    def examine(self, frame: Frame, wanted: Wanted) -> Ok[str] | Failed[CodeFailure]:
        """One frame alone: no value to act on."""
        match wanted:
            case QrWanted():
                looked_for = CodeFormat.QR
            case Code128Wanted():
                looked_for = CodeFormat.CODE_128
            case _:
                assert_never(wanted)
        if not self._worker.wait_ready(FRAME_DEADLINE_S):
            return Failed(CodeFailure.TIMED_OUT, self._worker.last_failure)
        match self._worker.call("payloads", frame.pixels, looked_for, deadline_s=FRAME_DEADLINE_S):
            case Ok(payloads):
                return text_of(payloads, wanted)
            case Failed(reason, detail):
                return Failed(CodeFailure.TIMED_OUT, f"{reason} {detail}".strip())

    def restart(self) -> None:
        """A new process for the decoder, awaited; a reading that goes on sees one picture fewer."""
        self._worker.restart()
        self._worker.wait_ready(START_DEADLINE_S)

    def close(self) -> None:
        """A reading that goes on ends as cancelled."""
        self._closed.set()
        self._worker.close()
