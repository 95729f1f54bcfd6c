"""X01: printer commands inside resident text, card names, service titles and QR data."""

from __future__ import annotations

from collections import Counter

import pytest

from drivers.receipt_printer.commands import Kind, next_command
from drivers.receipt_printer.contract import Pair, PrintMode, QrCode, Size, Slip, Text
from drivers.receipt_printer.encoder import encode_slip
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from drivers.receipt_printer.text_encoder import encode_text_slip
from tests.drivers.receipt_printer.slips import fonts

# hostile name -> what of it may be seen
_NAMES = {
    "测试\x1d!w甲": "测试!w甲",
    "测试\x9b2J甲": "测试2J甲",
    "测试\x1dV\x00甲": "测试V甲",
    "测试\x10\x14\x01\x00\x01甲": "测试甲",
    "测试\x1bp\x00\x19\u202e甲": "测试p甲",
    "测试\x1dv0\x00\x7f甲": "测试v0甲",
    "测试\x1b@甲": "测试@甲",
    "测试\r\n\r\n甲": "测试 甲",
    "测试\x00甲": "测试甲",
    "测试\x10\x04\x01甲": "测试甲",
    "测试\u202e\u2066甲\u2069": "测试甲",
    "测试\x7f甲\ufeff": "测试甲",
}
_TOKENS = ["测试{CUT}甲", "测试{{cut}}甲", "[L]测试<b>甲", "测试%(x)s{0}甲"]


def _job(text: str, mode: PrintMode) -> bytes:
    blocks = (
        Text(text, Size.TITLE),
        Pair(text, text),
        Text(text),
        QrCode("https://centre.example.invalid/?b=" + text),
    )
    made = Slip("A", blocks)
    as_text = mode is PrintMode.TEXT
    encoded = (
        encode_text_slip(made, WIDE_DOTS, fonts())
        if as_text
        else encode_slip(render_slip(made, WIDE_DOTS, fonts()))
    )
    return b"".join((encoded.start, *encoded.slices, encoded.cut))


def _counts(job: bytes) -> Counter[Kind]:
    counts: Counter[Kind] = Counter()
    while (command := next_command(job)) is not None:
        counts[command.kind] += 1
        job = job[len(command.data) :]
    assert job == b""
    return counts


@pytest.mark.parametrize("mode", PrintMode)
@pytest.mark.parametrize(("hostile", "clean"), _NAMES.items(), ids=[ascii(name) for name in _NAMES])
def test_the_bytes_are_those_of_the_clean_name(hostile: str, clean: str, mode: PrintMode) -> None:
    job = _job(hostile, mode)
    assert job == _job(clean, mode)
    assert b"\x10\x04" not in job
    assert b"\x10\x14" not in job


@pytest.mark.parametrize("mode", PrintMode)
@pytest.mark.parametrize("text", [*_NAMES, *_TOKENS])
def test_a_slip_has_one_start_one_cut_and_no_drawer(text: str, mode: PrintMode) -> None:
    counts = _counts(_job(text, mode))
    assert (counts[Kind.INITIALISE], counts[Kind.AUTO_STATUS], counts[Kind.CUT]) == (1, 1, 1)
    layout = {Kind.IMAGE, Kind.JUSTIFY}
    if mode is PrintMode.TEXT:
        layout |= {Kind.TEXT, Kind.LINE_FEED, Kind.SIZE, Kind.CHINESE_ON, Kind.CHINESE_OFF}
    assert set(counts) <= layout | {Kind.INITIALISE, Kind.AUTO_STATUS, Kind.CUT}


@pytest.mark.parametrize("mode", PrintMode)
@pytest.mark.parametrize("text", _TOKENS)
def test_template_tokens_are_shown_as_typed(text: str, mode: PrintMode) -> None:
    job = _job(text, mode)
    assert job != _job("测试甲", mode)
    assert mode is PrintMode.RASTER or text.encode("gbk") in job


@pytest.mark.parametrize("mode", PrintMode)
def test_a_bell_a_form_feed_and_every_other_control_leaves_no_byte(mode: PrintMode) -> None:
    controls = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
    job = _job(f"测试{controls}甲", mode)
    assert job == _job("测试  甲", mode), "tab to CR are one space, NEL is another"
