from functools import reduce
from itertools import pairwise
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_reader.protocol import (
    PREAMBLE,
    Command,
    FrameParser,
    Reply,
    format_sam_id,
    frame,
    join_base,
    join_fingerprint,
    request,
    split_base,
    split_fingerprint,
)
from drivers.contract import Failed, Ok

# Payloads without the preamble's first byte: a preamble inside a *damaged* frame is a frame in its own right.
plain = st.binary(min_size=3, max_size=80).map(lambda data: data.replace(b"\xaa", b"\xab"))
junk = st.binary(max_size=30).map(lambda data: data.replace(b"\x69", b"\x6a"))


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Command.RESET, "AAAAAA9669000310FFEC"),
        (Command.STATUS, "AAAAAA9669000311FFED"),
        (Command.SAM_ID, "AAAAAA9669000312FFEE"),
        (Command.FIND, "AAAAAA96690003200122"),
        (Command.SELECT, "AAAAAA96690003200221"),
        (Command.READ_BASE, "AAAAAA96690003300132"),
        (Command.READ_EXTRA, "AAAAAA96690003300330"),
        (Command.READ_FINGERPRINT, "AAAAAA96690003301023"),
        (Command.for_speed(115200), "AAAAAA96690003600063"),
        (Command.for_speed(57600), "AAAAAA96690003600162"),
        (Command.for_speed(38400), "AAAAAA96690003600261"),
        (Command.for_speed(19200), "AAAAAA96690003600360"),
        (Command.for_speed(9600), "AAAAAA96690003600467"),
    ],
)
def test_requests_are_the_published_frames(command: Command, expected: str) -> None:
    assert request(command).hex().upper() == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(0, 0x9F, bytes(4)), "AAAAAA9669000800009F0000000097"),
        (Reply(0, 0x90, bytes(8)), "AAAAAA9669000C00009000000000000000009C"),
        (Reply(0, 0x80, b""), "AAAAAA9669000400008084"),
    ],
)
def test_replies_are_the_published_frames(reply: Reply, expected: str) -> None:
    assert reply.to_frame().hex().upper() == expected
    assert [Reply.from_body(body) for body in FrameParser().feed(bytes.fromhex(expected))] == [reply]


@given(st.lists(st.tuples(junk, plain), max_size=5), junk, st.lists(st.integers(0, 10_000), max_size=20))
def test_any_chunking_with_junk_between_gives_every_frame(
    pieces: list[tuple[bytes, bytes]], tail: bytes, cuts: list[int]
) -> None:
    stream = b"".join(noise + frame(body) for noise, body in pieces) + tail
    parser = FrameParser()
    found = [body for chunk in chunked(stream, cuts) for body in parser.feed(chunk)]
    assert found == [body for _, body in pieces]
    assert parser.bad_frames == 0


@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=10))
def test_chunking_never_changes_what_is_found(stream: bytes, cuts: list[int]) -> None:
    whole, parts = FrameParser(), FrameParser()
    expected = whole.feed(stream)
    assert [body for chunk in chunked(stream, cuts) for body in parts.feed(chunk)] == expected


BASE = Reply(0, 0x90, join_base(bytes(range(256)), bytes(range(256)) * 4)).to_frame()


@given(st.integers(0, len(BASE) - 1), st.integers(1, 255), plain)
def test_a_flipped_byte_never_gives_a_wrong_frame(position: int, mask: int, after: bytes) -> None:
    damaged = bytearray(BASE)
    damaged[position] ^= mask
    parser = FrameParser(Command.READ_BASE.reply_lengths)
    found = parser.feed(bytes(damaged) + b"\0" * 20) + parser.give_up_partial()
    assert found == []
    # and the next whole frame is read
    assert parser.feed(after + BASE) == [BASE[7:-1]]


@given(st.integers(0, len(BASE) - 1))
def test_a_frame_that_breaks_off_does_not_swallow_the_next(kept: int) -> None:
    parser = FrameParser(Command.READ_BASE.reply_lengths)
    found = parser.feed(BASE[:kept] + BASE) + parser.give_up_partial()
    assert found == [BASE[7:-1]]


@pytest.mark.parametrize("kept", [12, 100, 700, 1290])
def test_two_glued_frames_that_the_checksum_lets_pass_are_not_one_card(kept: int) -> None:
    """The beginning of one person's answer and of the next one's are a frame of the right length."""
    broken_off = bytearray(BASE[:kept])
    glued = broken_off[len(PREAMBLE) :] + BASE[: len(BASE) - kept]
    broken_off[11] ^= reduce(xor, glued)
    assert reduce(xor, (bytes(broken_off) + BASE)[len(PREAMBLE) : len(BASE)]) == 0
    parser = FrameParser(Command.READ_BASE.reply_lengths)
    assert parser.feed(bytes(broken_off) + BASE) + parser.give_up_partial() == [BASE[7:-1]]


@given(st.integers(0, 0xFFFF))
def test_an_impossible_length_is_not_waited_for(length: int) -> None:
    parser = FrameParser()
    parser.feed(PREAMBLE + length.to_bytes(2, "big"))
    assert (parser.held_bytes == 7) == (4 <= length <= 4096)


def test_a_late_answer_to_find_is_not_an_answer_to_read() -> None:
    parser = FrameParser(Command.READ_BASE.reply_lengths)
    assert parser.feed(Reply(0, 0x9F, bytes(4)).to_frame() + BASE) == [BASE[7:-1]]


@given(st.binary(max_size=1300))
def test_only_whole_base_data_is_split(data: bytes) -> None:
    assert isinstance(split_base(data), Failed)


def test_base_data_splits_into_text_and_photo() -> None:
    assert split_base(join_base(b"t" * 256, b"p" * 1024)) == Ok((b"t" * 256, b"p" * 1024))


@pytest.mark.parametrize(("size", "whole"), [(1024, 2321), (512, 1809), (0, 1297)])
def test_a_fingerprint_is_cut_off_before_anybody_sees_it(size: int, whole: int) -> None:
    text, photo = b"t" * 256, b"p" * 1024
    reply = Reply(0, 0x90, join_fingerprint(text, photo, b"F" * size)).to_frame()
    assert len(reply) == whole
    command = Command.READ_FINGERPRINT
    (body,) = FrameParser(command.reply_lengths).feed(reply)
    kept = command.kept(body)
    assert b"F" not in kept
    assert split_fingerprint(Reply.from_body(kept).data) == Ok((text, photo))
    assert Command.READ_BASE.kept(body) == body


@given(st.binary(max_size=1300))
def test_only_whole_fingerprint_data_is_split(data: bytes) -> None:
    assert isinstance(split_fingerprint(data), Failed)


def test_a_speed_that_no_module_knows_is_a_defect() -> None:
    with pytest.raises(ValueError, match="1200"):
        Command.for_speed(1200)


def test_sam_id_in_its_printed_form() -> None:
    data = bytes.fromhex("0500010055253501404B4C0001000000")
    assert format_sam_id(data) == "05.01-20260181-0005000000-0000000001"


def test_a_preamble_in_the_photo_is_no_frame() -> None:
    """Only a preamble with a length that could be an answer's counts as another frame."""
    body = bytes(3) + PREAMBLE + b"\xff\xff" + bytes(20)
    assert FrameParser().feed(frame(body)) == [body]


def test_a_reply_does_not_show_its_data() -> None:
    assert "41424344" not in repr(Reply(0, 0x90, b"ABCD"))
    assert "ABCD" not in repr(Reply(0, 0x90, b"ABCD"))
