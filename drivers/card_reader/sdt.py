"""The reader driver for second-generation identity cards: SDT / SAM_V over a serial port or USB."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from uuid import uuid4

from drivers.card_reader import layout
from drivers.card_reader.contract import CardFailure, CardRead, EncodedPhoto, PhotoFormat
from drivers.card_reader.link import Link
from drivers.card_reader.module_status import Meaning, Reaction, meaning
from drivers.card_reader.newest_address import newest_address
from drivers.card_reader.protocol import Command, split_base, split_fingerprint
from drivers.card_reader.reader_state import Patience, ReaderState
from drivers.card_reader.sam import SamModule
from drivers.contract import Cause, Check, CheckOutcome, DeviceState, DeviceStatus, Failed, Nameplate, Ok
from drivers.evidence import CheckName, evidence

_RECONNECT_S = 1.0
_PROBE_S = 3.0
_RESTART_S = 5.0

_NO_ANSWER = Meaning("no answer", Reaction.RESTART, CardFailure.TIMED_OUT, retries=2)
_LOSSES = 2
"""How often the line may be lost and found again within one read."""
_WITHOUT_FINGERPRINT = (0x21, 0x37)
"""The module knows no READ_FINGERPRINT, or cannot verify the card's: the rest is still to be had."""


class SdtReader:
    """One SDT reader behind a link (for a serial port, /dev/serial/by-id/... keeps it over a replug).

    One command is in flight at a time, each after a flush. `read` has one deadline over all
    its steps. A lost link is opened again within a running read, or by the next `read` or `probe`,
    whatever device its name leads to by then. Times are in seconds: `short_timeout_s` for find,
    select and status, `read_timeout_s` for the read itself (firmware needs 0.3 to 1.5 s), `poll_s`
    between finds. `with_fingerprint` asks with 30 10, for modules whose rules want it; the
    fingerprint itself is dropped unseen. `sam_id` is the printed id of the module that the terminal was
    set up with, "" for the first one since the start: no other module's word makes a card authentic.
    """

    can_detect_removal = False

    def __init__(
        self,
        link: Link,
        *,
        poll_s: float = 0.3,
        short_timeout_s: float = 1.0,
        read_timeout_s: float = 3.0,
        with_fingerprint: bool = False,
        sam_id: str = "",
    ) -> None:
        self._poll_s = poll_s
        self._first_read_command = Command.READ_FINGERPRINT if with_fingerprint else Command.READ_BASE
        self._read_command = self._first_read_command
        self._state = ReaderState()
        self._restart = Event()
        self._module = SamModule(
            link,
            self._state,
            short_timeout_s=short_timeout_s,
            read_timeout_s=read_timeout_s,
            own_sam_id=sam_id,
        )

    def status(self) -> DeviceStatus:
        return self._state.status

    def nameplate(self) -> Nameplate:
        """The module's own number as the serial number; it tells neither model nor firmware."""
        return Nameplate(serial=self._module.sam_id if self._state.status.usable else "")

    def card_present(self) -> bool | None:
        """Always None: "find failed" is the answer for an empty pad and for a card already read."""
        return None

    def probe(self) -> DeviceStatus:
        """Ask the module for its status (up to 3 s); while a read is going on, the last status."""
        with self._turn(Patience(0.0)) as mine:
            if mine and not self._state.closing.is_set():
                self._module.distrust()
                self._module.connect(Patience(_PROBE_S, self._state.closing))
        return self._state.status

    def restart(self) -> None:
        """Release the port, which the next `probe` or `read` opens again; a running read ends as `READER_LOST`.

        Whoever keeps the port longer than 5 s (a call of the system that hangs) releases it when it
        returns; until then `status` and `probe` say `CARD_RESTARTING`.
        """
        self._restart.set()
        with self._turn(Patience(_RESTART_S, self._state.closing)) as mine:
            if not mine and not self._state.closing.is_set():
                self._state.fault(Cause.CARD_RESTARTING, "the port is not released yet")

    def close(self) -> None:
        """End a running read, then release the link."""
        self._state.closing.set()
        with self._state.turn(Patience(float("inf"))):
            self._module.close()
            self._state.closed()

    def read(self, deadline_s: float, cancel: Event) -> Ok[CardRead] | Failed[CardFailure]:
        """See `CardReader.read`.

        A reader that is away is waited for one second, then `READER_LOST`. `CARD_MOVED` also
        when the answer with the card's text was damaged: the module will not read that card
        again until it was lifted.
        """
        patience = Patience(deadline_s, cancel, self._state.closing)
        with self._turn(patience) as mine:
            if patience.cancelled:
                return Failed(CardFailure.CANCELLED)
            if not mine:
                return Failed(CardFailure.READER_BUSY, "another read is going on")
            result = self._read(Patience(patience.left_s, cancel, self._state.closing, self._restart))
            if _is(result, CardFailure.CANCELLED) and not patience.cancelled:
                return Failed(CardFailure.READER_LOST, "the reader restarts")
            return result

    @contextmanager
    def _turn(self, patience: Patience) -> Iterator[bool]:
        """See `ReaderState.turn`. Whoever has the turn does the restart that was asked for, before and after."""
        with self._state.turn(patience) as mine:
            if mine:
                self._restart_if_asked()
            yield mine
            if mine:
                self._restart_if_asked()

    def _restart_if_asked(self) -> None:
        if self._restart.is_set() and not self._state.closing.is_set():
            self._restart.clear()
            self._module.release()
            self._state.fault(Cause.CARD_RESTARTING, "not opened again yet")

    def _read(self, patience: Patience) -> Ok[CardRead] | Failed[CardFailure]:
        failed = self._reconnect(patience)
        result = failed if failed is not None else self._wait_for_card(patience)
        if self._state.status.state is DeviceState.BUSY:
            self._module.tell_ready()
        return result

    def _reconnect(self, patience: Patience) -> Failed[CardFailure] | None:
        grace = patience.at_most(_RECONNECT_S)
        while self._module.open(patience) is not None and not grace.over and not grace.cancelled:
            grace.pause(self._poll_s)
        return Failed(CardFailure.CANCELLED) if patience.cancelled else self._module.connect(patience)

    def _wait_for_card(self, patience: Patience) -> Ok[CardRead] | Failed[CardFailure]:
        """Find, select, read until a card was read, the deadline passed or nothing helps."""
        troubles: Counter[str] = Counter()
        heard = False
        losses = 0
        self._read_command = self._first_read_command
        while True:
            outcome = self._attempt(patience)
            if _is(outcome, CardFailure.READER_LOST) and losses < _LOSSES:
                # wherever it comes back, a card that still lies there counts as new
                losses += 1
                if (failed := self._reconnect(patience)) is not None:
                    return failed
                continue
            if _is(outcome, CardFailure.TIMED_OUT) and not patience.over:
                outcome = _NO_ANSWER
            if not isinstance(outcome, Meaning):
                idle = heard and not troubles and self._state.status.state is not DeviceState.BUSY
                return (
                    Failed(CardFailure.NO_CARD) if _is(outcome, CardFailure.TIMED_OUT) and idle else outcome
                )
            heard = True
            if outcome.reaction is not Reaction.WAIT:
                troubles[outcome.text] += 1
                if (failed := self._handle_trouble(outcome, troubles[outcome.text], patience)) is not None:
                    return failed
            elif troubles:
                return Failed(CardFailure.CARD_MOVED, "; ".join(troubles))
            else:
                patience.pause(self._poll_s)
            if patience.cancelled:
                return Failed(CardFailure.CANCELLED)
            if patience.over:
                return Failed(CardFailure.TIMED_OUT if troubles else CardFailure.NO_CARD)
            if (failed := self._module.connect(patience)) is not None:
                return failed

    def _handle_trouble(self, trouble: Meaning, times: int, patience: Patience) -> Failed[CardFailure] | None:
        """None when it is worth another try."""
        if times > trouble.retries:
            if trouble.fault is not None:
                self._state.replace_fault(trouble.fault, trouble.text)
                self._module.distrust()
            return Failed(trouble.failure, trouble.text)
        if trouble.reset_first and times == trouble.retries:
            self._module.command(Command.RESET, patience)
            self._module.distrust()
        return None

    def _attempt(self, patience: Patience) -> Ok[CardRead] | Failed[CardFailure] | Meaning:
        """One find -> select -> read; a status that is not success comes back as its meaning."""
        data = b""
        read_command = self._read_command
        for command in (Command.FIND, Command.SELECT, read_command):
            answer = self._module.command(command, patience)
            if isinstance(answer, Failed):
                return answer
            found = meaning(answer.value.status)
            if command is Command.READ_FINGERPRINT and answer.value.status in _WITHOUT_FINGERPRINT:
                self._read_command = Command.READ_BASE
                return meaning(0x37)
            if found.reaction is not Reaction.PROCEED:
                return found
            self._state.busy()
            data = answer.value.data
        return self._accept(data, read_command, patience)

    def _accept(
        self, data: bytes, command: Command, patience: Patience
    ) -> Ok[CardRead] | Failed[CardFailure]:
        parts = split_base(data) if command is Command.READ_BASE else split_fingerprint(data)
        if isinstance(parts, Failed):
            return parts
        text, photo = parts.value
        decoded = layout.decode(text)
        if isinstance(decoded, Failed):
            return decoded
        read_monotonic_ns = time.monotonic_ns()
        module, doubt = self._module.identity, self._module.doubt
        document, address_check = newest_address(self._module, decoded.value, patience)
        if patience.cancelled:
            return Failed(CardFailure.CANCELLED)
        return Ok(
            CardRead(
                session_id=uuid4().hex,
                document=document,
                photo=EncodedPhoto(PhotoFormat.WLT, photo),
                evidence=_evidence(module, doubt, address_check),
                reader_id=f"sdt:{module}",
                read_monotonic_ns=read_monotonic_ns,
            )
        )


def _is(outcome: object, reason: CardFailure) -> bool:
    return isinstance(outcome, Failed) and outcome.reason is reason


def _evidence(module: str, doubt: str, address: Check) -> tuple[Check, ...]:
    """The module proves the card to itself and hands over plain text: nothing to verify, now or later.

    So its answer is worth what the module is: its own one's word is taken by the terminal, any other's not.
    """
    word = (CheckOutcome.NOT_DONE, doubt)
    if not doubt:
        word = (CheckOutcome.PASSED, f"by the word of module {module} (90), nothing to verify")
    return evidence(
        {
            CheckName.READ: (CheckOutcome.PASSED, "checksum: XOR, guards against line errors only"),
            CheckName.SIGNATURE: (CheckOutcome.NOT_DONE, "the module gives none to the terminal"),
            CheckName.TRUSTED_CHAIN: word,
            CheckName.CLONE_CHECK: word,
            CheckName.LOSS_REPORT: (CheckOutcome.NOT_DONE, "not asked"),
            CheckName.NEWEST_ADDRESS: (address.outcome, address.detail),
        }
    )
