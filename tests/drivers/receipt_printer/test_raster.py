"""The picture itself: read back by an independent reader where one exists."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageChops

from drivers.contract import Outcome
from drivers.receipt_printer.bands import bands
from drivers.receipt_printer.commands import Kind, next_command
from drivers.receipt_printer.contract import Pair, QrCode, Slip, Text
from drivers.receipt_printer.encoder import SLICE_ROWS, encode_slip, without_commands
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.fonts import Fonts
from drivers.receipt_printer.raster import NARROW_DOTS, WIDE_DOTS, render_slip
from drivers.receipt_printer.simulated import SimulatedPrinter
from tests.drivers.receipt_printer.slips import QR_DATA, assert_printed, fonts, slip

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


def _kinds(data: bytes) -> list[Kind]:
    kinds = []
    while (command := next_command(data)) is not None:
        kinds.append(command.kind)
        if command.kind is Kind.IMAGE:
            assert int.from_bytes(command.data[6:8], "little") <= SLICE_ROWS
        data = data[len(command.data) :]
    assert data == b""
    return kinds


def test_slices_are_small_and_the_encoder_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    encoded = encode_slip(render_slip(slip(), WIDE_DOTS, fonts()))
    assert encoded.start.startswith(b"\x1b@")
    for data in encoded.slices:
        assert set(_kinds(data)) <= {Kind.IMAGE, Kind.JUSTIFY}
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("width_dots", [NARROW_DOTS, WIDE_DOTS])
def test_the_paper_looks_as_drawn_for_a_third_of_the_bytes(width_dots: int, tmp_path: Path) -> None:
    drawn = render_slip(slip(), width_dots, fonts())
    encoded = encode_slip(drawn)
    with SimulatedPrinter(width_dots=width_dots) as far_end:
        printer = EscposPrinter(far_end.address, fonts(), tmp_path / "jobs.jsonl", width_dots=width_dots)
        assert printer.print_slip(slip()).outcome is Outcome.DONE
        assert_printed(far_end, slip(), width_dots)
    assert encoded.rows == drawn.height
    assert encoded.byte_count < 0.4 * drawn.height * width_dots / 8


def test_any_picture_is_the_sum_of_its_bands() -> None:
    random = np.random.default_rng(7)
    for _ in range(40):
        dots = np.zeros((200, 96), np.uint8)
        for _ in range(int(random.integers(0, 6))):
            top, left = random.integers(0, 190), random.integers(0, 90)
            dots[top : top + random.integers(1, 60), left : left + random.integers(1, 60)] = 255
        image = ImageChops.invert(Image.fromarray(dots).convert("1"))
        again = Image.new("1", image.size, 1)
        rows = 0
        for band in bands(image):
            assert band.top == rows
            rows = band.bottom
            assert not band.centred or band.left == 12 - band.right
            assert band.centred or band.left == 0
            box = (band.left * 8, band.top, band.right * 8, band.bottom)
            again.paste(image.crop(box), box)
        assert rows == image.height
        assert again.tobytes() == image.tobytes()
