"""E03: Chinese as dots has no code to be wrong; Chinese as text has its mode set and its bytes right."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contract import Outcome
from drivers.receipt_printer.commands import Kind, next_command
from drivers.receipt_printer.contract import Pair, Slip, Text
from drivers.receipt_printer.encoder import encode_slip
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.legible import NOTE, with_note
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.text_encoder import encode_text_slip
from tests.drivers.receipt_printer.slips import assert_printed, fonts

_LINES = ["测试甲 办理成功", "钱𬭊", "阿依·测试", "刘䶮"]


def _job(*lines: str) -> bytes:
    encoded = encode_slip(render_slip(Slip("A", tuple(map(Text, lines))), WIDE_DOTS, fonts()))
    return b"".join((encoded.start, *encoded.slices, encoded.cut))


@pytest.mark.parametrize("line", _LINES)
def test_a_line_is_raster_and_differs_from_its_substitute(line: str) -> None:
    job = _job(line)
    kinds = []
    while (command := next_command(job)) is not None:
        kinds.append(command.kind)
        job = job[len(command.data) :]
    assert job == b""
    assert kinds[:2] == [Kind.INITIALISE, Kind.AUTO_STATUS]
    assert set(kinds[2:-1]) == {Kind.IMAGE}
    assert kinds[-1] is Kind.CUT
    assert _job(line) != _job(line[:-1] + "〓")
    assert _job(line) != _job(line[:-1])


def test_the_same_line_three_times_is_the_same_dots_three_times() -> None:
    def ink(lines: int) -> list[bytes]:
        image = render_slip(Slip("A", (Text(_LINES[0]),) * lines), WIDE_DOTS, fonts())
        rows = [image.crop((0, y, WIDE_DOTS, y + 1)).tobytes() for y in range(image.height)]
        return [row for row in rows if row != b"\xff" * (WIDE_DOTS // 8)]

    assert ink(3) == ink(1) * 3
    assert _job(_LINES[0]) == _job(_LINES[0])


def test_a_character_outside_every_font_is_a_mark_and_the_job_goes_on() -> None:
    assert _job("钱\U000e0fff") == _job("钱〓")


def _text_job(*lines: str) -> bytes:
    encoded = encode_text_slip(Slip("A", tuple(map(Text, lines))), WIDE_DOTS, fonts())
    return b"".join((encoded.start, *encoded.slices, encoded.cut))


@pytest.mark.parametrize(
    ("line", "gbk_hex"),
    [
        ("测试甲 办理成功", "b2e2cad4bcd720b0ecc0edb3c9b9a6"),
        ("阿依·测试", "b0a2d2c0a1a4b2e2cad4"),
    ],
)
def test_as_text_the_mode_is_set_first_and_the_bytes_are_gbk(line: str, gbk_hex: str) -> None:
    job = _text_job(line, line, line)
    assert job.startswith(b"\x1b@")
    assert job.count(b"\x1b@") == job.count(b"\x1c&") == job.count(b"\x1c.") == 1
    first = job.index(bytes.fromhex(gbk_hex))
    assert job.index(b"\x1c&") < first
    assert job.index(b"\x1c.") > job.rindex(bytes.fromhex(gbk_hex))
    assert job[first:].startswith((bytes.fromhex(gbk_hex) + b"\n") * 3)


@pytest.mark.parametrize("line", ["钱𬭊", "刘䶮"])
def test_as_text_a_character_outside_gbk_is_dots_and_never_a_question_mark(line: str) -> None:
    job = _text_job(line)
    assert job != _text_job(line[:-1] + "㐂")
    kinds = set()
    while (command := next_command(job)) is not None:
        kinds.add(command.kind)
        job = job[len(command.data) :]
    assert Kind.IMAGE in kinds
    assert Kind.TEXT not in kinds


def test_a_mark_in_the_place_of_a_character_is_explained_on_the_slip() -> None:
    """Whichever way the text came to be without its character: no font, or a lone surrogate."""
    plain = Slip("A", (Pair("姓名", "钱㐂"),))
    assert with_note(plain, fonts()) == plain
    for name in ("钱\U000e0fff", "钱\ud84b"):
        noted = with_note(Slip("A", (Pair("姓名", name),)), fonts())
        assert noted.blocks[-1] == NOTE
        assert "请看屏幕" in NOTE.text
        assert "see the screen" in NOTE.text


def test_the_printer_prints_the_note(tmp_path: Path) -> None:
    unknown = Slip("A", (Text("钱\U000e0fff"),))
    with SimulatedPrinter() as far_end:
        printer = EscposPrinter(far_end.address, fonts(), tmp_path / "jobs.jsonl")
        assert printer.print_slip(unknown).outcome is Outcome.DONE
        printer.close()
        assert_printed(far_end, with_note(unknown, fonts()))
