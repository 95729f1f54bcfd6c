"""What a recording of a printer's wire holds: every command and answer, and nothing of the slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contract import Outcome
from drivers.receipt_printer import redaction
from drivers.receipt_printer.commands import Kind, next_command
from drivers.receipt_printer.contract import PrintMode
from drivers.receipt_printer.encoder import encode_slip
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.port import PortLostError
from drivers.receipt_printer.protocol import Demultiplexer, RealtimeReply
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults
from drivers.receipt_printer.text_encoder import encode_text_slip
from drivers.receipt_printer.transport import Closed, WireTransport
from drivers.tap import Direction
from tests.drivers.receipt_printer.slips import fonts, slip

Taken = list[tuple[Direction, bytes]]


def _printed(far_end: SimulatedPrinter, folder: Path, name: str, mode: PrintMode) -> tuple[Outcome, Taken]:
    taken: Taken = []
    printer = EscposPrinter(
        far_end.address,
        fonts(),
        folder / f"{name}.jsonl",
        mode=mode,
        confirm_timeout_s=30.0,  # none waits so long; a slow far end is no silent one
        tap=lambda direction, data, _ns: taken.append((direction, data)),
    )
    return printer.print_slip(slip(name)).outcome, taken


def _to_device(taken: Taken) -> bytes:
    return b"".join(data for direction, data in taken if direction is Direction.TO_DEVICE)


@pytest.mark.parametrize("mode", PrintMode)
def test_a_recording_tells_commands_and_answers_and_no_name(
    far_end: SimulatedPrinter, tmp_path: Path, mode: PrintMode
) -> None:
    outcome, taken = _printed(far_end, tmp_path, "测试甲", mode)
    assert outcome is Outcome.DONE
    assert (taken[0], taken[-1]) == ((Direction.LINE, b"opened"), (Direction.LINE, b"closed"))
    encoded = (
        encode_text_slip(slip(), WIDE_DOTS, fonts())
        if mode is PrintMode.TEXT
        else encode_slip(render_slip(slip(), WIDE_DOTS, fonts()))
    )
    sent = _to_device(taken)
    assert "测试".encode("gbk") not in sent
    data, dots, text = sent, b"", b""
    kinds = []
    while (command := next_command(data)) is not None:
        data = data[len(command.data) :]
        kinds.append(command.kind)
        dots += command.data[8:] if command.kind is Kind.IMAGE else b""
        text += command.data if command.kind is Kind.TEXT else b""
    assert data == b""
    assert not any(dots)
    assert set(text) <= set(b"*")
    assert kinds.count(Kind.CUT) == 1
    assert kinds.count(Kind.PROCESS_ID) == 2
    questions = (
        sum(len(data) for direction, data in taken if direction is Direction.TO_DEVICE) - encoded.byte_count
    )
    assert 0 < questions < 200, "lengths are kept"
    answers = b"".join(data for direction, data in taken if direction is Direction.FROM_DEVICE)
    assert answers.startswith(b"\x12" * 4)
    assert answers.count(b"\x37\x22") == 2


def test_two_people_leave_the_same_recording() -> None:
    """As text the lengths are the same, and so is all that is left of them."""
    first, second = (
        b"".join(map(redaction.to_device, encode_text_slip(slip(name), WIDE_DOTS, fonts()).slices))
        for name in ("测试甲", "测试乙")
    )
    assert first == second


def test_a_lost_wire_is_in_the_recording(far_end: SimulatedPrinter, tmp_path: Path) -> None:
    far_end.set_faults(Faults(reset_after_bytes=6_000))
    outcome, taken = _printed(far_end, tmp_path, "测试甲", PrintMode.RASTER)
    assert outcome is Outcome.UNKNOWN
    assert (Direction.LINE, b"lost") in taken


class _LostInMidAnswer:
    """A port that brings the first bytes of an answer and is gone."""

    bytes_per_s = 1000.0

    def __init__(self) -> None:
        self._pieces = [b"\x12", b"\x37\x22"]

    def take(self, data: memoryview) -> int:
        return len(data)

    def receive(self) -> bytes:
        if not self._pieces:
            message = "gone"
            raise PortLostError(message)
        return self._pieces.pop(0)

    def interrupt(self, *, discard: bool) -> None: ...

    def close(self) -> None: ...


def test_half_an_answer_is_in_the_recording_and_the_loss_is_what_is_told() -> None:
    taken: Taken = []
    wire = WireTransport(_LostInMidAnswer(), lambda direction, data, _ns: taken.append((direction, data)))
    try:
        assert wire.next_reply(10.0) == RealtimeReply(0x12)
        assert wire.next_reply(10.0) == Closed()
    finally:
        wire.close(discard=True)
    heard = [
        (Direction.FROM_DEVICE, b"\x12"),
        (Direction.FROM_DEVICE, b"\x80\x80"),
        (Direction.LINE, b"lost"),
    ]
    assert taken[1:4] == heard


def test_what_has_no_known_form_is_not_let_through() -> None:
    cut_short = b"\x1dv0\0\x48\0\x10\0" + b"\xaa" * 20
    assert redaction.to_device(cut_short) == bytes(len(cut_short))
    assert redaction.to_device(b"\x1b\x07A") == b"***"
    own_code = b"\x1d(k\x05\x001P0AB"
    assert redaction.to_device(own_code) == own_code[:5] + bytes(5)
    assert from_device(b"\x12\xb2\xe2\x16") == b"\x12\x80\x80\x16"


def from_device(*pieces: bytes) -> bytes:
    """What a recording holds of these pieces and of the wire's end after them."""
    demultiplexer = Demultiplexer()
    heard = [demultiplexer.feed(piece) for piece in pieces]
    return b"".join(map(redaction.from_device, [*heard, demultiplexer.end()]))


@pytest.mark.parametrize("sent_back", ["Zhang Zhenrui", "ALMIGDO", "RV Zvz", "0JKLMNO", "Roy"])
def test_a_name_that_comes_back_from_the_device_is_not_in_the_recording(sent_back: str) -> None:
    """Letters that look like a status byte, or like the first of four, as well."""
    assert from_device(b"\x12", sent_back.encode(), b"\x12") == b"\x12" + b"\x80" * len(sent_back) + b"\x12"


@pytest.mark.parametrize("ending", [b"", b"\0"])
def test_a_name_behind_the_head_of_an_answer_is_none(ending: bytes) -> None:
    said = b'7"Zhenrui' + ending
    assert from_device(said) == b"\x80" * len(said)


@pytest.mark.parametrize(
    "answer",
    [b"\x12\x72\x12\x1a", b"\x00\x0f", b"\x18\x08\x0c\x0f", b"\x37\x220001\x00", b"\x37\x25\x00"],
    ids=["realtime", "sensor", "unasked", "process", "cleared"],
)
def test_every_answer_is_let_through_as_it_is(answer: bytes) -> None:
    assert from_device(answer) == answer
    assert from_device(*(bytes((byte,)) for byte in answer)) == answer, "however it arrives"


def test_of_what_a_printer_says_of_itself_the_form_is_kept() -> None:
    assert from_device(b"\x5fTM-T", b"88\x00\x12") == b"\x5f******\x00\x12"
