"""What is special to SDT readers; what all readers share is in `test_card_readers`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
import serial

from drivers.card_reader.contract import CardFailure, CardRead
from drivers.card_reader.link import LinkFailure
from drivers.card_reader.protocol import Command
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault, Rule, SimulatedCard
from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok
from tests.drivers.card_reader.people import CARD, FOREIGN_2017, FOREIGN_2023, HMT, PHOTO, RESIDENT
from tests.drivers.card_reader.test_card_readers import NEVER
from tests.drivers.waiting import wait_until


@pytest.fixture
def reader(module: SimulatedSdtReader) -> Iterator[SdtReader]:
    reader = SdtReader(SerialLink(module.path), poll_s=0.05)
    yield reader
    reader.close()


def reason(outcome: Ok[CardRead] | Failed[CardFailure]) -> CardFailure:
    assert isinstance(outcome, Failed)
    return outcome.reason


@pytest.mark.parametrize("document", [RESIDENT, HMT, FOREIGN_2017, FOREIGN_2023], ids=lambda d: d.kind.value)
def test_every_kind_of_card(module: SimulatedSdtReader, reader: SdtReader, document: object) -> None:
    module.put_card(SimulatedCard(document, PHOTO))  # type: ignore[arg-type]  # pytest hands objects on
    outcome = reader.read(5.0, NEVER)
    assert isinstance(outcome, Ok)
    assert outcome.value.document == document
    assert outcome.value.photo is not None
    assert outcome.value.photo.data == PHOTO
    assert outcome.value.reader_id == "sdt:05.01-20260101-0000123456-0000007890"


def test_a_card_is_read_once_until_it_was_lifted(module: SimulatedSdtReader, reader: SdtReader) -> None:
    module.put_card(CARD)
    first = reader.read(5.0, NEVER)
    assert reason(reader.read(0.5, NEVER)) is CardFailure.NO_CARD
    assert reader.card_present() is None
    assert not reader.can_detect_removal
    module.put_card(CARD)
    second = reader.read(5.0, NEVER)
    assert isinstance(first, Ok)
    assert isinstance(second, Ok)
    assert first.value.session_id != second.value.session_id


@pytest.mark.parametrize("fault", [Fault.SPLIT, Fault.NOISE, Fault.SLOW])
def test_a_dirty_or_slow_line_does_not_matter(
    module: SimulatedSdtReader, reader: SdtReader, fault: Fault
) -> None:
    for command in (Command.STATUS, Command.FIND, Command.SELECT, Command.READ_BASE):
        module.inject(Rule(fault, command, delay_s=0.1))
    module.put_card(CARD)
    assert isinstance(reader.read(10.0, NEVER), Ok)


@pytest.mark.parametrize("fault", [Fault.WRONG_CHECKSUM, Fault.TRUNCATED, Fault.SILENCE])
@pytest.mark.parametrize("command", [Command.FIND, Command.SELECT])
def test_one_damaged_answer_is_got_over(
    module: SimulatedSdtReader, reader: SdtReader, fault: Fault, command: Command
) -> None:
    module.inject(Rule(fault, command))
    module.put_card(CARD)
    assert isinstance(reader.read(10.0, NEVER), Ok)
    assert reader.status().state is DeviceState.READY


def test_an_answer_behind_the_head_of_a_frame_that_never_comes_is_found(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    module.inject(Rule(Fault.FALSE_HEAD, Command.FIND))
    module.put_card(CARD)
    assert isinstance(reader.read(10.0, NEVER), Ok)
    assert module.heard(Command.FIND) == 1


def test_a_damaged_text_is_no_identity_and_the_card_must_be_lifted(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    module.inject(Rule(Fault.WRONG_CHECKSUM, Command.READ_BASE))
    module.put_card(CARD)
    assert reason(reader.read(10.0, NEVER)) is CardFailure.CARD_MOVED
    assert reader.status().usable


@pytest.mark.parametrize("command", [Command.SELECT, Command.READ_BASE])
def test_a_card_that_leaves_between_the_steps_moved(
    module: SimulatedSdtReader, reader: SdtReader, command: Command
) -> None:
    module.inject(Rule(Fault.PULL_CARD, command))
    module.put_card(CARD)
    assert reason(reader.read(10.0, NEVER)) is CardFailure.CARD_MOVED


def test_a_late_answer_is_never_the_next_persons(module: SimulatedSdtReader, reader: SdtReader) -> None:
    cancel = Event()
    module.inject(
        Rule(Fault.LATE, Command.READ_BASE)
    )  # it comes when the next question does, however late that is
    module.put_card(CARD)
    outcomes: list[object] = []
    thread = Thread(target=lambda: outcomes.append(reader.read(10.0, cancel)))
    thread.start()
    assert module.wait_heard(Command.READ_BASE, 1, 10.0)
    cancel.set()
    thread.join(10.0)
    assert outcomes == [Failed(CardFailure.CANCELLED)]
    module.put_card(SimulatedCard(HMT, PHOTO))
    outcome = reader.read(10.0, NEVER)
    assert isinstance(outcome, Ok)
    assert outcome.value.document == HMT


def test_an_answer_that_is_there_when_time_is_over_is_an_answer(
    module: SimulatedSdtReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal itself was held up: all the time passed between its question and its look at the line."""
    link = SerialLink(module.path)
    reader = SdtReader(link, short_timeout_s=0.0)
    write = link.write

    def write_and_stand_still(data: bytes) -> Failed[LinkFailure] | None:
        lost = write(data)
        assert wait_until(lambda: link._port is not None and link._port.in_waiting > 0)
        return lost

    monkeypatch.setattr(link, "write", write_and_stand_still)
    assert reader.probe().usable
    reader.close()


