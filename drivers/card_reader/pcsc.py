"""The reader driver for smart cards through pcscd.

Whatever calls the service or a card lives in a child process (`pcsc_child`): a card, a service or a
foreign transaction that blocks costs that process, never a thread of the terminal.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import time
from dataclasses import dataclass
from threading import Event
from typing import Any
from uuid import uuid4

from drivers.card_reader.applications import CardApplication, Content
from drivers.card_reader.contract import CardFailure, CardRead
from drivers.card_reader.identity_file import IdentityFile
from drivers.card_reader.pcsc_watch import Pad
from drivers.card_reader.reader_state import Patience, ReaderState
from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Nameplate, Ok
from drivers.tap import Direction, Tap
from drivers.worker import Worker, WorkerFailure

_CHILD = "drivers.card_reader.pcsc_child:PcscChild"
_LOOK_S = 0.3
_MARGIN_S = 2.0
"""How much longer than asked the service may take before its process is given up."""
_START_S = 10.0
"""How long a call waits for the child: its start takes 0.5 s, on a busy machine several."""
_GRACE_S = 1.0
_PAUSE_S = 0.2
_NAMEPLATE_S = 5.0
"""How long it is waited for a look to end."""
_TRIES = 2
"""Further conversations with one card after a failure that a new connection may cure."""
_WORTH_ANOTHER_TRY = (
    CardFailure.CARD_MOVED,
    CardFailure.READER_BUSY,
    CardFailure.SERVICE_LOST,
    CardFailure.SERVICE_REFUSED,
)
_CAUSES = {
    CardFailure.SERVICE_REFUSED: Cause.CARD_SERVICE_REFUSED,
    CardFailure.TIMED_OUT: Cause.CARD_SERVICE_SILENT,
}
"""What a look that failed says of the service; else it is lost."""
_UNTIL_THE_CARD_IS_OUT = (Cause.CARD_SILENT, Cause.CARD_SERVICE_REFUSED)
"""Known from a talk with a card; a look at the reader knows nothing better while that card is in."""


@dataclass(frozen=True, slots=True, repr=False)
class _Session:
    """One insertion; `person` is a salted hash, for a swap of cards quicker than pcscd's poll."""

    pad: Pad
    person: int
    id: str


