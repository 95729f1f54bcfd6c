"""A camera on the network: the simulated one behind a line that can be torn, OpenCV in its child process."""

from __future__ import annotations

import random
import socket
import threading
import time

from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import CameraFault, SimulatedCamera
from drivers.contract import Device, Failed, Ok
from drivers.document_camera.camera import CameraForDocuments
from kiosk.bench.fault_proxy import FaultProxy, Mode
from tests.drivers.camera.sights import png, room
from tests.drivers.rigs.child import end_child
from tests.drivers.rigs.rig import Rig
from tests.drivers.waiting import PATIENCE_S

FRAMES, FRAMES_LONG = 2, 30
ATTEMPT_S = 3.5
"""Without a frame for so long nobody waits on: a terminal does for 2.5 s, on a machine that it has to itself. Less than
`SLOW_S`: a camera that is as slow as that is none to take pictures with.
"""


class RubbishServer:
    """Takes a request and answers bytes that mean nothing."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1.0)
                try:
                    connection.recv(4096)
                    connection.sendall(random.Random(7).randbytes(20_000))  # noqa: S311 - rubbish, no secret
                except OSError:
                    continue  # who asked went away


class CameraRig(Rig):
    def __init__(self) -> None:
        self.lens = SimulatedCamera(self.sight())
        self._spare: SimulatedCamera | None = None
        self._rubbish: RubbishServer | None = None
        self._line = FaultProxy(_port(self.lens)).start()
        self._camera: OpencvCamera | None = None
        self._busy = threading.Event()

    def sight(self) -> bytes:
        """What lies before the lens."""
        return png(room())

    def camera(self, size_px: tuple[int, int] | None = None) -> OpencvCamera:
        self._camera = OpencvCamera(
            f"http://127.0.0.1:{self._line.port}/camera.mjpg", demo=True, size_px=size_px
        )
        return self._camera

    def driver(self) -> Device:
        return self.camera()

    def look(self, device: Device) -> int | None:
        """The number of the picture that there is now."""
        assert isinstance(device, OpencvCamera)
        frame = device.latest()
        return frame.value.sequence if isinstance(frame, Ok) else None

    def operate(self, device: Device, *, long: bool = False) -> bool:
        """Fresh pictures, one after the other; the long one wants many."""
        assert isinstance(device, OpencvCamera | CameraForDocuments)
        self._busy.clear()
        if isinstance(device.open(), Failed):
            return False
        try:
            seen, wanted, last, last_news_s = 0, FRAMES_LONG if long else FRAMES, -1, time.monotonic()
            while seen < wanted and time.monotonic() - last_news_s < ATTEMPT_S:
                number = self.look(device)
                if number not in (None, last):
                    last, seen, last_news_s = number, seen + 1, time.monotonic()
                    self._busy.set()
                else:
                    time.sleep(0.02)
            return seen == wanted
        finally:
            device.stop()

    def wait_busy(self) -> bool:
        return self._busy.wait(PATIENCE_S)

    def plug(self) -> None:
        self._line.mode = Mode.UP

    def unplug(self) -> None:
        self._line.mode = Mode.DOWN

    def replug_elsewhere(self) -> None:
        """Another camera at the same address."""
        self._line.mode = Mode.DOWN
        self._spare = SimulatedCamera(self.sight())
        self._line.lead_to(_port(self._spare))
        self._line.mode = Mode.UP

    def restart_service(self) -> None:
        """The child process, ended from outside."""
        assert self._camera is not None
        end_child(self._camera._worker.pid)

    def garble(self) -> None:
        self._rubbish = RubbishServer()
        self._line.lead_to(self._rubbish.port)

    def slow(self) -> None:
        self.lens.misbehave(CameraFault.SLOW)

    def silence(self) -> None:
        self._line.mode = Mode.HALF_OPEN

    def heal(self) -> None:
        self.lens.misbehave(CameraFault.NONE)
        self._line.lead_to(_port(self.lens))
        self._line.mode = Mode.UP

    def close(self) -> None:
        self._line.close()
        for far_end in (self.lens, self._spare, self._rubbish):
            if far_end is not None:
                far_end.close()


def _port(lens: SimulatedCamera) -> int:
    return int(lens.address.split(":")[2].split("/")[0])
