"""The reader driver for smart cards through pcscd: the terminal's own cards (demo and village helpers)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event
from uuid import uuid4

from drivers.card_reader.bounded import OneAtATime, Overrun
from drivers.card_reader.contract import CardFailure, CardRead, Document
from drivers.card_reader.pcsc_service import Pad, Watcher, read_identity
from drivers.card_reader.reader_state import Patience, ReaderState
from drivers.contract import Cause, Check, CheckOutcome, DeviceState, DeviceStatus, Failed, Ok

_LOOK_S = 0.3
_MARGIN_S = 1.0
_GRACE_S = 1.0
_PAUSE_S = 0.2
_TRIES = 2
"""Further conversations with one card after a failure that a new connection may cure."""
_WORTH_ANOTHER_TRY = (CardFailure.CARD_MOVED, CardFailure.READER_BUSY, CardFailure.SERVICE_LOST)

_EVIDENCE = (
    Check("card_authentication", CheckOutcome.NOT_DONE, "a plain file: anybody can write such a card"),
    Check("issuer_signature", CheckOutcome.NOT_DONE, "the card holds none"),
    Check("loss_report", CheckOutcome.NOT_DONE, "not asked"),
)


@dataclass(frozen=True, slots=True, repr=False)
class _Session:
    """One insertion; `person` is a salted hash, for a swap of cards quicker than pcscd's poll."""

    pad: Pad
    person: int
    id: str


class PcscReader:
    """The first PC/SC reader whose name contains `reader_name` ("" takes any).

    `conversation_s` bounds the talk with one card. A card that never answers leaves the reader
    in fault `CARD_SILENT` until it is pulled out. The same insertion read twice keeps its
    session id.
    """

    can_detect_removal = True

    def __init__(self, reader_name: str = "", *, conversation_s: float = 3.0) -> None:
        self._conversation_s = conversation_s
        self._watcher = Watcher(reader_name)
        self._looks: OneAtATime[Ok[Pad] | Failed[CardFailure]] = OneAtATime("pcsc-look")
        self._talks: OneAtATime[Ok[Document] | Failed[CardFailure]] = OneAtATime("pcsc-talk")
        self._state = ReaderState()
        self._present: bool | None = None
        self._seen_reader = False
        self._session: _Session | None = None

    def status(self) -> DeviceStatus:
        return self._state.status

    def card_present(self) -> bool | None:
        """As of the last `read` or `probe`; None while service or reader are away."""
        return self._present

    def probe(self) -> DeviceStatus:
        """Ask the service (up to 1 s); while a read is going on, the last status."""
        with self._state.turn(Patience(0.0)) as mine:
            if mine and not self._state.closing.is_set():
                self._look(0.0)
        return self._state.status

    def close(self) -> None:
        self._state.closing.set()
        with self._state.turn(Patience(float("inf"))):
            try:
                self._looks.run(self._release, Patience(_MARGIN_S))
            except Overrun:
                self._state.fault(Cause.CARD_SERVICE_LOST, "the card service did not let go")
            else:
                self._state.closed()
            self._present = None

    def read(self, deadline_s: float, cancel: Event) -> Ok[CardRead] | Failed[CardFailure]:
        """See `CardReader.read`. A service or reader that is away is waited for one second."""
        patience = Patience(deadline_s, cancel, self._state.closing)
        with self._state.turn(patience) as mine:
            if patience.cancelled:
                return Failed(CardFailure.CANCELLED)
            if not mine:
                return Failed(CardFailure.READER_BUSY, "another read is going on")
            return self._wait_for_card(patience)

    def _wait_for_card(self, patience: Patience) -> Ok[CardRead] | Failed[CardFailure]:
        grace = patience.at_most(_GRACE_S)
        tries = 0
        wait_s = 0.0
        moved: Failed[CardFailure] | None = None
        while not patience.cancelled:
            seen = self._look(min(wait_s, patience.left_s))
            wait_s = _LOOK_S
            if isinstance(seen, Failed):
                if grace.over:
                    return seen
                grace.pause(_PAUSE_S)
            elif seen.value.present:
                outcome = self._talk(seen.value, patience)
                if isinstance(outcome, Ok) or outcome.reason not in _WORTH_ANOTHER_TRY or tries == _TRIES:
                    return outcome
                # a card that was read before and is just leaving is not one that moved too early
                read_before = self._session is not None and self._session.pad == seen.value
                if not (read_before and outcome.reason is CardFailure.CARD_MOVED):
                    tries += 1
                    moved = outcome
                patience.pause(_PAUSE_S)
            elif moved is not None:
                return Failed(CardFailure.CARD_MOVED, moved.detail)
            elif patience.over:
                return Failed(CardFailure.NO_CARD)
        return Failed(CardFailure.CANCELLED)

    def _look(self, wait_s: float) -> Ok[Pad] | Failed[CardFailure]:
        """What is on the reader; every call brings the status up to date."""
        self._present = None
        try:
            seen = self._looks.run(lambda: self._watcher.look(wait_s), Patience(wait_s + _MARGIN_S))
        except Overrun:
            seen = Failed(CardFailure.SERVICE_LOST, "the card service does not answer")
        if isinstance(seen, Failed):
            self._session = None
            self._state.fault(Cause.CARD_SERVICE_LOST, seen.detail)
            return seen
        pad = seen.value
        if pad.reader is None:
            cause = Cause.CARD_LOST if self._seen_reader else Cause.CARD_ABSENT
            self._state.replace_fault(cause, "the card service has no such reader", DeviceState.ABSENT)
            return Failed(CardFailure.READER_LOST, "the card service has no such reader")
        self._seen_reader = True
        self._present = pad.present
        if not (pad.present and self._state.status.cause is Cause.CARD_SILENT):
            self._state.ready(pad.reader)
        return seen

    def _talk(self, pad: Pad, patience: Patience) -> Ok[CardRead] | Failed[CardFailure]:
        reader = pad.reader or ""
        whole = patience.left_s >= self._conversation_s
        try:
            outcome = self._talks.run(lambda: read_identity(reader), patience.at_most(self._conversation_s))
        except Overrun:
            if patience.cancelled:
                return Failed(CardFailure.CANCELLED)
            if whole:
                self._state.fault(Cause.CARD_SILENT, "the card does not answer")
            return Failed(CardFailure.TIMED_OUT, "the card does not answer")
        if isinstance(outcome, Failed):
            return outcome
        self._state.ready(reader)
        session = self._session
        person = hash(outcome.value)
        if session is None or (session.pad, session.person) != (pad, person):
            session = self._session = _Session(pad, person, uuid4().hex)
        return Ok(
            CardRead(
                session_id=session.id,
                document=outcome.value,
                photo=None,
                evidence=_EVIDENCE,
                reader_id=f"pcsc:{reader}",
                read_monotonic_ns=time.monotonic_ns(),
            )
        )

    def _release(self) -> Failed[CardFailure]:
        self._watcher.release()
        return Failed(CardFailure.CANCELLED, "closed")