class PcscReader:
    """The first PC/SC reader whose name contains `reader_name` ("" takes any), see `pcsc_watch.choose`.

    `applications` are asked in their order; they may be exchanged between two reads.
    `conversation_s` bounds the talk with one card. A card that never answers leaves the reader
    in fault `CARD_SILENT` until it is pulled out. The same insertion read twice keeps its
    session id. `tap` gets the APDUs of a conversation when it is over, or `lost` when the child died.
    """

    can_detect_removal = True

    def __init__(
        self,
        reader_name: str = "",
        applications: tuple[CardApplication, ...] = (IdentityFile(),),
        *,
        not_reader_name: str = "",
        conversation_s: float = 3.0,
        tap: Tap | None = None,
    ) -> None:
        self.applications = applications
        self._tap = tap
        self._conversation_s = conversation_s
        self._held = multiprocessing.get_context("spawn").RawValue(ctypes.c_bool, False)  # noqa: FBT003
        self._worker = Worker(_CHILD, (reader_name, not_reader_name, self._held, tap is not None))
        self._state = ReaderState()
        self._present: bool | None = None
        self._seen_reader = False
        self._session: _Session | None = None

    @property
    def child_pid(self) -> int | None:
        """The process that talks with the service, or None while it restarts."""
        return self._worker.pid

    def status(self) -> DeviceStatus:
        return self._state.status

    def card_present(self) -> bool | None:
        """Asks the service; while a read is going on, what that saw last. None: service or reader are away."""
        self.probe()
        return self._present

    def probe(self) -> DeviceStatus:
        """Ask the service (up to 2 s, longer at the start); while a read is going on, the last status."""
        with self._state.turn(Patience(0.0)) as mine:
            if mine and not self._state.closing.is_set():
                self._look(0.0, Patience(_START_S, self._state.closing))
        return self._state.status

    def nameplate(self) -> Nameplate:
        """The service's name of the reader as the model; what its driver tells besides, unless a card is in use."""
        with self._state.turn(Patience(_NAMEPLATE_S, self._state.closing)) as mine:
            if not mine or self._state.closing.is_set():
                return Nameplate()
            seen = self._look(0.0, Patience(_START_S, self._state.closing))
            if isinstance(seen, Failed):
                return Nameplate()
            reader = seen.value.reader or ""
            if seen.value.in_use:
                return Nameplate(reader)
            told = self._ask("attributes", reader, deadline_s=_MARGIN_S)
            firmware, serial = told.value if isinstance(told, Ok) else ("", "")
            return Nameplate(reader, firmware, serial)

    def restart(self) -> None:
        """A new process for the talk with the card service."""
        self._worker.restart()

    def close(self) -> None:
        self._state.closing.set()
        with self._state.turn(Patience(float("inf"))):
            self._worker.close()
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
        self._started(patience.at_most(_START_S))
        grace = patience.at_most(_GRACE_S)
        tries = 0
        wait_s = 0.0
        moved: Failed[CardFailure] | None = None
        while not patience.cancelled:
            seen = self._look(min(wait_s, patience.left_s), patience)
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

    def _look(self, wait_s: float, patience: Patience) -> Ok[Pad] | Failed[CardFailure]:
        """What is on the reader; every call brings the status up to date."""
        self._present = None
        if not self._started(patience.at_most(_START_S)):
            self._session = None
            return Failed(CardFailure.SERVICE_LOST, "the reader's process is starting")
        seen = self._ask("look", wait_s, deadline_s=wait_s + _MARGIN_S)
        if isinstance(seen, Failed):
            self._session = None
            self._state.replace_fault(_CAUSES.get(seen.reason, Cause.CARD_SERVICE_LOST), seen.detail)
            return Failed(CardFailure.SERVICE_LOST, seen.detail)
        pad: Pad = seen.value
        if pad.reader is None:
            cause = Cause.CARD_LOST if self._seen_reader else Cause.CARD_ABSENT
            self._state.replace_fault(cause, "the card service has no such reader", DeviceState.ABSENT)
            return Failed(CardFailure.READER_LOST, "the card service has no such reader")
        self._seen_reader = True
        self._present = pad.present
        if not (pad.present and self._state.status.cause in _UNTIL_THE_CARD_IS_OUT):
            self._state.ready(pad.reader)
        return Ok(pad)

    def _started(self, patience: Patience) -> bool:
        """Wait for the child to answer; what it is away for is kept as it was said first."""
        while not self._worker.wait_ready(0.0):
            if self._worker.generation:
                self._state.fault(Cause.CARD_RESTARTING, "the reader's process restarts")
            if patience.over or patience.cancelled:
                return False
            self._worker.wait_ready(min(0.1, patience.left_s))
        return True

    def _talk(self, pad: Pad, patience: Patience) -> Ok[CardRead] | Failed[CardFailure]:
        outcome = self._converse(pad, patience)
        if self._tap is not None:
            recorded = self._worker.call("recorded", deadline_s=_MARGIN_S)
            lost = [(Direction.LINE, b"lost", time.monotonic_ns())]
            for piece in recorded.value if isinstance(recorded, Ok) else lost:
                self._tap(*piece)
        return outcome

    def _converse(self, pad: Pad, patience: Patience) -> Ok[CardRead] | Failed[CardFailure]:
        """One conversation. An overrun is the card's, or of another program that holds it."""
        reader = pad.reader or ""
        whole = patience.left_s >= self._conversation_s
        outcome = self._ask(
            "read",
            reader,
            self.applications,
            deadline_s=min(self._conversation_s, patience.left_s),
            patience=patience,
        )
        if isinstance(outcome, Ok):
            self._state.ready(reader)
            return Ok(self._card_read(pad, outcome.value))
        if outcome.reason is CardFailure.SERVICE_REFUSED:
            self._state.replace_fault(Cause.CARD_SERVICE_REFUSED, outcome.detail)
        if outcome.reason is not CardFailure.TIMED_OUT:
            return outcome
        if pad.in_use and not self._held.value:
            return Failed(CardFailure.READER_BUSY, "another program holds the card")
        if whole:
            self._state.fault(Cause.CARD_SILENT, "the card does not answer")
        return Failed(CardFailure.TIMED_OUT, "the card does not answer")

    def _card_read(self, pad: Pad, content: Content) -> CardRead:
        session = self._session
        person = hash(content.document)
        if session is None or (session.pad, session.person) != (pad, person):
            session = self._session = _Session(pad, person, uuid4().hex)
        return CardRead(
            session_id=session.id,
            document=content.document,
            photo=content.photo,
            evidence=content.evidence,
            reader_id=f"pcsc:{pad.reader}",
            read_monotonic_ns=time.monotonic_ns(),
        )

    def _ask(
        self, method: str, *arguments: Any, deadline_s: float, patience: Patience | None = None
    ) -> Ok[Any] | Failed[CardFailure]:
        """A request to the child. What the child itself says (`Ok` or `Failed`) is handed on."""
        cancelled = None if patience is None else lambda: patience.cancelled
        answer = self._worker.call(method, *arguments, deadline_s=deadline_s, cancelled=cancelled)
        if isinstance(answer, Ok):
            told: Ok[Any] | Failed[CardFailure] = answer.value
            return told
        match answer.reason:
            case WorkerFailure.TIMED_OUT:
                return Failed(CardFailure.TIMED_OUT, "the card service does not answer")
            case WorkerFailure.CANCELLED:
                return Failed(CardFailure.CANCELLED)
            case WorkerFailure.CRASHED | WorkerFailure.NOT_RUNNING:
                return Failed(CardFailure.SERVICE_LOST, f"the reader's process: {answer.detail}")
