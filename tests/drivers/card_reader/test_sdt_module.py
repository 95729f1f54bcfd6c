"""What an SDT reader's module says of itself, and what its word on a card is worth."""

from __future__ import annotations

import pytest

from drivers.card_reader.contract import CardFailure, CardRead
from drivers.card_reader.protocol import Command
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault, Rule
from drivers.contract import Cause, CheckOutcome, DeviceState, Ok
from drivers.evidence import Assurance, CheckName, assurance
from tests.drivers.card_reader.people import CARD
from tests.drivers.card_reader.test_card_readers import NEVER
from tests.drivers.card_reader.test_sdt import reader, reason

__all__ = ["reader"]


def test_the_evidence_says_what_was_checked_and_what_was_not(
    module: SimulatedSdtReader, reader: SdtReader
) -> None:
    module.put_card(CARD)
    outcome = reader.read(5.0, NEVER)
    assert isinstance(outcome, Ok)
    passed = {check.name for check in outcome.value.evidence if check.outcome is CheckOutcome.PASSED}
    assert passed == {
        CheckName.READ, CheckName.TRUSTED_CHAIN, CheckName.CLONE_CHECK, CheckName.NEWEST_ADDRESS,
    }  # fmt: skip
    assert assurance(outcome.value.evidence) is Assurance.HIGH
    said = {check.name: check.detail for check in outcome.value.evidence}
    assert "by the word of module 05.01-20260101" in said[CheckName.TRUSTED_CHAIN]
    assert "ministry" not in "".join(said.values()), "nobody but the module knows whose keys it holds"


def assert_authentic_by_nobodys_word(read: CardRead, because: str) -> None:
    checks = {check.name: check for check in read.evidence}
    for name in (CheckName.TRUSTED_CHAIN, CheckName.CLONE_CHECK):
        assert checks[name].outcome is CheckOutcome.NOT_DONE
        assert because in checks[name].detail
    assert assurance(read.evidence) is Assurance.LOW


@pytest.mark.parametrize(
    ("status", "failure", "cause"),
    [
        (0x60, CardFailure.READER_LOST, Cause.CARD_SAM_ERROR),
        (0x66, CardFailure.VENDOR_UNAUTHORISED, Cause.CARD_UNAUTHORISED),
    ],
)
@pytest.mark.parametrize("command", [Command.STATUS, Command.FIND])
def test_a_module_out_of_service(
    module: SimulatedSdtReader,
    reader: SdtReader,
    status: int,
    failure: CardFailure,
    cause: Cause,
    command: Command,
) -> None:
    module.inject(Rule(Fault.STATUS, command, status=status))
    assert reason(reader.read(5.0, NEVER)) is failure
    assert (reader.status().state, reader.status().cause) == (DeviceState.FAULT, cause)
    assert reader.probe().state is DeviceState.READY


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (0x60, Cause.CARD_SAM_ERROR),
        (0x66, Cause.CARD_UNAUTHORISED),
        *((status, Cause.CARD_PROTOCOL) for status in (
            0x10, 0x11, 0x21, 0x23, 0x24, 0x31, 0x32, 0x33, 0x37, 0x3F, 0x40, 0x41, 0x47, 0x80, 0x81, 0x01, 0x82,
        )),
        *((status, None) for status in (0x90, 0x91, 0x9F)),
    ],
)  # fmt: skip
def test_only_a_failed_self_test_is_told_as_one(
    module: SimulatedSdtReader, reader: SdtReader, status: int, cause: Cause | None
) -> None:
    """Whatever the module answers to the question how it is, over and over."""
    module.inject(Rule(Fault.STATUS, Command.STATUS, times=1000, status=status))
    assert reader.probe().cause is cause


@pytest.mark.parametrize("command", [Command.FIND, Command.READ_BASE])
@pytest.mark.parametrize("status", [0x10, 0x11, 0x21])
def test_a_module_that_does_not_understand_is_not_called_broken(
    module: SimulatedSdtReader, reader: SdtReader, command: Command, status: int
) -> None:
    module.inject(Rule(Fault.STATUS, command, times=1000, status=status))
    module.put_card(CARD)
    assert reason(reader.read(10.0, NEVER)) is CardFailure.READER_LOST
    assert reader.status().cause is Cause.CARD_PROTOCOL


def test_another_module_in_its_place_is_told(module: SimulatedSdtReader, reader: SdtReader) -> None:
    first = reader.probe()
    assert (first.detail, first.warnings) == ("05.01-20260101-0000123456-0000007890", ())
    module.unplug()
    assert not reader.probe().usable
    module.sam_id = (5, 1, 20260202, 654321, 7)
    module.replug()
    module.put_card(CARD)
    outcome = reader.read(5.0, NEVER)
    assert isinstance(outcome, Ok)
    assert outcome.value.reader_id == "sdt:05.01-20260202-0000654321-0000000007"
    told = reader.status()
    assert told.state is DeviceState.READY
    assert told.warnings == (Cause.CARD_SWAPPED,)
    assert told.detail == f"05.01-20260202-0000654321-0000000007 in the place of {first.detail}"
    assert reader.probe().warnings == (Cause.CARD_SWAPPED,)
    assert_authentic_by_nobodys_word(outcome.value, "which this terminal was set up with")


def test_a_module_without_an_id_is_known_by_its_port(module: SimulatedSdtReader, reader: SdtReader) -> None:
    module.inject(Rule(Fault.STATUS, Command.SAM_ID, status=0x21))
    module.put_card(CARD)
    outcome = reader.read(5.0, NEVER)
    assert isinstance(outcome, Ok)
    assert outcome.value.reader_id == f"sdt:{module.path}"
    assert reader.status().warnings == (Cause.CARD_UNIDENTIFIED,)
    assert_authentic_by_nobodys_word(outcome.value, "does not tell its id")
    assert reader.probe().warnings == (), "it is asked again"


@pytest.mark.parametrize(
    ("own", "warnings", "worth"),
    [
        ("05.01-20260101-0000123456-0000007890", (), Assurance.HIGH),
        ("05.01-20260101-0000123456-0000007891", (Cause.CARD_SWAPPED,), Assurance.LOW),
    ],
)
def test_a_module_is_held_against_the_one_the_terminal_was_set_up_with(
    module: SimulatedSdtReader, own: str, warnings: tuple[Cause, ...], worth: Assurance
) -> None:
    """From the start, and after it was plugged in again."""
    reader = SdtReader(SerialLink(module.path), poll_s=0.05, sam_id=own)
    try:
        assert reader.probe().warnings == warnings
        module.replug()
        module.put_card(CARD)
        outcome = reader.read(10.0, NEVER)
        assert isinstance(outcome, Ok)
        assert assurance(outcome.value.evidence) is worth
        assert reader.status().warnings == warnings
    finally:
        reader.close()
