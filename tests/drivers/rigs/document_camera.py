"""A document camera: the camera's own line and lens, a card before it, and the child that makes pages."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from drivers.contract import Device, Ok
from drivers.document_camera.camera import CameraForDocuments
from drivers.document_camera.contract import SheetFormat
from tests.drivers.document_camera.sheets import card
from tests.drivers.rigs.camera import CameraRig
from tests.drivers.rigs.child import end_child

SIZE_PX = (1426, 1070)
"""Enough for a card, and quick to draw anew 15 times a second."""


@functools.cache
def a_card() -> bytes:
    seen = np.asarray(cv2.resize(card(), SIZE_PX, interpolation=cv2.INTER_AREA), np.uint8)
    return bytes(cv2.imencode(".jpg", seen)[1])


class DocumentCameraRig(CameraRig):
    """What is done to its line is the camera's; what a page is made of is in test_camera.py."""

    def __init__(self) -> None:
        super().__init__()
        self._desk: CameraForDocuments | None = None
        self._pages = 0

    def sight(self) -> bytes:
        return a_card()

    def driver(self) -> CameraForDocuments:
        self._desk = CameraForDocuments(self.camera(SIZE_PX))
        return self._desk

    def look(self, device: Device) -> int | None:
        """Pages are made one at a time, each of the frame that is there then."""
        assert isinstance(device, CameraForDocuments)
        if not isinstance(device.take(SheetFormat.ID_1), Ok):
            return None
        self._pages += 1
        return self._pages

    def restart_service(self) -> None:
        """Both children: the camera's, and the one that makes pages."""
        super().restart_service()
        assert self._desk is not None
        end_child(self._desk._worker.pid)
