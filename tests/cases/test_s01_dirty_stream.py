"""S01: frames come split, joined and dirty; a reader that trusts the length eats the next person."""

from __future__ import annotations

import pytest

from drivers.card_reader import layout
from drivers.card_reader.protocol import PREAMBLE, Command, FrameParser, Reply, split_base
from drivers.contract import Ok
from tests.cases.blocks import RESIDENT, answer

FIRST, SECOND = answer({**RESIDENT, 0: "测试甲"}), answer({**RESIDENT, 0: "测试乙"})
WRONG_CHECKSUM = FIRST[:-1] + bytes([FIRST[-1] ^ 0x55])
STREAM = b"\x00\xff\x13" + FIRST + PREAMBLE[:3] + WRONG_CHECKSUM + FIRST[:700] + SECOND + b"\x7e" * 9 + FIRST
SLICES = (1, 2, 3, 2, 1, 64, 64, 500, 700, 1, 9, 1400, 300, 611)


def slices(size: int) -> list[bytes]:
    return [STREAM[start : start + size] for start in range(0, len(STREAM), size)]


def uneven() -> list[bytes]:
    pieces, rest = [], STREAM
    for size in SLICES:
        pieces.append(rest[:size])
        rest = rest[size:]
    return [*pieces, rest]


@pytest.mark.parametrize(
    "pieces", [uneven(), slices(1), slices(len(STREAM))], ids=["uneven", "bytes", "whole"]
)
def test_exactly_the_whole_cards_in_their_order(pieces: list[bytes]) -> None:
    parser = FrameParser(Command.READ_BASE.reply_lengths)
    names = []
    for piece in pieces:
        for body in parser.feed(piece):
            parts = split_base(Reply.from_body(body).data)
            assert isinstance(parts, Ok)
            document = layout.decode(parts.value[0])
            assert isinstance(document, Ok)
            names.append(document.value.name)
        assert parser.held_bytes < 4096
    assert names == ["测试甲", "测试乙", "测试甲"]
    assert parser.bad_frames == 2
