"""The whole way: a camera's frames through the child to a PDF, with nothing written."""

from __future__ import annotations

import io
import os
import re
import signal
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image

from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import CameraFault, SimulatedCamera
from drivers.contract import Cause, DeviceState, Failed, Ok, Restartable
from drivers.document_camera import camera as module
from drivers.document_camera.camera import CameraForDocuments
from drivers.document_camera.contract import DocumentFailure, Page, SheetFormat
from drivers.document_camera.scan import PAGES_MAX, PDF_BYTES_MAX, Scanner
from tests.drivers.camera.test_pictures import huge_png
from tests.drivers.document_camera.sheets import Pixels, card, photographed
from tests.drivers.rigs.child import no_next_child_of
from tests.drivers.waiting import wait_until

PLACED = re.compile(rb"([\d.]+) 0(?:\.0+)? 0(?:\.0+)? ([\d.]+) [\d.]+ [\d.]+ cm")
SMALLER_PX = (1426, 1070)
"""Enough for a card, and quick to draw anew 15 times a second."""


def jpeg(pixels: Pixels) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels)[1])


def failure(answer: Ok[Page] | Failed[DocumentFailure]) -> DocumentFailure | None:
    """Without the detail: the child's pulse may be what waits for it just then."""
    return answer.reason if isinstance(answer, Failed) else None


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    made = [Scanner().page(photographed(), SheetFormat.A4), Scanner().page(card(), SheetFormat.ID_1)]
    return [page.value for page in made if isinstance(page, Ok)]


@pytest.fixture
def lens() -> Iterator[SimulatedCamera]:
    camera = SimulatedCamera(
        jpeg(np.asarray(cv2.resize(card(), SMALLER_PX, interpolation=cv2.INTER_AREA), np.uint8))
    )
    yield camera
    camera.close()


