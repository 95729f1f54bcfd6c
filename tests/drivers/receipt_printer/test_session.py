"""A session that has lost count of its answers says nothing any more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.contract import Cause, Failed, Ok
from drivers.receipt_printer.protocol import Condition, Realtime, RealtimeReply
from drivers.receipt_printer.session import Session
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from drivers.receipt_printer.transport import Transport
from tests.drivers.receipt_printer.slips import open_wire


@pytest.fixture
def transport(far_end: SimulatedPrinter) -> Iterator[Transport]:
    opened = open_wire(far_end.address)
    assert isinstance(opened, Ok)
    yield opened.value
    opened.value.close(discard=True)


def test_each_question_has_its_answer(far_end: SimulatedPrinter, transport: Transport) -> None:
    session = Session(transport, names_processes=None)
    assert session.ask_all() == Ok(frozenset())
    far_end.set_state(SimulatedState(near_end=True))
    assert session.ask(Realtime.PAPER) == Ok(frozenset({Condition.PAPER_LOW}))


def test_after_a_missing_answer_nothing_is_believed(far_end: SimulatedPrinter, transport: Transport) -> None:
    session = Session(transport, names_processes=None)
    far_end.set_faults(Faults(silent=True))
    assert isinstance(session.ask(Realtime.PAPER), Failed)
    far_end.set_faults(Faults())
    assert isinstance(session.ask(Realtime.PAPER), Failed), "the answer may be to the question before"
    assert not session.wait_processed(b"0001", 5.0)
    assert not session.clear_buffer()


def test_an_answer_that_nobody_asked_for_loses_the_session(transport: Transport) -> None:
    session = Session(transport, names_processes=True)
    transport.write(b"\x10\x04\x01")
    assert session.wait_processed(b"0001", 5.0), "answered after the unasked byte, which is therefore here"
    asked = session.ask(Realtime.PAPER)
    assert isinstance(asked, Failed)
    assert asked.reason is Cause.PRINTER_SILENT


class AnswersTwice:
    """The first question is answered twice, and the second answer comes just late enough to pass for the next one's.

    So does every answer after it, until the last comes to no question at all.
    """

    def __init__(self) -> None:
        self._here: list[RealtimeReply] = []
        self._on_its_way: list[RealtimeReply] = []

    def write(self, _data: bytes) -> Ok[None]:
        fine = RealtimeReply(0x12)
        self._here.append(self._on_its_way.pop() if self._on_its_way else fine)
        self._on_its_way.append(fine)
        return Ok(None)

    def next_reply(self, timeout_s: float) -> RealtimeReply | None:
        if self._here:
            return self._here.pop()
        return self._on_its_way.pop() if timeout_s > 0 and self._on_its_way else None

    def close(self, *, discard: bool) -> None:
        pass


def test_an_answer_too_many_that_passed_for_the_next_ones_is_found_out_after_the_last() -> None:
    asked = Session(AnswersTwice(), names_processes=None).ask_all()
    assert asked == Failed(Cause.PRINTER_SILENT, "an answer without a question")


def test_the_first_cause_is_kept(far_end: SimulatedPrinter, transport: Transport) -> None:
    session = Session(transport, names_processes=None)
    far_end.set_faults(Faults(silent=True))
    first = session.ask(Realtime.PRINTER)
    far_end.close()
    assert session.ask(Realtime.PRINTER) == first


def test_waiting_ends_as_soon_as_the_printer_says_that_it_stopped(
    far_end: SimulatedPrinter, transport: Transport
) -> None:
    session = Session(transport, names_processes=True)
    far_end.set_state(SimulatedState(cover_open=True))
    assert not session.wait_processed(b"0001", 3600.0)
    far_end.set_state(SimulatedState())
    assert session.wait_processed(b"0002", 5.0)
