"""What every card reader must do with a card, beyond what `tests/drivers/test_contract.py` asks of every device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Event, Thread

import pytest

from drivers.card_reader.contract import CardFailure, CardRead, CardReader
from drivers.contract import CheckOutcome, DeviceState, Failed, Ok
from drivers.evidence import CheckName
from tests.drivers.rigs.pcsc import PcscRig, SocialSecurityRig, TravelDocumentRig
from tests.drivers.rigs.rig import CardRig
from tests.drivers.rigs.sdt import SdtRig, SdtUsbRig
from tests.drivers.waiting import PATIENCE_S, wait_until
from tests.groups import ONE_READER

NEVER = Event()
LOST = (CardFailure.READER_LOST, CardFailure.SERVICE_LOST)
RIGS = [
    pytest.param(SdtRig, id="sdt"),
    pytest.param(SdtUsbRig, id="sdt-usb"),
    pytest.param(PcscRig, id="pcsc", marks=pytest.mark.xdist_group(ONE_READER)),
]
"""Here a reader joins."""


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[CardRig]:
    made: CardRig = request.param()
    yield made
    made.close()


@pytest.fixture
def reader(rig: CardRig) -> Iterator[CardReader]:
    made = rig.driver()
    assert wait_until(lambda: made.probe().usable), made.status()
    yield made
    made.close()


def read(reader: CardReader, deadline_s: float = 10.0) -> Ok[CardRead] | Failed[CardFailure]:
    return reader.read(deadline_s, NEVER)


class Reading:
    """A read in a thread of its own, which waits for a card."""

    def __init__(self, reader: CardReader, cancel: Event = NEVER) -> None:
        self._outcome: list[Ok[CardRead] | Failed[CardFailure]] = []
        self._thread = Thread(target=lambda: self._outcome.append(reader.read(60.0, cancel)))
        self._thread.start()
        assert wait_until(lambda: reader.status().usable)

    def outcome(self) -> Ok[CardRead] | Failed[CardFailure]:
        self._thread.join(PATIENCE_S)
        [outcome] = self._outcome
        return outcome


def reason(outcome: Ok[CardRead] | Failed[CardFailure]) -> CardFailure:
    assert isinstance(outcome, Failed)
    return outcome.reason


def test_reads_a_card(rig: CardRig, reader: CardReader) -> None:
    rig.put()
    outcome = read(reader)
    assert isinstance(outcome, Ok)
    assert outcome.value.document == rig.document
    assert [check.name for check in outcome.value.evidence] == list(CheckName)
    assert all(check.outcome is not CheckOutcome.FAILED for check in outcome.value.evidence)
    assert reader.status().state is DeviceState.READY


def test_waits_for_a_card_that_comes_later(rig: CardRig, reader: CardReader) -> None:
    reading = Reading(reader)
    rig.put()
    assert isinstance(reading.outcome(), Ok)


def test_no_card_is_no_card(reader: CardReader) -> None:
    assert reason(read(reader, 2.0)) is CardFailure.NO_CARD


def test_cancel_ends_a_read(reader: CardReader) -> None:
    cancel = Event()
    reading = Reading(reader, cancel)
    cancel.set()
    assert reason(reading.outcome()) is CardFailure.CANCELLED


def test_closing_ends_a_read_as_cancelled(reader: CardReader) -> None:
    reading = Reading(reader)
    reader.close()
    assert reason(reading.outcome()) is CardFailure.CANCELLED


def test_each_insertion_has_its_own_session(rig: CardRig, reader: CardReader) -> None:
    sessions = set()
    for _ in range(3):
        rig.put()
        outcome = read(reader)
        assert isinstance(outcome, Ok)
        sessions.add(outcome.value.session_id)
        rig.take()
        assert reason(read(reader, 1.5)) is CardFailure.NO_CARD
    assert len(sessions) == 3


def test_a_card_pulled_in_mid_read_moved(rig: CardRig, reader: CardReader) -> None:
    rig.put()
    rig.pull_in_mid_read()
    assert reason(read(reader)) is CardFailure.CARD_MOVED
    assert reader.status().usable
    rig.heal()
    rig.put()
    assert isinstance(read(reader), Ok)


def test_garbage_is_an_unreadable_card(rig: CardRig, reader: CardReader) -> None:
    rig.put()
    rig.garble()
    assert reason(read(reader)) in (CardFailure.UNREADABLE, CardFailure.TIMED_OUT)


def test_silence_is_a_time_out_and_a_fault(rig: CardRig, reader: CardReader) -> None:
    rig.put()
    rig.silence()
    assert reason(read(reader)) is CardFailure.TIMED_OUT
    assert reader.status().state is DeviceState.FAULT


def test_a_reader_that_leaves_while_a_card_is_waited_for_is_lost(rig: CardRig, reader: CardReader) -> None:
    reading = Reading(reader)
    rig.unplug()
    assert reason(reading.outcome()) in LOST
    assert not reader.card_present()


def test_a_reader_says_whether_it_sees_a_card_leave(rig: CardRig, reader: CardReader) -> None:
    """One that cannot never says that the pad is empty; one that can tells both."""
    rig.put()
    assert isinstance(read(reader), Ok)
    if reader.can_detect_removal:
        assert reader.card_present() is True
        rig.take()
        reader.probe()
        assert wait_until(lambda: reader.probe().usable and reader.card_present() is False)
    else:
        assert reader.card_present() is None
        rig.take()
        reader.probe()
        assert reader.card_present() is None


@pytest.mark.xdist_group(ONE_READER)
@pytest.mark.parametrize("kind", [SocialSecurityRig, TravelDocumentRig])
def test_whatever_is_on_the_card_the_reader_keeps_its_word(kind: type[PcscRig]) -> None:
    """The reader is the same, so its plug and its service are proved once; the conversations differ."""
    with closing(kind()) as rig, closing(rig.driver()) as reader:
        rig.put()
        rig.garble()
        assert reason(read(reader)) is CardFailure.UNREADABLE
        rig.heal()
        rig.put()
        rig.pull_in_mid_read()
        assert reason(read(reader)) is CardFailure.CARD_MOVED
        assert reader.status().usable
        rig.heal()
        rig.put()
        rig.silence()
        assert reason(read(reader)) is CardFailure.TIMED_OUT
        assert reader.status().state is DeviceState.FAULT
        rig.heal()
        rig.put()
        outcome = read(reader)
        assert isinstance(outcome, Ok), outcome
        assert outcome.value.document == rig.document
        assert reader.status().usable
