"""E03: Chinese on the slip is dots, so there is no code to be wrong and no mode to be missed."""

from __future__ import annotations

import pytest

from drivers.receipt_printer.contract import Slip, Text
from drivers.receipt_printer.encoder import encode_slip
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from drivers.receipt_printer.simulated_paper import Kind, next_command
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
