"""The place of a vendor's kit with an infrared camera of its own: an adapter in a child process.

kiosk.ini names it as `infrared = module:Class`. The class is built without arguments in a process of
its own and has five things; what it raises or never answers is `unavailable`, and nobody is accepted:

    name: str                          what is written into the record, such as "Kit 3.2"
    def begin(self) -> None            a new attempt: open the infrared camera
    def see(self, pixels) -> None      a frame that will be compared: uint8 (height, width, 3), BGR
    def verdict(self) -> bool | None   after the last one; None: it could not tell
    def end(self) -> None              the attempt is over, with or without a verdict: close the camera

How sure the kit is, is its maker's to prove (GB/T 41815.3, ISO/IEC 30107-3) and not this program's: the
record holds the kit's name and its word.
"""

from __future__ import annotations

import re
from dataclasses import replace

from drivers.camera.contract import Frame
from drivers.contract import Cause, Device, DeviceStatus, Failed, Ok
from drivers.face.contract import FaceFailure, Guidance
from drivers.face.liveness.contract import LivenessRecord, Method, Outcome, Prompt
from drivers.worker import Worker

START_S = 20.0
DEADLINE_S = 1.5
NAME = re.compile(r"[\w .+/()-]{1,60}")
ENTRY_POINT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class InfraredCheck:
    """Implements `LivenessCheck` for the kit at `entry_point`."""

    method = Method.INFRARED
    asks: Prompt | None = None
    finished = True
    moving_s = 0.0

    def __init__(self, entry_point: str, *, deadline_s: float = DEADLINE_S) -> None:
        self._worker = Worker(f"{__name__}:Kit", (entry_point,), start_deadline_s=START_S, is_private=True)
        self._deadline_s = deadline_s
        self._name, self._works, self._frames = "", False, 0
        self._opened = False
        self._record: LivenessRecord | None = None
        self._beside: tuple[Device, FaceWithKit] | None = None

    def status(self) -> DeviceStatus:
        """Whether the kit's process answers; it is started again for as long as it does not."""
        status = self._worker.status(Cause.FACE_RESTARTING)
        return status if status.usable else replace(status, cause=Cause.FACE_RESTARTING)

    def beside(self, face: Device) -> FaceWithKit:
        """The face check with this kit: for one face the same object each time, by which it is watched."""
        if self._beside is None or self._beside[0] is not face:
            self._beside = face, FaceWithKit(face, self)
        return self._beside[1]

    def begin(self, *, again: bool, unhurried: bool = False) -> None:  # noqa: ARG002 - the contract's
        self._record, self._frames, self._name, self._works = None, 0, "", True

    def open(self) -> None:
        named = self._worker.call("kit_name", deadline_s=self._deadline_s)
        name = named.value if isinstance(named, Ok) else ""
        self._name = name if NAME.fullmatch(name) else ""
        self._opened = True
        begun = self._worker.call("begin", deadline_s=self._deadline_s)
        self._works = bool(self._name) and isinstance(begun, Ok)

    def end(self) -> None:
        """A kit that does not say that it closed its camera is ended with its process, which closes it."""
        if not self._opened:
            return
        self._opened = False
        if isinstance(self._worker.call("end", deadline_s=self._deadline_s), Failed):
            self._worker.restart()

    def usable(self, frame: Frame, _opening: int, /) -> FaceFailure | None:
        if self._works:
            seen = self._worker.call("see", frame.pixels, deadline_s=self._deadline_s)
            self._works = isinstance(seen, Ok)
            self._frames += 1
        return None if self._works else FaceFailure.LIVENESS_UNAVAILABLE

    def watch(self, _frame: Frame, _opening: int, /) -> FaceFailure | Guidance | None:
        return None

    def decline(self) -> None:
        pass

    def record(self) -> LivenessRecord:
        """Asked of the kit once, when it is wanted: after the last frame."""
        if self._record is None:
            self._record = LivenessRecord(self.method, self._outcome(), model=self._name)
        return self._record

    def close(self) -> None:
        self._worker.close()

    def _outcome(self) -> Outcome:
        if not self._works:
            return Outcome.UNAVAILABLE
        if not self._frames:
            return Outcome.NOT_DONE
        match self._worker.call("verdict", deadline_s=self._deadline_s):
            case Ok(value) if value is True:
                return Outcome.SHOWN
            case Ok(value) if value is False:
                return Outcome.NOT_SHOWN
            case Ok(_) | Failed():
                return Outcome.UNAVAILABLE


class FaceWithKit:
    """Implements `Device`: the face check of a terminal on which nobody is accepted without the kit. Owns neither."""

    def __init__(self, face: Device, kit: InfraredCheck) -> None:
        self._face, self._kit = face, kit

    def status(self) -> DeviceStatus:
        return self._first(self._face.status())

    def probe(self) -> DeviceStatus:
        return self._first(self._face.probe())

    def close(self) -> None:
        pass

    def _first(self, status: DeviceStatus) -> DeviceStatus:
        kit = self._kit.status()
        if kit.usable or not status.usable:
            return status
        return replace(kit, warnings=status.warnings)


class Kit:
    """The child's half: the vendor's object behind five plain calls.

    Nothing of the vendor's is answered: to unpickle it the terminal would import the vendor's code.
    """

    def __init__(self, entry_point: str) -> None:
        import importlib

        module, _, name = entry_point.partition(":")
        self._kit = getattr(importlib.import_module(module), name)()

    def kit_name(self) -> str:
        """Empty for what is no text."""
        name = self._kit.name
        return str.__str__(name) if isinstance(name, str) else ""

    def begin(self) -> None:
        self._kit.begin()

    def see(self, pixels: object) -> None:
        self._kit.see(pixels)

    def verdict(self) -> bool | None:
        said = self._kit.verdict()
        return said if said is True or said is False else None

    def end(self) -> None:
        self._kit.end()
