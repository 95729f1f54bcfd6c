"""The child process of a PC/SC reader: the only place that calls the card service.

One request at a time; a request that blocks is ended with the process, which also gives the context
and the card back.
"""

from __future__ import annotations

from typing import Protocol

from drivers.card_reader.applications import CardApplication, Content
from drivers.card_reader.contract import CardFailure
from drivers.card_reader.conversation import Conversation, Record
from drivers.card_reader.pcsc_attributes import attributes
from drivers.card_reader.pcsc_card import PcscCard, connect
from drivers.card_reader.pcsc_watch import Pad, Watcher
from drivers.contract import Failed, Ok


class Flag(Protocol):
    """A `ctypes.c_bool` in memory that the parent shares."""

    value: bool


class PcscChild:
    """One reader. `held` tells the parent of a blocked `read` whether it has the card for itself."""

    def __init__(self, wanted: str, other: str, held: Flag, record: bool) -> None:
        self._watcher = Watcher(wanted, other)
        self._held = held
        self._conversation = Conversation() if record else None

    def look(self, wait_s: float) -> Ok[Pad] | Failed[CardFailure]:
        """See `Watcher.look`."""
        return self._watcher.look(wait_s)

    def read(
        self, reader: str, applications: tuple[CardApplication, ...]
    ) -> Ok[Content] | Failed[CardFailure]:
        """Let the first application that is on the card read it: a fresh connection, given back.

        Waits, for ever if need be, until no other program holds the card.
        """
        self._held.value = False
        if self._watcher.context is None:
            return Failed(CardFailure.SERVICE_LOST, "no context")
        said = self._conversation
        connected = connect(self._watcher.context, reader, said)
        if isinstance(connected, Failed):
            return connected
        card = connected.value
        outcome: Ok[Content] | Failed[CardFailure] = Failed(CardFailure.SERVICE_LOST)
        if said is not None:
            said.begin(card.t, applications)
        try:
            begun = card.begin()
            if isinstance(begun, Failed):
                outcome = begun
                return begun
            self._held.value = True
            outcome = _read(card, applications, said)
            if isinstance(outcome, Failed) and outcome.reason is CardFailure.UNREADABLE:
                # A card that was out and in again between two polls of pcscd has forgotten what was
                # selected, and nobody says so: everything from the start, once.
                outcome = _read(card, applications, said)
            return outcome
        finally:
            if said is not None:
                said.end("ok" if isinstance(outcome, Ok) else f"failed {outcome.reason.value}")
            card.close()

    def attributes(self, reader: str) -> Ok[tuple[str, str]] | Failed[CardFailure]:
        """See `pcsc_attributes.attributes`."""
        if self._watcher.context is None:
            return Failed(CardFailure.SERVICE_LOST, "no context")
        return attributes(self._watcher.context, reader)

    def recorded(self) -> list[Record]:
        """What passed since the last time, redacted; empty when nothing is to be recorded."""
        return [] if self._conversation is None else self._conversation.take()


def _read(
    card: PcscCard, applications: tuple[CardApplication, ...], said: Conversation | None
) -> Ok[Content] | Failed[CardFailure]:
    for application in applications:
        selected = application.select(card)
        if said is not None:
            said.mask(None)
        if isinstance(selected, Ok):
            outcome = application.read(card)
            if said is not None:
                said.mask(application.redacted)
            return outcome
        if selected.reason is not CardFailure.WRONG_CARD:
            return selected
    return Failed(CardFailure.WRONG_CARD, "the card holds none of the applications that are read here")
