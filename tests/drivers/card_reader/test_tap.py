"""What a recorder gets: the traffic as it passed, with the person taken out."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.card_reader.contract import DocumentKind
from drivers.card_reader.layout import decode, encode
from drivers.card_reader.link import LinkFailure
from drivers.card_reader.module_status import meaning
from drivers.card_reader.protocol import (
    Command,
    FrameParser,
    Reply,
    join_base,
    join_fingerprint,
    request,
    split_base,
)
from drivers.card_reader.redaction import Redactor
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.tapped_link import TappedLink
from drivers.contract import Failed, Ok
from drivers.tap import Direction
from tests.drivers.card_reader.people import CARD, PHOTO, RESIDENT
from tests.drivers.card_reader.test_card_readers import NEVER
from tests.drivers.waiting import wait_until

PERSONAL = 0xE7
"""Every byte that says something about the person is this one, which no frame's own part can be."""
TEXT, PICTURE, FINGER = bytes([PERSONAL]) * 256, bytes([PERSONAL]) * 1024, bytes([PERSONAL]) * 1024
ANSWERS = [
    (Command.READ_BASE, join_base(TEXT, PICTURE)),
    *((Command.READ_FINGERPRINT, join_fingerprint(TEXT, PICTURE, FINGER[:size])) for size in (1024, 512, 0)),
    (Command.READ_EXTRA, TEXT[:70]),
    (Command.SELECT, TEXT[:8]),
]
commands = st.sampled_from(list(Command))


def redacted(command: Command, stream: bytes, cuts: list[int]) -> bytes:
    redactor = Redactor()
    assert redactor.to_device(request(command)) == request(command)
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return b"".join(redactor.from_device(stream[start:end]) for start, end in pairwise(edges))


@pytest.mark.parametrize(("command", "data"), ANSWERS, ids=lambda value: getattr(value, "name", None))
@given(cuts=st.lists(st.integers(0, 3000), max_size=6))
@settings(max_examples=15)
def test_an_answer_keeps_its_shape_and_nothing_else(command: Command, data: bytes, cuts: list[int]) -> None:
    frame = Reply(0, 0x90, data).to_frame()
    masked = redacted(command, frame, cuts)
    assert PERSONAL not in masked
    assert len(masked) == len(frame)
    (body,) = FrameParser(command.reply_lengths).feed(masked)
    assert Reply.from_body(body).status == 0x90


@given(
    st.sampled_from(ANSWERS), commands, st.integers(0, 2400), st.integers(0, 2400), st.binary(max_size=9),
    st.lists(st.integers(0, 3000), max_size=6),
)  # fmt: skip
@example(ANSWERS[0], Command.READ_BASE, 7, 20, b"", [])
@example(ANSWERS[0], Command.READ_BASE, 9, 20, b"", [])
@settings(max_examples=100)
def test_no_personal_byte_survives_whatever_the_line_does(
    answer: tuple[Command, bytes], asked: Command, start: int, end: int, junk: bytes, cuts: list[int]
) -> None:
    """A piece is lost or overwritten, two answers are glued, the answer is to another question."""
    _, data = answer
    frame = Reply(0, 0x90, data).to_frame()
    junk = junk.replace(bytes([PERSONAL]), b"\0")
    stream = frame[:start] + junk + frame[end:] + frame
    masked = redacted(asked, stream, cuts)
    assert PERSONAL not in masked
    assert len(stream) - 6 <= len(masked) <= len(stream)


def test_a_failure_keeps_its_meaning_without_the_cards_own_words() -> None:
    for status in range(256):
        masked = redacted(Command.READ_BASE, Reply(0xE7E7, status, b"").to_frame(), [])
        (body,) = FrameParser().feed(masked)
        kept = Reply.from_body(body)
        assert kept.card_word == 0
        assert meaning(kept.status) == meaning(status)


@given(st.integers(7, 1294), st.integers(1, 255))
def test_a_damaged_answer_stays_damaged(position: int, mask: int) -> None:
    frame = bytearray(Reply(0, 0x90, join_base(encode(RESIDENT), PHOTO)).to_frame())
    frame[position] ^= mask
    masked = redacted(Command.READ_BASE, bytes(frame), [])
    assert FrameParser(Command.READ_BASE.reply_lengths).feed(masked) == []


def test_a_recorded_card_replays_as_somebody_made_of_stars() -> None:
    masked = redacted(Command.READ_BASE, Reply(0, 0x90, join_base(encode(RESIDENT), PHOTO)).to_frame(), [])
    (body,) = FrameParser(Command.READ_BASE.reply_lengths).feed(masked)
    parts = split_base(Reply.from_body(body).data)
    assert isinstance(parts, Ok)
    decoded = decode(parts.value[0])
    assert isinstance(decoded, Ok)
    assert decoded.value.kind is DocumentKind.RESIDENT
    assert set(decoded.value.name) == {"*"}


def test_a_whole_read_through_a_tap() -> None:
    pieces: list[tuple[Direction, bytes, int]] = []
    module = SimulatedSdtReader()
    link = TappedLink(SerialLink(module.path), lambda *piece: pieces.append(piece))
    reader = SdtReader(link, poll_s=0.05)
    module.put_card(replace(CARD, newest_address="虚设县新街1号"))
    assert isinstance(reader.read(10.0, NEVER), Ok)
    module.unplug()
    assert wait_until(lambda: not reader.probe().usable)
    reader.close()
    module.close()
    times = [at for _, _, at in pieces]
    assert times == sorted(times)
    assert [data for way, data, _ in pieces if way is Direction.LINE] == [b"opened", b"lost"]
    asked = [data for way, data, _ in pieces if way is Direction.TO_DEVICE]
    steps = (
        Command.STATUS,
        Command.SAM_ID,
        Command.FIND,
        Command.SELECT,
        Command.READ_BASE,
        Command.READ_EXTRA,
    )
    assert asked[:6] == [request(step) for step in steps]
    came = b"".join(data for way, data, _ in pieces if way is Direction.FROM_DEVICE)
    assert len(came) >= 11 + 27 + 15 + 19 + 1295 + 81
    for personal in (RESIDENT.name, RESIDENT.number, RESIDENT.address, "新街"):
        assert personal.encode("utf-16-le") not in came


def test_a_link_that_is_not_open_tells_its_tap_nothing_but_the_loss() -> None:
    pieces: list[bytes] = []
    link = TappedLink(SerialLink("/dev/no-such-card-reader"), lambda _way, data, _at: pieces.append(data))
    assert isinstance(link.open(1.0), Failed)
    link.close()
    assert pieces == []
    got = link.read()
    assert isinstance(got, Failed)
    assert got.reason is LinkFailure.LOST
