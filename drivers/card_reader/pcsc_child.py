"""The child process of a PC/SC reader: the only place that calls the card service.

One request at a time; a request that blocks is ended with the process, which also gives the context
and the card back.
"""

from __future__ import annotations

from typing import TypeAlias

from drivers.card_reader.applications import CardApplication, Content
from drivers.card_reader.contract import CardFailure
from drivers.card_reader.pcsc_card import PcscCard, connect
from drivers.card_reader.pcsc_watch import Pad, Watcher
from drivers.contract import Failed, Ok
from drivers.tap import Direction

Record: TypeAlias = tuple[Direction, bytes, int]
"""What a `Tap` gets."""


class PcscChild:
    """One reader. `look` at any time; `connect`, `begin`, `converse` in this order for one read."""

    def __init__(self, wanted: str, other: str, record: bool) -> None:
        self._watcher = Watcher(wanted, other)
        self._card: PcscCard | None = None
        self._record = record
        self._records: list[Record] = []

    def look(self, wait_s: float) -> Ok[Pad] | Failed[CardFailure]:
        """See `Watcher.look`."""
        self._give_back()
        return self._watcher.look(wait_s)

    def connect(self, reader: str) -> Ok[None] | Failed[CardFailure]:
        """Power the card and connect to it."""
        self._give_back()
        if self._watcher.context is None:
            return Failed(CardFailure.SERVICE_LOST, "no context")
        tap = (lambda *piece: self._records.append(piece)) if self._record else None
        connected = connect(self._watcher.context, reader, tap)
        if isinstance(connected, Failed):
            return connected
        self._card = connected.value
        return Ok(None)

    def begin(self) -> Ok[None] | Failed[CardFailure]:
        """Wait, for ever if need be, until no other program holds the card."""
        if self._card is None:
            return Failed(CardFailure.CARD_MOVED, "not connected")
        begun = self._card.begin()
        if isinstance(begun, Failed):
            self._give_back()
        return begun

    def converse(self, applications: tuple[CardApplication, ...]) -> Ok[Content] | Failed[CardFailure]:
        """Let the first application that is on the card read it; gives the card back."""
        if self._card is None:
            return Failed(CardFailure.CARD_MOVED, "not connected")
        try:
            outcome = _read(self._card, applications)
            if isinstance(outcome, Failed) and outcome.reason is CardFailure.UNREADABLE:
                # A card that was out and in again between two polls of pcscd has forgotten what was
                # selected, and nobody says so: everything from the start, once.
                outcome = _read(self._card, applications)
            return outcome
        finally:
            self._give_back()

    def recorded(self) -> list[Record]:
        """What passed since the last time, redacted; empty when nothing is to be recorded."""
        records, self._records = self._records, []
        return records

    def _give_back(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            card.close()


def _read(card: PcscCard, applications: tuple[CardApplication, ...]) -> Ok[Content] | Failed[CardFailure]:
    for application in applications:
        selected = application.select(card)
        if isinstance(selected, Ok):
            return application.read(card)
        if selected.reason is not CardFailure.WRONG_CARD:
            return selected
    return Failed(CardFailure.WRONG_CARD, "the card holds none of the applications that are read here")
