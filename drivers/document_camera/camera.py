"""A document camera: any `Camera` for the frames, a child process that makes pages of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from drivers.camera.contract import Camera
from drivers.contract import Cause, DeviceStatus, Failed, Named, Nameplate, Ok, Restartable
from drivers.document_camera.contract import DocumentFailure, Page, SheetFormat
from drivers.worker import Worker

PAGE_DEADLINE_S = 3.0
BIND_DEADLINE_S = 5.0
START_DEADLINE_S = 20.0
RESTART_S = 8.0
"""How long a restart waits for the new child (about 1 s on a free core: it loads OpenCV)."""

T = TypeVar("T")


class CameraForDocuments:
    """Implements `DocumentCamera`. `camera` may be the one that looks at residents, if it sees enough."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._worker = Worker("drivers.document_camera.scan:Scanner", start_deadline_s=START_DEADLINE_S)

    def status(self) -> DeviceStatus:
        """The camera's own, as long as there is somebody to make pages of its frames."""
        of_camera = self._camera.status()
        of_worker = self._worker.status(Cause.CAMERA_RESTARTING)
        return of_worker if of_camera.usable and not of_worker.usable else of_camera

    def probe(self) -> DeviceStatus:
        self._camera.probe()
        return self.status()

    def nameplate(self) -> Nameplate:
        """The camera's."""
        return self._camera.nameplate() if isinstance(self._camera, Named) else Nameplate()

    def open(self) -> Ok[None] | Failed[DocumentFailure]:
        opened = self._camera.open()
        return opened if isinstance(opened, Ok) else Failed(DocumentFailure.NO_PICTURE, opened.reason)

    def take(self, sheet: SheetFormat) -> Ok[Page] | Failed[DocumentFailure]:
        frame = self._camera.latest()
        if isinstance(frame, Failed):
            return Failed(DocumentFailure.NO_PICTURE, frame.reason)
        return self._ask("page", frame.value.pixels, sheet, deadline_s=PAGE_DEADLINE_S)

    def bind(self, pages: Sequence[Page]) -> Ok[bytes] | Failed[DocumentFailure]:
        return self._ask("bind", [page.jpeg for page in pages], deadline_s=BIND_DEADLINE_S)

    def stop(self) -> None:
        self._camera.stop()

    def restart(self) -> None:
        """A new process for the camera, which may be the residents' as well, and one for the pages, awaited."""
        if isinstance(self._camera, Restartable):
            self._camera.restart()
        self._worker.restart()
        self._worker.wait_ready(RESTART_S)

    def close(self) -> None:
        self._worker.close()
        self._camera.close()

    def _ask(self, method: str, *given: object, deadline_s: float) -> Ok[T] | Failed[DocumentFailure]:
        if not self._worker.wait_ready(deadline_s):
            return Failed(DocumentFailure.TIMED_OUT, self._worker.last_failure)
        match self._worker.call(method, *given, deadline_s=deadline_s):
            case Ok(answer):
                answered: Ok[T] | Failed[DocumentFailure] = answer
                return answered
            case Failed(reason, detail):
                return Failed(DocumentFailure.TIMED_OUT, f"{reason} {detail}".strip())
