"""A slip in the printer's own characters: whole on paper, aligned, and dots where its font would lie."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from drivers.contract import Outcome
from drivers.receipt_printer.commands import Command, Kind, next_command
from drivers.receipt_printer.contract import Align, Pair, PrintMode, QrCode, Rule, Size, Slip, Text
from drivers.receipt_printer.encoder import SLICE_ROWS
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.raster import NARROW_DOTS, WIDE_DOTS
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.text_encoder import COLUMN_DOTS, columns, encode_text_slip, in_gbk
from tests.drivers.receipt_printer.slips import QR_DATA, fonts, slip

WIDTHS = [NARROW_DOTS, WIDE_DOTS]


def _text(byte: int) -> Command:
    return Command(Kind.TEXT, bytes((byte,)))


def _texts(made: Slip, width_dots: int = WIDE_DOTS) -> list[bytes]:
    """The printed lines of text without their commands; b"" for a band of dots."""
    encoded = encode_text_slip(made, width_dots, fonts())
    data = b"".join(encoded.slices)
    lines, line = [], b""
    while (command := next_command(data)) is not None:
        data = data[len(command.data) :]
        match command.kind:
            case Kind.TEXT:
                line += command.data
            case Kind.LINE_FEED:
                lines.append(line)
                line = b""
            case Kind.IMAGE:
                lines.append(b"")
            case kind:
                assert kind in {Kind.JUSTIFY, Kind.SIZE, Kind.BOLD, Kind.CHINESE_OFF}
    assert data == line == b""
    return lines


@pytest.mark.parametrize("width_dots", WIDTHS)
def test_a_slip_of_text_comes_out_whole_and_its_length_is_known(width_dots: int, tmp_path: Path) -> None:
    with SimulatedPrinter(width_dots=width_dots, font=fonts().regular[0].path) as far_end:
        printer = EscposPrinter(
            far_end.address, fonts(), tmp_path / "jobs", width_dots=width_dots, mode=PrintMode.TEXT
        )
        assert printer.print_slip(slip()).outcome is Outcome.DONE
        [receipt] = far_end.receipts
        encoded = encode_text_slip(slip(), width_dots, fonts())
        assert receipt.height == encoded.rows + encoded.cut[3]
        assert far_end.commands[Kind.UNKNOWN] == 0
        grey = np.array(Image.open(io.BytesIO(receipt.png)).convert("L"))
    data, _, _ = cv2.QRCodeDetector().detectAndDecode(grey)
    assert data == QR_DATA


@pytest.mark.parametrize("width_dots", WIDTHS)
def test_no_line_is_wider_than_the_paper(width_dots: int) -> None:
    long = "一个非常非常长的栏目名称" * 2
    made = Slip(
        "A",
        (
            Text("第一行" * 20 + "abc def ghi" * 5),
            Text("大字" * 20, Size.TITLE, align=Align.CENTRE),
            Rule(),
            Pair(long, "1234567890" * 12),
            Pair("短", "青禾县清溪镇" * 9),
        ),
    )
    for line in _texts(made, width_dots):
        assert 0 < columns(line.decode("gbk")) <= width_dots // COLUMN_DOTS
    titles = [line for line in _texts(made, width_dots) if "大字" in line.decode("gbk")]
    assert all(columns(line.decode("gbk")) * 2 <= width_dots // COLUMN_DOTS for line in titles)


def test_values_stand_in_one_column_under_themselves() -> None:
    pairs = (Pair("事项", "甲" * 30), Pair("收件时间", "2026-05-06"), Pair("", "Pension"))
    texts = [line.decode("gbk") for line in _texts(Slip("A", pairs))]
    values = ["甲", "甲", "2026", "Pension"]
    starts = [columns(text[: text.index(value)]) for text, value in zip(texts, values, strict=True)]
    assert starts == [columns("收件时间") + 1] * 4


@pytest.mark.parametrize("text", ["刘䶮", "钱𬭊", "㐂", "Zoë"])
def test_a_line_with_a_character_outside_gbk_is_dots_between_the_others(text: str) -> None:
    assert not in_gbk(text)
    first, *dots, last = _texts(Slip("A", (Text("测试甲"), Text(text, Size.TITLE), Text("测试乙"))))
    assert (first, last) == ("测试甲".encode("gbk"), "测试乙".encode("gbk"))
    assert dots
    assert not any(dots)


def test_dots_for_a_line_have_its_own_glyphs_and_its_columns() -> None:
    def job(text: str) -> bytes:
        return b"".join(encode_text_slip(Slip("A", (Pair("姓名", text),)), WIDE_DOTS, fonts()).slices)

    mark = job("刘\U000e0fff")
    assert mark == job("刘\U000e0ffe"), "what no font has is a mark, and the slip goes on"
    assert len({job("刘䶮"), job("刘㐂"), mark}) == 3


def test_a_printer_with_gbk_inside_prints_no_wrong_character(tmp_path: Path) -> None:
    """The simulated font prints a black cell for what it does not have: there is none."""
    names = Slip("A", (Pair("姓名", "刘䶮 钱𬭊"), Text("阿依·测试 〇 €", Size.TITLE)))
    with SimulatedPrinter(font=fonts().regular[0].path) as far_end:
        printer = EscposPrinter(far_end.address, fonts(), tmp_path / "jobs", mode=PrintMode.TEXT)
        assert printer.print_slip(names).outcome is Outcome.DONE
        assert far_end.line.garbled == 0
        for command in (Command(Kind.CHINESE_ON, b"\x1c&"), *map(_text, "𬭊".encode("gb18030"))):
            far_end.line.obey(command)
        assert far_end.line.garbled > 0, "it does garble what is sent to it"


def test_slices_are_short_and_a_qr_code_that_does_not_fit_is_refused() -> None:
    encoded = encode_text_slip(Slip("A", (Text("测试甲\n" * 40), *slip().blocks)), NARROW_DOTS, fonts())
    assert len(encoded.slices) >= encoded.rows // SLICE_ROWS
    with pytest.raises(ValueError, match="too wide"):
        encode_text_slip(Slip("A", (QrCode("x" * 1500),)), NARROW_DOTS, fonts())


def test_text_is_a_fraction_of_the_dots() -> None:
    without_code = Slip("A", tuple(block for block in slip().blocks if not isinstance(block, QrCode)))
    assert encode_text_slip(without_code, WIDE_DOTS, fonts()).byte_count < 600
