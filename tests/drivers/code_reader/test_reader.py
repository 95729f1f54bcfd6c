"""The real decoder in its child process, on pictures of paper."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace

import pytest

from drivers.code_reader import reader as module
from drivers.code_reader.contract import Code128Wanted, CodeFailure, QrWanted, Wanted
from drivers.code_reader.reader import ZxingCodeReader
from drivers.code_reader.sample import DrawnCode
from drivers.contract import Failed, Ok, Restartable
from tests.drivers.code_reader.printed import Frames, Pixels, code_128, on_a_table, qr
from tests.drivers.waiting import PATIENCE_S, wait_until

CASE = "JIUJIN1:0142-TEST-0001:清河镇"


def has_check_digit(text: str) -> bool:
    return text.isdecimal() and sum(map(int, text[:-1])) % 10 == int(text[-1])


ANY_QR = QrWanted()
NUMBER = Code128Wanted(has_check_digit)


@pytest.fixture(scope="module")
def reader() -> Iterator[ZxingCodeReader]:
    made = ZxingCodeReader()
    assert made._worker.wait_ready(20.0)
    yield made
    made.close()


def read(reader: ZxingCodeReader, wanted: Wanted, *pictures: Pixels) -> Ok[str] | Failed[CodeFailure]:
    """The time is over when each picture was seen, however long the decoder took for it."""
    frames = Frames(list(pictures))
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(module, "time", SimpleNamespace(monotonic=lambda: float(frames.all_seen)))
        clock.setattr(module, "FRAME_DEADLINE_S", PATIENCE_S)
        return reader.read(frames, wanted, 0.5, Event())


def test_two_frames_that_agree_are_a_value(reader: ZxingCodeReader) -> None:
    seen = on_a_table(qr(CASE))
    assert read(reader, ANY_QR, seen, seen) == Ok(CASE)


def test_a_drawn_code_needs_no_camera(reader: ZxingCodeReader) -> None:
    assert reader.read(DrawnCode(CASE), ANY_QR, 20.0, Event()) == Ok(CASE)


def test_a_restart_has_a_new_child_that_reads() -> None:
    reader = ZxingCodeReader()
    assert isinstance(reader, Restartable), "the staff menu offers it"
    try:
        assert wait_until(lambda: reader.probe().usable)
        before = reader._worker.pid
        reader.restart()
        assert wait_until(lambda: reader.probe().usable)
        assert reader._worker.pid not in (None, before)
        assert reader.read(DrawnCode(CASE), ANY_QR, 20.0, Event()) == Ok(CASE)
    finally:
        reader.close()


def test_one_frame_alone_is_none(reader: ZxingCodeReader) -> None:
    one, other = on_a_table(qr(CASE)), on_a_table(qr("JIUJIN1:another"))
    assert read(reader, ANY_QR, one) == Failed(CodeFailure.NO_CODE)
    assert read(reader, ANY_QR, one, other, one, other) == Failed(CodeFailure.NO_CODE)


def test_bars_are_read_when_their_payload_says_that_it_is_right(reader: ZxingCodeReader) -> None:
    seen = on_a_table(code_128("1200047"), slant=0.0)
    assert read(reader, NUMBER, seen, seen) == Ok("1200047")
    wrong = on_a_table(code_128("1200048"), slant=0.0)
    assert read(reader, NUMBER, wrong, wrong) == Failed(CodeFailure.CHECK_FAILED)


def test_another_format_is_never_a_value(reader: ZxingCodeReader) -> None:
    """Micro QR belongs to the family that the library looks for when asked for QR."""
    bars, square, tiny = code_128("1200047"), qr("1200047"), qr("12345", micro=True, scale=14)
    for wanted, paper in ((ANY_QR, bars), (NUMBER, square), (ANY_QR, tiny)):
        seen = on_a_table(paper, slant=0.0)
        assert read(reader, wanted, seen, seen) == Failed(CodeFailure.NO_CODE)


def test_two_different_codes_in_one_picture_are_asked_to_be_one(reader: ZxingCodeReader) -> None:
    both = on_a_table(qr(CASE), qr("JIUJIN1:another"))
    assert read(reader, ANY_QR, both, both) == Failed(CodeFailure.SEVERAL)
    twice = on_a_table(qr(CASE), qr(CASE))
    assert read(reader, ANY_QR, twice, twice) == Ok(CASE)


def test_text_in_an_unnamed_encoding_is_not_guessed(reader: ZxingCodeReader) -> None:
    """The library takes GB 18030 for Japanese."""
    seen = on_a_table(qr("清河镇".encode("gb18030")))
    assert read(reader, ANY_QR, seen, seen) == Failed(CodeFailure.NOT_TEXT)


def test_a_decoder_that_dies_is_a_reason_and_comes_back(reader: ZxingCodeReader) -> None:
    seen = on_a_table(qr(CASE))
    pid = reader._worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: reader._worker.pid != pid)
    assert read(reader, ANY_QR, *[seen] * 40) == Ok(CASE)


def test_who_has_gone_is_not_waited_for(reader: ZxingCodeReader) -> None:
    cancel = Event()
    cancel.set()
    frames = Frames([on_a_table()])
    assert reader.read(frames, ANY_QR, 30.0, cancel) == Failed(CodeFailure.CANCELLED)


def test_closing_ends_a_reading_at_once() -> None:
    closed = ZxingCodeReader()
    closed.close()
    assert closed.read(Frames([on_a_table()]), ANY_QR, 3600.0, Event()) == Failed(CodeFailure.CANCELLED)
