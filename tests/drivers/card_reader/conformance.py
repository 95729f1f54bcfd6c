"""What every card reader must do, whichever wire it speaks: inherit and give it a rig."""

from threading import Event, Thread
from typing import Protocol

from drivers.card_reader.contract import CardFailure, CardRead, CardReader, Document
from drivers.contract import CheckOutcome, DeviceState, Failed, Ok
from drivers.evidence import CheckName
from tests.drivers.card_reader.waiting import wait_until

NEVER = Event()
LOST = (CardFailure.READER_LOST, CardFailure.SERVICE_LOST)


class Rig(Protocol):
    """A reader and hands to do things to it."""

    reader: CardReader
    document: Document

    def put(self) -> None: ...
    def take(self) -> None: ...
    def pull_in_mid_read(self) -> None:
        """The card leaves, and stays away, once the next read has begun to talk with it."""

    def answer_garbage(self) -> None:
        """Card or module answer rubbish until `heal`."""

    def fall_silent(self) -> None:
        """Card or module answer nothing until `heal`."""

    def heal(self) -> None: ...
    def unplug(self) -> None: ...
    def replug(self) -> None: ...


def read(reader: CardReader, deadline_s: float = 10.0) -> Ok[CardRead] | Failed[CardFailure]:
    return reader.read(deadline_s, NEVER)


class ReaderConformance:
    def test_reads_a_card(self, rig: Rig) -> None:
        rig.put()
        outcome = read(rig.reader)
        assert isinstance(outcome, Ok)
        assert outcome.value.document == rig.document
        assert [check.name for check in outcome.value.evidence] == list(CheckName)
        assert all(c.outcome is not CheckOutcome.FAILED for c in outcome.value.evidence)
        assert rig.reader.status().state is DeviceState.READY

    def test_waits_for_a_card_that_comes_later(self, rig: Rig) -> None:
        outcomes: list[Ok[CardRead] | Failed[CardFailure]] = []
        thread = Thread(target=lambda: outcomes.append(read(rig.reader)))
        thread.start()
        assert wait_until(lambda: rig.reader.status().usable)
        rig.put()
        thread.join(15.0)
        assert isinstance(outcomes[0], Ok)

    def test_no_card_is_no_card(self, rig: Rig) -> None:
        assert _reason(read(rig.reader, 0.7)) is CardFailure.NO_CARD

    def test_cancel_ends_a_read(self, rig: Rig) -> None:
        cancel = Event()
        outcomes: list[Ok[CardRead] | Failed[CardFailure]] = []
        thread = Thread(target=lambda: outcomes.append(rig.reader.read(60.0, cancel)))
        thread.start()
        assert wait_until(lambda: rig.reader.status().usable)
        cancel.set()
        thread.join(15.0)
        assert _reason(outcomes[0]) is CardFailure.CANCELLED

    def test_each_insertion_has_its_own_session(self, rig: Rig) -> None:
        sessions = set()
        for _ in range(3):
            rig.put()
            outcome = read(rig.reader)
            assert isinstance(outcome, Ok)
            sessions.add(outcome.value.session_id)
            rig.take()
            assert _reason(read(rig.reader, 0.5)) is CardFailure.NO_CARD
        assert len(sessions) == 3

    def test_a_card_pulled_in_mid_read_moved(self, rig: Rig) -> None:
        rig.put()
        rig.pull_in_mid_read()
        assert _reason(read(rig.reader)) is CardFailure.CARD_MOVED
        assert rig.reader.status().usable
        rig.heal()
        rig.put()
        assert isinstance(read(rig.reader), Ok)

    def test_garbage_is_never_an_identity(self, rig: Rig) -> None:
        rig.put()
        rig.answer_garbage()
        assert _reason(read(rig.reader)) in (CardFailure.UNREADABLE, CardFailure.TIMED_OUT)
        self._recovers(rig)

    def test_silence_ends_in_a_time_out_and_a_fault(self, rig: Rig) -> None:
        rig.put()
        rig.fall_silent()
        assert _reason(read(rig.reader)) is CardFailure.TIMED_OUT
        assert rig.reader.status().state is DeviceState.FAULT
        self._recovers(rig)

    def test_unplugged_and_plugged_in_again(self, rig: Rig) -> None:
        assert rig.reader.probe().usable
        rig.unplug()
        assert _reason(read(rig.reader, 5.0)) in LOST
        assert not rig.reader.status().usable
        assert rig.reader.status().cause is not None
        assert not rig.reader.card_present()
        rig.replug()
        assert wait_until(lambda: rig.reader.probe().usable, 40.0)
        rig.put()
        assert isinstance(read(rig.reader), Ok)

    def test_unplugged_while_waiting_for_a_card(self, rig: Rig) -> None:
        outcomes: list[Ok[CardRead] | Failed[CardFailure]] = []
        thread = Thread(target=lambda: outcomes.append(read(rig.reader, 60.0)))
        thread.start()
        assert wait_until(lambda: rig.reader.status().usable)
        rig.unplug()
        thread.join(20.0)
        assert _reason(outcomes[0]) in LOST

    def test_closing_ends_a_read_and_may_be_done_twice(self, rig: Rig) -> None:
        outcomes: list[Ok[CardRead] | Failed[CardFailure]] = []
        thread = Thread(target=lambda: outcomes.append(read(rig.reader, 60.0)))
        thread.start()
        assert wait_until(lambda: rig.reader.status().usable)
        rig.reader.close()
        rig.reader.close()
        thread.join(15.0)
        assert _reason(outcomes[0]) is CardFailure.CANCELLED
        assert not rig.reader.status().usable

    def _recovers(self, rig: Rig) -> None:
        rig.take()
        rig.heal()
        assert wait_until(lambda: rig.reader.probe().usable)
        rig.put()
        assert isinstance(read(rig.reader), Ok)


def _reason(outcome: Ok[CardRead] | Failed[CardFailure]) -> CardFailure:
    assert isinstance(outcome, Failed)
    return outcome.reason