def test_a_sheet_becomes_a_page_and_a_damaged_frame_does_not(
    lens: SimulatedCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = CameraForDocuments(OpencvCamera(lens.address, demo=True, size_px=SMALLER_PX))
    try:
        assert camera.take(SheetFormat.ID_1) == Failed(DocumentFailure.NO_PICTURE, "closed")
        assert lens.connections == 0
        assert camera.open() == Ok(None)
        assert wait_until(lambda: isinstance(camera.take(SheetFormat.ID_1), Ok))
        lens.misbehave(CameraFault.HALF_GREEN)
        assert wait_until(
            lambda: camera.take(SheetFormat.ID_1) == Failed(DocumentFailure.NO_PICTURE, "green")
        )
        lens.misbehave(CameraFault.NONE)
        assert wait_until(lambda: isinstance(camera.take(SheetFormat.ID_1), Ok))
        pid = camera._worker.pid
        assert pid is not None
        with monkeypatch.context() as hurried, no_next_child_of(camera._worker):
            hurried.setattr(module, "PAGE_DEADLINE_S", 0.3)
            os.kill(pid, signal.SIGSTOP)  # as native code that never comes back
            assert wait_until(lambda: failure(camera.take(SheetFormat.ID_1)) is DocumentFailure.TIMED_OUT)
            nobody = DeviceState.UNKNOWN, Cause.CAMERA_RESTARTING
            assert wait_until(lambda: (camera.status().state, camera.status().cause) == nobody), "no pages"
        assert wait_until(lambda: isinstance(camera.take(SheetFormat.ID_1), Ok))
        assert camera.status().usable
        camera.stop()
        assert camera.take(SheetFormat.ID_1) == Failed(DocumentFailure.NO_PICTURE, "closed")
    finally:
        camera.close()


def test_a_restart_ends_both_children_and_the_next_page_comes(lens: SimulatedCamera) -> None:
    camera = CameraForDocuments(OpencvCamera(lens.address, demo=True, size_px=SMALLER_PX))
    assert isinstance(camera, Restartable), "the staff menu offers it"
    try:
        assert camera.open() == Ok(None)
        assert wait_until(lambda: isinstance(camera.take(SheetFormat.ID_1), Ok))
        before = children(camera)
        camera.restart()
        assert wait_until(lambda: camera.probe().usable), camera.status()
        after = children(camera)
        assert None not in after
        assert not set(before) & set(after)
        assert camera.take(SheetFormat.ID_1) == Failed(DocumentFailure.NO_PICTURE, "closed")
        assert camera.open() == Ok(None)
        assert wait_until(lambda: isinstance(camera.take(SheetFormat.ID_1), Ok))
    finally:
        camera.close()


def children(camera: CameraForDocuments) -> list[int | None]:
    assert isinstance(camera._camera, OpencvCamera)
    return [camera._camera._worker.pid, camera._worker.pid]


def test_pages_become_one_pdf_with_their_very_bytes(pages: list[Page]) -> None:
    answer = Scanner().bind([page.jpeg for page in pages])
    assert isinstance(answer, Ok)
    pdf = answer.value
    assert pdf.startswith(b"%PDF-")
    for page in pages:
        assert page.jpeg in pdf
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert [sorted(round(float(side)) for side in box) for box in boxes] == [[595, 842]] * 2
    assert b"CreationDate" not in pdf


def test_a_card_keeps_its_size_on_the_page(pages: list[Page]) -> None:
    """The matrix that places the picture: 85.60 mm and 53.98 mm in points."""
    answer = Scanner().bind([pages[1].jpeg])
    assert isinstance(answer, Ok)
    streams = re.findall(
        rb"/FlateDecode(?: /Length \d+)? >>\s+stream\r?\n(.*?)\r?\nendstream", answer.value, re.DOTALL
    )
    placed = next(filter(None, (PLACED.search(zlib.decompress(stream)) for stream in streams)), None)
    assert placed is not None
    assert (float(placed[1]), float(placed[2])) == pytest.approx((242.6, 153.1), abs=0.3)


def test_a_page_says_its_resolution(pages: list[Page]) -> None:
    assert [Image.open(io.BytesIO(page.jpeg)).info["dpi"] for page in pages] == [(200, 200), (300, 300)]


def test_too_much_or_nothing_is_no_pdf(pages: list[Page]) -> None:
    one = pages[1].jpeg
    bind = Scanner().bind
    assert bind([]) == Failed(DocumentFailure.EMPTY)
    assert isinstance(bind([one] * PAGES_MAX), Ok)
    assert bind([one] * (PAGES_MAX + 1)) == Failed(DocumentFailure.TOO_MANY_PAGES, f"at most {PAGES_MAX}")
    assert bind([one, bytes(PDF_BYTES_MAX)]) == Failed(DocumentFailure.TOO_LARGE)
    assert bind([one, one[: len(one) // 2]]) == Failed(DocumentFailure.MALFORMED)


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (b"", DocumentFailure.MALFORMED),
        (b"GIF89a", DocumentFailure.MALFORMED),
        (jpeg(np.full((64, 64, 3), 90, np.uint8))[:300], DocumentFailure.MALFORMED),
        (huge_png(), DocumentFailure.TOO_LARGE),
        (jpeg(np.full((900, 1200, 3), 90, np.uint8)), DocumentFailure.NO_SHEET),
        (jpeg(np.full((1, 1, 3), 90, np.uint8)), DocumentFailure.TOO_SMALL),
    ],
)
def test_a_strangers_picture_is_a_reason_at_worst(encoded: bytes, reason: DocumentFailure) -> None:
    answer = Scanner().page_of(encoded, SheetFormat.A4)
    assert isinstance(answer, Failed)
    assert answer.reason is reason


def test_a_picture_that_came_encoded_is_a_page_too() -> None:
    assert isinstance(Scanner().page_of(jpeg(card()), SheetFormat.ID_1), Ok)
