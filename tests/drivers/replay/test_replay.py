"""A session is recorded on one far end and played again by another: the driver comes to the same ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from drivers.card_reader.protocol import Command
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault, Rule
from drivers.card_reader.tapped_link import TappedLink
from drivers.contract import Failed, Ok
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from drivers.recording import Piece, Recorder, Recording, load
from drivers.replay.run import Replayed, replay
from drivers.replay.script import Script, exchanges
from drivers.tap import Direction
from tests.drivers.card_reader.people import CARD, RESIDENT
from tests.drivers.receipt_printer.slips import fonts, slip

NEVER = Event()
ROOM = 4_000_000


def recorded(folder: Path, session: Callable[[Recorder], None]) -> Recording:
    recorder = Recorder(folder / "session.jsonl", ROOM, {})
    session(recorder)
    recorder.close()
    return load(folder / "session.jsonl")


def said(outcome: object) -> str:
    match outcome:
        case Ok(read):
            return f"ok {read.document.kind.value}"
        case Failed(reason):
            return f"failed {reason.value}"
    raise AssertionError


@pytest.mark.parametrize("with_fingerprint", [False, True])
@pytest.mark.parametrize(
    "rules",
    [
        (),
        (Rule(Fault.STATUS, Command.READ_BASE, status=0x41, times=3),),
        (Rule(Fault.STATUS, Command.SELECT, status=0x32),),
        (Rule(Fault.WRONG_CHECKSUM, Command.READ_BASE),),
        (Rule(Fault.NOISE, Command.FIND),),
    ],
    ids=["fine", "moved", "not authentic", "damaged", "noise"],
)
def test_an_identity_card_comes_to_the_same_end(
    tmp_path: Path, rules: tuple[Rule, ...], with_fingerprint: bool
) -> None:
    outcomes: list[str] = []

    def session(recorder: Recorder) -> None:
        module = SimulatedSdtReader()
        link = TappedLink(SerialLink(module.path), recorder.tap("card"))
        reader = SdtReader(link, poll_s=0.02, with_fingerprint=with_fingerprint)
        try:
            for rule in rules:
                module.inject(rule)
            module.put_card(CARD)
            outcomes.append(said(reader.read(5.0, NEVER)))
        finally:
            reader.close()
            module.close()

    recording = recorded(tmp_path, session)
    for personal in (RESIDENT.name, RESIDENT.number, RESIDENT.address):
        assert personal.encode("utf-16-le").hex() not in (tmp_path / "session.jsonl").read_text()
    assert replay(recording) == (Replayed("card", tuple(outcomes), strange=0, skipped=0),)


@pytest.mark.parametrize(
    "state", [SimulatedState(), SimulatedState(paper_out=True), SimulatedState(cover_open=True)]
)
@pytest.mark.parametrize("faults", [Faults(), Faults(silent=True)])
def test_a_print_comes_to_the_same_end(tmp_path: Path, state: SimulatedState, faults: Faults) -> None:
    outcomes: list[str] = []

    def session(recorder: Recorder) -> None:
        with SimulatedPrinter() as far_end:
            far_end.set_state(state)
            far_end.set_faults(faults)
            printer = EscposPrinter(
                far_end.address, fonts(), tmp_path / "j.jsonl", tap=recorder.tap("printer")
            )
            report = printer.print_slip(slip(name="录像甲"))
            outcomes.append(
                f"print {report.outcome.value} {report.cause.value if report.cause else ''}".strip()
            )
            printer.close()

    recording = recorded(tmp_path, session)
    (replayed,) = replay(recording)
    if outcomes == ["print done"]:
        assert replayed == Replayed("printer", ("print done",), strange=0, skipped=0)
    else:  # refused before the job's first byte: nothing but a question about the state was recorded
        state_of = outcomes[0].split()[-1]
        assert replayed.outcomes[0].endswith(state_of)
        assert replayed.strange == replayed.skipped == 0


def test_a_print_that_ran_out_of_paper_comes_to_the_same_end(tmp_path: Path) -> None:
    outcomes: list[str] = []

    def session(recorder: Recorder) -> None:
        with SimulatedPrinter() as far_end:
            far_end.set_faults(Faults(paper_rows=100))
            printer = EscposPrinter(
                far_end.address, fonts(), tmp_path / "j.jsonl", tap=recorder.tap("printer")
            )
            report = printer.print_slip(slip())
            outcomes.append(
                f"print {report.outcome.value} {report.cause.value if report.cause else ''}".strip()
            )
            printer.close()

    recording = recorded(tmp_path, session)
    assert outcomes[0].startswith("print failed")
    (replayed,) = replay(recording)
    assert replayed.outcomes == tuple(outcomes)


def pieces(*parts: tuple[Direction, bytes]) -> tuple[Piece, ...]:
    return tuple(Piece("card", way, data, number * 1000) for number, (way, data) in enumerate(parts))


def test_a_script_tells_what_was_asked_more_or_less_than_then() -> None:
    ask, answer = Direction.TO_DEVICE, Direction.FROM_DEVICE
    script = Script(
        exchanges(
            pieces((ask, b"a"), (answer, b"1"), (answer, b"2"), (ask, b"b"), (ask, b"a"), (answer, b"3"))
        )
    )
    assert [piece.data for piece in script.answers_to(b"a")] == [b"1", b"2"]
    assert script.answers_to(b"x") == ()
    assert [piece.data for piece in script.answers_to(b"a")] == [b"3"]
    assert (script.strange, script.skipped, script.finished) == (1, 1, True)
    assert script.answers_to(b"a") == ()
    assert script.strange == 2


def test_a_recording_of_another_driver_ends_and_says_what_was_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("drivers.replay.identity_reader.READ_S", 0.3)
    ask, answer = Direction.TO_DEVICE, Direction.FROM_DEVICE
    recording = Recording({}, pieces((ask, b"what nobody asks now"), (answer, b"1")), complete=True)
    (replayed,) = replay(recording)
    assert replayed.skipped == 1
    assert replayed.strange > 0


def test_delays_are_those_of_the_recording() -> None:
    script = exchanges(
        (
            Piece("card", Direction.TO_DEVICE, b"a", 1_000_000),
            Piece("card", Direction.FROM_DEVICE, b"1", 1_250_000),
            Piece("card", Direction.FROM_DEVICE, b"2", 99_000_000),
        )
    )
    assert [one.delay_s for one in script[0].said] == [0.25, 10.0]
