"""E03: Chinese as dots has no code to be wrong; Chinese as text has its mode set and its bytes right."""

from __future__ import annotations

import pytest

from drivers.receipt_printer.commands import Kind, next_command
from drivers.receipt_printer.contract import Slip, Text
from drivers.receipt_printer.encoder import encode_slip
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from drivers.receipt_printer.text_encoder import encode_text_slip
from tests.drivers.receipt_printer.slips import fonts

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
