"""The address on the chip replaces the printed one, and what could not be asked is not passed."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Event, Thread

import pytest

from drivers.card_reader.contract import CardFailure, CardRead
from drivers.card_reader.layout import decode_address
from drivers.card_reader.newest_address import newest_address
from drivers.card_reader.protocol import Command
from drivers.card_reader.reader_state import Patience, ReaderState
from drivers.card_reader.sam import SamModule
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault, Rule, SimulatedCard
from drivers.contract import Cause, CheckOutcome, Failed, Ok
from tests.drivers.card_reader.people import CARD, FOREIGN_2017, FOREIGN_2023, HMT, PHOTO, RESIDENT
from tests.drivers.card_reader.test_card_readers import NEVER

MOVED_TO = "虚设县石桥乡新街𬭊村12号3单元"


@pytest.fixture
def reader(module: SimulatedSdtReader) -> Iterator[SdtReader]:
    reader = SdtReader(SerialLink(module.path), poll_s=0.05)
    yield reader
    reader.close()


def read(reader: SdtReader) -> CardRead:
    outcome = reader.read(10.0, NEVER)
    assert isinstance(outcome, Ok)
    return outcome.value


def check(card: CardRead) -> CheckOutcome:
    (found,) = (check for check in card.evidence if check.name == "newest_address")
    assert found.detail
    assert MOVED_TO not in found.detail
    return found.outcome


@pytest.mark.parametrize("document", [RESIDENT, HMT], ids=lambda document: document.kind.value)
def test_it_replaces_the_printed_one(module: SimulatedSdtReader, reader: SdtReader, document: object) -> None:
    module.put_card(SimulatedCard(document, PHOTO, newest_address=MOVED_TO))  # type: ignore[arg-type]  # pytest hands objects on
    card = read(reader)
    assert card.document == replace(document, address=MOVED_TO)  # type: ignore[type-var]  # as above
    assert check(card) is CheckOutcome.PASSED


def test_a_chip_without_one_leaves_the_printed_one(module: SimulatedSdtReader, reader: SdtReader) -> None:
    module.put_card(CARD)
    card = read(reader)
    assert card.document.address == RESIDENT.address
    assert check(card) is CheckOutcome.PASSED


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (Rule(Fault.STATUS, Command.READ_EXTRA, status=0x41), CheckOutcome.FAILED),
        (Rule(Fault.STATUS, Command.READ_EXTRA, status=0x21), CheckOutcome.NOT_DONE),
        (Rule(Fault.SILENCE, Command.READ_EXTRA), CheckOutcome.FAILED),
        (Rule(Fault.WRONG_CHECKSUM, Command.READ_EXTRA), CheckOutcome.FAILED),
        (Rule(Fault.UNPLUG, Command.READ_EXTRA), CheckOutcome.FAILED),
        (Rule(Fault.DATA, Command.READ_EXTRA, data=b"\x51\x86\x72\xd8"), CheckOutcome.FAILED),
        (Rule(Fault.DATA, Command.READ_EXTRA, data=" ".encode("utf-16-le") * 35), CheckOutcome.PASSED),
    ],
    ids=["refused", "unknown command", "silent", "damaged", "unplugged", "half a character", "blank"],
)
def test_without_an_answer_the_printed_one_stays_and_the_evidence_says_so(
    module: SimulatedSdtReader, reader: SdtReader, rule: Rule, outcome: CheckOutcome
) -> None:
    module.inject(rule)
    module.put_card(SimulatedCard(RESIDENT, PHOTO, newest_address=MOVED_TO))
    card = read(reader)
    assert card.document == RESIDENT
    assert check(card) is outcome
    if rule.fault is Fault.UNPLUG:
        assert reader.status().cause is Cause.CARD_LOST
    else:
        assert reader.status().usable


@pytest.mark.parametrize("document", [FOREIGN_2017, FOREIGN_2023], ids=lambda document: document.kind.value)
def test_a_card_without_an_address_is_not_asked(
    module: SimulatedSdtReader, reader: SdtReader, document: object
) -> None:
    module.put_card(SimulatedCard(document, PHOTO))  # type: ignore[arg-type]  # pytest hands objects on
    assert check(read(reader)) is CheckOutcome.NOT_DONE
    assert module.heard(Command.READ_EXTRA) == 0


def test_no_time_left_is_not_done() -> None:
    """The deadline is one for all steps: what it cuts off was not asked."""
    module = SamModule(
        SerialLink("/dev/no-such-card-reader"), ReaderState(), short_timeout_s=1.0, read_timeout_s=1.0
    )
    document, found = newest_address(module, RESIDENT, Patience(0.0))
    assert document == RESIDENT
    assert found.outcome is CheckOutcome.NOT_DONE


def test_cancelled_while_it_is_asked(module: SimulatedSdtReader, reader: SdtReader) -> None:
    cancel = Event()
    outcomes: list[object] = []
    module.inject(Rule(Fault.SILENCE, Command.READ_EXTRA))
    module.put_card(CARD)
    thread = Thread(target=lambda: outcomes.append(reader.read(10.0, cancel)))
    thread.start()
    assert module.wait_heard(Command.READ_EXTRA, 1, 10.0)
    cancel.set()
    thread.join(10.0)
    assert outcomes == [Failed(CardFailure.CANCELLED)]


@pytest.mark.parametrize("data", [b"\x51", b"\x51\x86\x72"])
def test_half_a_unit_is_no_address(data: bytes) -> None:
    assert isinstance(decode_address(data), Failed)
