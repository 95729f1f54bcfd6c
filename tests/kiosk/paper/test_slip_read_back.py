"""Our own slip, printed on simulated paper, is read back from a simulated camera: word for word."""

from __future__ import annotations

import base64
from pathlib import Path
from threading import Event

import cv2

from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import SimulatedCamera
from drivers.code_reader.contract import QrWanted
from drivers.code_reader.reader import ZxingCodeReader
from drivers.contract import Ok, Outcome
from drivers.receipt_printer.contract import QrCode
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from kiosk.journey.states import State
from tests.drivers.code_reader.printed import decoded, on_a_table
from tests.drivers.receipt_printer.slips import fonts
from tests.kiosk.journey.visits import CODE, visit
from tests.kiosk.paper.test_receipt import KEY, slip


def paper_of(folder: Path) -> tuple[str, bytes]:
    """What the slip's code says, and the paper as the simulated printer cut it off, a PNG."""
    made = slip(visit(State.RESULT))
    with SimulatedPrinter() as far_end:
        printer = EscposPrinter(far_end.address, fonts(), folder / "jobs.jsonl")
        try:
            assert printer.print_slip(made).outcome is Outcome.DONE
        finally:
            printer.close()
        paper = far_end.paper_png()
    (said,) = (block.data for block in made.blocks if isinstance(block, QrCode))
    return said, paper


def test_the_code_on_a_printed_slip_is_read_back_before_the_camera(tmp_path: Path) -> None:
    said, paper = paper_of(tmp_path)
    seen = cv2.imencode(".png", on_a_table(decoded(paper), width=1280, height=960, slant=0.08))[1].tobytes()
    lens, reader = SimulatedCamera(seen), ZxingCodeReader()
    camera = OpencvCamera(lens.address, demo=True)
    try:
        assert camera.open() == Ok(None)
        wanted = QrWanted(check=lambda text: text.startswith("JIUJIN1:"))
        answer = reader.read(camera, wanted, 30.0, Event())
    finally:
        camera.close()
        reader.close()
        lens.close()
    assert answer == Ok(said)
    _, code, digest, signature = said.split(":")
    assert code == CODE
    padded = signature + "=" * (-len(signature) % 4)
    KEY.public_key().verify(base64.urlsafe_b64decode(padded), f"jiujin.slip/1|{code}|{digest}".encode())
