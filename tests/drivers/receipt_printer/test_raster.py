"""The picture itself: read back by an independent reader where one exists."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageChops

from drivers.receipt_printer.contract import Pair, QrCode, Slip, Text
from drivers.receipt_printer.encoder import SLICE_ROWS, encode_slip, without_commands
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.fonts import Fonts
from drivers.receipt_printer.raster import NARROW_DOTS, WIDE_DOTS, render_slip
from drivers.receipt_printer.simulated import SimulatedPrinter
from tests.drivers.receipt_printer.slips import QR_DATA, fonts, slip

_COMMANDS = (b"\x10\x04", b"\x10\x05", b"\x10\x14")


def _line(text: str) -> bytes:
    return render_slip(Slip("A", (Text(text),)), WIDE_DOTS, fonts()).tobytes()


def test_the_qr_code_on_the_printed_paper_reads_as_its_data(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    printer.print_slip(slip())
    grey = np.array(Image.open(io.BytesIO(far_end.paper_png())).convert("L"))
    data, _, _ = cv2.QRCodeDetector().detectAndDecode(grey)
    assert data == QR_DATA


@pytest.mark.parametrize("character", "𬭎䶮㐂𠮷〇龦钱")
def test_rare_characters_have_their_own_glyph(character: str) -> None:
    assert _line(character) not in (_line("〓"), _line(""))


def test_a_character_that_no_font_has_is_a_visible_mark() -> None:
    assert _line("甲\U0010fffd乙") == _line("甲〓乙")


def test_fonts_without_the_mark_are_refused() -> None:
    only_rare = fonts().regular[-1:]
    with pytest.raises(ValueError, match="substitute"):
        render_slip(slip(), WIDE_DOTS, Fonts(only_rare, only_rare))


@pytest.mark.parametrize("width_dots", [NARROW_DOTS, WIDE_DOTS])
def test_nothing_is_drawn_outside_the_margins(width_dots: int) -> None:
    long = Slip("A", (*slip().blocks, Pair("一个非常非常长的栏目名称" * 2, "1234567890" * 12)))
    image = render_slip(long, width_dots, fonts())
    assert image.width == width_dots
    left, _, right, _ = ImageChops.invert(image.convert("L")).getbbox() or (0, 0, 0, 0)
    assert left >= width_dots // 36 - 2
    assert right <= width_dots - width_dots // 36 + 2


def test_a_qr_code_too_wide_for_the_paper_is_refused() -> None:
    with pytest.raises(ValueError, match="too wide"):
        render_slip(Slip("A", (QrCode("x" * 1500),)), NARROW_DOTS, fonts())


def test_no_picture_contains_a_real_time_command() -> None:
    noise = np.random.default_rng(1).choice(np.frombuffer(b"\x10\x04\x05\x14", np.uint8), 72 * 300)
    image = Image.frombytes(
        "1", (576, 300), ImageChops.invert(Image.frombytes("1", (576, 300), noise.tobytes())).tobytes()
    )
    raw = ImageChops.invert(image).tobytes()
    assert any(command in raw for command in _COMMANDS)
    calm = without_commands(image)
    assert not any(command in ImageChops.invert(calm).tobytes() for command in _COMMANDS)
    encoded = encode_slip(image)
    assert not any(command in data for command in _COMMANDS for data in encoded.slices)
    # Only dots are added, none is taken away.
    assert all(new & old == old for new, old in zip(ImageChops.invert(calm).tobytes(), raw, strict=True))


def test_slices_are_small_and_the_encoder_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    encoded = encode_slip(render_slip(slip(), WIDE_DOTS, fonts()))
    assert encoded.start.startswith(b"\x1b@")
    assert all(data[:4] == b"\x1dv0\0" for data in encoded.slices)
    assert all(int.from_bytes(data[6:8], "little") <= SLICE_ROWS for data in encoded.slices)
    assert capsys.readouterr().out == ""
