"""A receipt printer's recording at the far end of TCP, and its jobs sent again with white dots."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from drivers.receipt_printer.commands import Command, Kind, next_command
from drivers.receipt_printer.encoder import EncodedSlip
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.fonts import Fonts
from drivers.receipt_printer.simulated_ends import TcpEnd
from drivers.recording import Piece
from drivers.replay.script import Exchange, Script, exchanges
from drivers.tap import Direction

ID_BYTES = 4
PROCESS_DONE = b"\x37\x22"
_ASK_PROCESS = b"\x1d(H"
_QUESTIONS = (b"\x10\x04", b"\x10\x05", b"\x10\x14", b"\x1dr", b"\x1dI", _ASK_PROCESS)
"""What a printer answers: the real-time requests, GS r, GS I and GS ( H."""
_PAPER = frozenset({Kind.IMAGE, Kind.TEXT, Kind.CUT, Kind.FEED, Kind.INITIALISE})


def _commands(data: bytes) -> Iterator[Command]:
    while (command := next_command(data)) is not None:
        yield command
        data = data[len(command.data) :]


def _questions(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces with each question in one of its own, and without what is printed."""
    for piece in pieces:
        if piece.direction is not Direction.TO_DEVICE:
            yield piece
            continue
        for command in _commands(piece.data):
            if command.data.startswith(_QUESTIONS):
                yield Piece(piece.wire, piece.direction, _unnamed(command.data), piece.at_us)


def _unnamed(question: bytes) -> bytes:
    """The same question whatever process it asks for: a driver makes up a new id each time."""
    return question[:-ID_BYTES] if question.startswith(_ASK_PROCESS) else question


class ReplayedPrinter:
    """Prints nothing. A recorded process id is answered with the one that is asked now."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._end = TcpEnd()
        self._process_id = b""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="replayed-printer", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return self._end.address

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._end.close()

    def _serve(self) -> None:
        heard = b""
        while not self._closing.is_set():
            heard += self._end.receive()
            while (command := next_command(heard)) is not None:
                heard = heard[len(command.data) :]
                if command.data.startswith(_QUESTIONS):
                    self._answer(command.data)

    def _answer(self, question: bytes) -> None:
        if question.startswith(_ASK_PROCESS):
            self._process_id = question[-ID_BYTES:]
        for said in self._script.answers_to(_unnamed(question)):
            self._closing.wait(said.delay_s)
            if said.direction is Direction.FROM_DEVICE:
                self._end.send(_with_id(said.data, self._process_id))
            elif said.data == b"lost":
                self._end.drop(reset=True)


def _with_id(answer: bytes, process_id: bytes) -> bytes:
    at = answer.find(PROCESS_DONE)
    if at < 0:
        return answer
    start = at + len(PROCESS_DONE)
    return answer[:start] + process_id + answer[start + ID_BYTES :]


def _connections(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    opened = [
        i for i, piece in enumerate(pieces) if (piece.direction, piece.data) == (Direction.LINE, b"opened")
    ]
    for start, end in pairwise([*opened, len(pieces)]):
        yield pieces[start:end]


def _job(pieces: Sequence[Piece]) -> EncodedSlip | None:
    """What was printed in one connection, as white paper; None when only the status was asked."""
    parts = [
        piece.data
        for piece in pieces
        if piece.direction is Direction.TO_DEVICE and any(c.kind in _PAPER for c in _commands(piece.data))
    ]
    if not parts:
        return None
    start, *slices = parts
    cut = slices.pop() if slices and any(c.kind is Kind.CUT for c in _commands(slices[-1])) else b""
    return EncodedSlip(start, tuple(slices), cut, rows=1)


def replay(pieces: tuple[Piece, ...]) -> tuple[list[str], Script]:
    """Each connection of the recording once more: a job is printed, a question after the state asked."""
    recorded: list[Exchange] = list(exchanges(tuple(_questions(pieces))))
    script = Script(recorded)
    far_end = ReplayedPrinter(script)
    outcomes: list[str] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            printer = EscposPrinter(far_end.address, Fonts((), ()), Path(folder) / "journal.jsonl")
            for number, connection in enumerate(_connections(pieces)):
                job = _job(connection)
                if job is None:
                    status = printer.probe()
                    said = f"state {status.state.value} {status.cause.value if status.cause else ''}".strip()
                else:
                    report = printer.print_encoded(f"REPLAY-{number}", job)
                    said = (
                        f"print {report.outcome.value} {report.cause.value if report.cause else ''}".strip()
                    )
                if outcomes[-1:] != [said] or job is not None:
                    outcomes.append(said)
            printer.close()
    finally:
        far_end.close()
    return outcomes, script
