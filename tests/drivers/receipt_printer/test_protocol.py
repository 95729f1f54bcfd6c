from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Cause, DeviceState
from drivers.receipt_printer.protocol import (
    AutoStatus,
    BufferCleared,
    Condition,
    Demultiplexer,
    InformationReply,
    ProcessDone,
    Realtime,
    RealtimeReply,
    Reply,
    SensorReply,
    UnknownBytes,
    auto_conditions,
    device_status,
    process_id_request,
    realtime_conditions,
    realtime_request,
)

# (DLE EOT 1..4, ASB, cause): a table of known printers, independent of the simulator
_STATES: list[tuple[bytes, bytes, Cause | None]] = [
    (b"\x12\x12\x12\x12", b"\x10\x00\x00\x00", None),
    (b"\x12\x12\x12\x1e", b"\x10\x00\x03\x00", None),
    (b"\x1a\x32\x12\x7e", b"\x18\x00\x0f\x00", Cause.PRINTER_PAPER_OUT),
    (b"\x1a\x32\x12\x72", b"\x18\x00\x0c\x00", Cause.PRINTER_PAPER_OUT),
    (b"\x1a\x16\x12\x12", b"\x38\x00\x00\x00", Cause.PRINTER_COVER),
    (b"\x1a\x52\x1a\x12", b"\x18\x08\x00\x00", Cause.PRINTER_CUTTER),
    (b"\x1a\x52\x32\x12", b"\x18\x20\x00\x00", Cause.PRINTER_ERROR),
    (b"\x1a\x52\x16\x12", b"\x18\x04\x00\x00", Cause.PRINTER_ERROR),
    (b"\x1a\x52\x52\x12", b"\x18\x40\x00\x00", Cause.PRINTER_HOT),
    (b"\x1a\x56\x52\x12", b"\x38\x40\x00\x00", Cause.PRINTER_COVER),
    (b"\x5a\x1a\x12\x12", b"\x58\x02\x00\x00", Cause.PRINTER_FEEDING),
    (b"\x3a\x12\x12\x12", b"\x18\x01\x00\x00", Cause.PRINTER_WAITING),
    (b"\x1a\x12\x12\x12", b"\x18\x00\x00\x00", Cause.PRINTER_OFFLINE),
]


@pytest.mark.parametrize(("answers", "automatic", "cause"), _STATES)
def test_both_kinds_of_status_tell_the_same_cause(
    answers: bytes, automatic: bytes, cause: Cause | None
) -> None:
    asked: frozenset[Condition] = frozenset()
    for kind, bits in zip(Realtime, answers, strict=True):
        asked |= realtime_conditions(kind, bits)
    [reply] = Demultiplexer().feed(automatic)
    assert isinstance(reply, AutoStatus)
    for status in (device_status(asked), device_status(auto_conditions(reply))):
        assert status.cause is cause
        assert status.state is (DeviceState.FAULT if cause else DeviceState.READY)
    low = (Cause.PRINTER_PAPER_LOW,) if answers[3] & 0x0C else ()
    assert device_status(asked).warnings == low


def test_requests() -> None:
    assert realtime_request(Realtime.PAPER) == b"\x10\x04\x04"
    assert process_id_request(b"0042") == bytes.fromhex("1d284806003030") + b"0042"
    with pytest.raises(ValueError, match="four printable"):
        process_id_request(b"\x10\x04\x01x")


@pytest.mark.parametrize(
    ("data", "replies"),
    [
        (b"\x12\x1a", [RealtimeReply(0x12), RealtimeReply(0x1A)]),
        (b"\x00\x0f", [SensorReply(0), SensorReply(0x0F)]),
        (b"\x13\x11\x12", [RealtimeReply(0x12)]),
        (b"\x10\x00\x13\x00\x11\x00", [AutoStatus(b"\x10\0\0\0")]),
        (b"\x37\x220042\x00\x12", [ProcessDone(b"0042"), RealtimeReply(0x12)]),
        (b"\x37\x25\x00", [BufferCleared()]),
        (b"\x37\x22004\x00", [UnknownBytes(b"\x37\x22004\x00")]),
        (b"\x5fTM-X\x00", [InformationReply("TM-X")]),
        (b"\x10\x00\x12", [UnknownBytes(b"\x10\x00"), RealtimeReply(0x12)]),
        (b"\xff\x92", [UnknownBytes(b"\xff"), UnknownBytes(b"\x92")]),
    ],
)
def test_the_stream_is_told_apart_however_it_is_split(data: bytes, replies: list[Reply]) -> None:
    assert Demultiplexer().feed(data) == replies
    bytewise = Demultiplexer()
    assert [reply for byte in data for reply in bytewise.feed(bytes((byte,)))] == replies


_REPLY = st.one_of(
    st.integers(0, 255).filter(lambda b: b & 0x93 == 0x12).map(lambda b: (bytes((b,)), RealtimeReply(b))),
    st.integers(0, 15).map(lambda b: (bytes((b,)), SensorReply(b))),
    st.integers(0, 15).map(lambda b: (bytes((0x10, b, 0, 0)), AutoStatus(bytes((0x10, b, 0, 0))))),
    st.integers(0, 9999).map(lambda n: (b"\x37\x22%04d\0" % n, ProcessDone(b"%04d" % n))),
)


@given(st.lists(_REPLY))
def test_any_mixture_of_whole_replies_comes_out_as_sent(sent: list[tuple[bytes, Reply]]) -> None:
    assert Demultiplexer().feed(b"".join(data for data, _ in sent)) == [reply for _, reply in sent]


@given(st.binary(max_size=400))
def test_noise_never_sticks_for_ever(noise: bytes) -> None:
    demultiplexer = Demultiplexer()
    demultiplexer.feed(noise)
    demultiplexer.feed(b"\x41" * 81 + b"\0" * 4)  # longer than any block that noise may have begun
    assert RealtimeReply(0x12) in demultiplexer.feed(b"\x12")