def test_a_word_about_a_card_that_comes_late_is_not_the_modules_word_about_itself(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    """The answer to "is there a card" comes when the module is asked how it is: "no card" is no fault of it."""
    module.inject(Rule(Fault.LATE, Command.FIND))
    assert isinstance(reader.read(2.0, NEVER), Failed)
    assert reader.status() == DeviceStatus(DeviceState.READY, detail="05.01-20260101-0000123456-0000007890")
    module.put_card(CARD)
    assert isinstance(reader.read(10.0, NEVER), Ok)


def test_a_card_whose_answers_all_come_late_is_not_read_and_the_module_is_not_blamed(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    module.inject(Rule(Fault.LATE, Command.FIND, times=1_000_000))
    module.put_card(CARD)
    assert reason(reader.read(10.0, NEVER)) is CardFailure.TIMED_OUT
    assert reader.probe().usable
    module.clear_faults()
    assert isinstance(reader.read(10.0, NEVER), Ok)


def test_a_restart_ends_a_running_read_as_a_lost_reader_and_the_next_one_works(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    outcomes: list[Ok[CardRead] | Failed[CardFailure]] = []
    thread = Thread(target=lambda: outcomes.append(reader.read(60.0, NEVER)))
    thread.start()
    assert module.wait_heard(Command.FIND, 1, 10.0)
    reader.restart()
    thread.join(10.0)
    assert [reason(outcome) for outcome in outcomes] == [CardFailure.READER_LOST]
    assert (reader.status().usable, reader.status().cause) == (False, Cause.CARD_RESTARTING)
    assert reader.probe().usable
    module.put_card(CARD)
    assert isinstance(reader.read(10.0, NEVER), Ok)


def test_a_restart_without_a_turn_is_told_and_done_when_the_turn_comes(
    module: SimulatedSdtReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call of the system that does not return keeps the port: nobody else can let go of it."""
    link = SerialLink(module.path)
    reader = SdtReader(link, poll_s=0.05)
    assert reader.probe().usable
    read, hanging, returns = link.read, Event(), Event()

    def hang() -> Ok[bytes] | Failed[LinkFailure]:
        hanging.set()
        returns.wait()
        return read()

    monkeypatch.setattr(link, "read", hang)
    monkeypatch.setattr("drivers.card_reader.sdt._RESTART_S", 0.05)
    thread = Thread(target=reader.probe)
    thread.start()
    try:
        assert hanging.wait(10.0)
        reader.restart()
        assert link.is_open
        told = reader.probe()
        assert (told.usable, told.cause) == (False, Cause.CARD_RESTARTING), "what the staff menu goes by"
    finally:
        returns.set()
        thread.join(10.0)
    assert wait_until(lambda: not link.is_open), "whoever had it let go"
    assert not reader.status().usable
    assert reader.probe().usable
    reader.close()


def test_the_command_is_sent_again_when_the_module_heard_it_wrongly(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    module.put_card(CARD)
    module.inject(Rule(Fault.STATUS, Command.READ_BASE, times=2, status=0x10))
    assert isinstance(reader.read(10.0, NEVER), Ok)
    assert module.heard(Command.READ_BASE) == 3
    assert module.heard(Command.SELECT) == 1


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (0x32, CardFailure.NOT_AUTHENTIC),
        (0x33, CardFailure.NOT_AUTHENTIC),
        (0x40, CardFailure.WRONG_CARD),
        (0x31, CardFailure.NOT_AUTHENTIC),
        (0x24, CardFailure.UNREADABLE),
        (0x21, CardFailure.READER_LOST),
    ],
)
def test_a_status_that_stays_becomes_its_failure(
    module: SimulatedSdtReader, reader: SdtReader, status: int, failure: CardFailure
) -> None:
    module.inject(Rule(Fault.STATUS, Command.READ_BASE, times=5, status=status))
    module.put_card(CARD)
    assert reason(reader.read(10.0, NEVER)) is failure


def test_an_unrecognised_error_is_tried_again_and_then_the_module_is_reset(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    module.inject(Rule(Fault.STATUS, Command.READ_BASE, times=2, status=0x24))
    module.put_card(CARD)
    assert isinstance(reader.read(10.0, NEVER), Ok)
    assert module.heard(Command.RESET) == 1


def test_replugged_elsewhere_and_unplugged_in_mid_answer(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    module.put_card(CARD)
    module.inject(Rule(Fault.UNPLUG, Command.READ_BASE))
    assert reason(reader.read(10.0, NEVER)) is CardFailure.READER_LOST
    assert reader.status().cause is Cause.CARD_LOST
    module.replug()
    # half an answer from before is not glued to the new one
    module.put_card(SimulatedCard(replace(RESIDENT, name="另一人"), PHOTO))
    outcome = reader.read(10.0, NEVER)
    assert isinstance(outcome, Ok)
    assert outcome.value.document.name == "另一人"


def test_a_port_that_moves_while_a_read_waits_is_followed(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    outcomes: list[Ok[CardRead] | Failed[CardFailure]] = []
    thread = Thread(target=lambda: outcomes.append(reader.read(30.0, NEVER)))
    thread.start()
    assert module.wait_heard(Command.FIND, 1, 10.0)
    before = Path(module.path).readlink()
    with module.changed:
        module.replug()
    assert Path(module.path).readlink() != before
    module.put_card(CARD)
    thread.join(20.0)
    assert isinstance(outcomes[0], Ok)


def test_a_line_that_is_lost_again_and_again_ends_the_read(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    outcomes: list[Ok[CardRead] | Failed[CardFailure]] = []
    thread = Thread(target=lambda: outcomes.append(reader.read(60.0, NEVER)))
    thread.start()
    for loss in range(1, 4):
        assert module.wait_heard(Command.FIND, loss, 10.0)
        module.inject(Rule(Fault.UNPLUG, Command.FIND))
        assert wait_until(lambda: not Path(module.path).is_symlink())
        module.replug()
    thread.join(20.0)
    assert reason(outcomes[0]) is CardFailure.READER_LOST


def test_a_reader_that_was_never_there_is_absent() -> None:
    reader = SdtReader(SerialLink("/dev/no-such-card-reader"), poll_s=0.05)
    assert reason(reader.read(0.2, NEVER)) is CardFailure.READER_LOST
    status = reader.probe()
    assert (status.state, status.cause) == (DeviceState.ABSENT, Cause.CARD_ABSENT)
    reader.close()


def test_a_port_that_another_program_holds(module: SimulatedSdtReader, reader: SdtReader) -> None:
    with serial.Serial(module.path, exclusive=True):
        assert reason(reader.read(0.2, NEVER)) is CardFailure.READER_LOST
        assert "held" in reader.status().detail
        assert reader.status().state is DeviceState.FAULT
    assert reader.probe().usable


def test_a_probe_during_a_read_answers_at_once_and_a_second_read_is_refused(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    cancel = Event()
    thread = Thread(target=lambda: reader.read(60.0, cancel))
    thread.start()
    assert module.wait_heard(Command.FIND, 2, 10.0)
    asked = module.heard(Command.STATUS)
    assert reader.probe().usable
    assert module.heard(Command.STATUS) == asked
    assert reason(reader.read(0.2, NEVER)) is CardFailure.READER_BUSY
    cancel.set()
    thread.join(10.0)


def test_the_first_cause_is_kept_until_the_reader_is_back(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    assert reader.probe().usable
    module.unplug()
    assert wait_until(lambda: not reader.probe().usable)
    for _ in range(3):
        assert reader.probe().cause is Cause.CARD_LOST
    module.replug()
    assert reader.probe().cause is None
