"""The resident's slot of a PC/SC reader on the bench: a social-security card in it, and what can go wrong.

All of it happens at the far end of pcscd: in the card, in another program, or at the reader's plug.
"""

from __future__ import annotations

import time
from typing import Literal

from drivers.card_reader.contract import Document
from drivers.card_reader.virtual_card import CardFault, VirtualCard
from drivers.card_reader.virtual_rival import Habit, Rival
from drivers.card_reader.virtual_service import (
    READER_NAME,
    SECOND_PORT,
    SECOND_READER_NAME,
    ServiceFailure,
    VirtualService,
    card_events,
)
from drivers.card_reader.virtual_social_security import VirtualSocialSecurityCard
from drivers.contract import Failed, Ok
from kiosk.bench.faults import OK, UNPLUGGED

CardKind = Literal["sdt", "pcsc"]
"""What the resident's card reader is, as kiosk.ini says it."""
SMART_CARD: dict[str, CardFault | Habit | None] = {
    OK: None,
    UNPLUGGED: None,
    **{fault.value: fault for fault in CardFault},
    **{habit.value: habit for habit in Habit},
}
"""Fault -> what the card does, or what another program does to it. Each holds until another is chosen."""
HAND_S = 0.6
"""How long a hand takes to change cards at least."""
PUTS_MAX = 3
_SEEN_S = 3.0


class SmartCardSlot:
    """The reader's second slot; the helper's card goes into the first. `service` runs already."""

    def __init__(self, service: VirtualService) -> None:
        self._service = service
        self._rival = Rival(SECOND_READER_NAME)
        self._card: VirtualCard | None = None
        self._fault: CardFault | None = None
        self._taken_s = -HAND_S

    def settings(self) -> dict[tuple[str, str], str]:
        """(section, key) -> value, for kiosk.ini."""
        return {
            ("card_reader", "kind"): "pcsc",
            ("card_reader", "reader_name"): SECOND_READER_NAME,
            ("card_reader", "helper_reader_name"): READER_NAME,
        }

    @property
    def rival_deeds(self) -> int:
        """How often the other program reset a card or took one for itself since it was chosen."""
        return self._rival.deeds

    def put(self, document: Document) -> None:
        """Put the card in until the service sees it. Raises OSError when it never does.

        pcscd looks at a slot every 0.4 s. Another card within that time is no news to it, and a card that
        it takes for the one before may be lost to it for good: it is put in once more, as a hand would.
        """
        self.take()
        card = VirtualCard(VirtualSocialSecurityCard(document), port=SECOND_PORT)
        card.misbehave(self._fault)
        for _ in range(PUTS_MAX):
            time.sleep(max(0.0, self._taken_s + HAND_S - time.monotonic()))
            before = card_events(SECOND_READER_NAME)
            card.insert()
            self._card = card
            if _changes(before):
                return
            self.take()
        message = "the card service does not see the card"
        raise OSError(message)

    def take(self) -> None:
        if self._card is not None:
            self._card.remove()
            self._card = None
            self._taken_s = time.monotonic()

    def set_fault(self, name: str) -> None:
        """Raises KeyError for a fault that there is not, OSError when it cannot be made here."""
        made = SMART_CARD[name]
        self._rival.stop()
        if self._service.plugged is (name == UNPLUGGED):
            self._replug(plugged=name != UNPLUGGED)
        self._fault = made if isinstance(made, CardFault) else None
        if self._card is not None:
            self._card.misbehave(self._fault)
        if isinstance(made, Habit):
            self._rival.start(made)

    def close(self) -> None:
        self._rival.stop()
        self.take()

    def _replug(self, *, plugged: bool) -> None:
        done: Ok[str] | Failed[ServiceFailure] = self._service.plug() if plugged else self._service.unplug()
        if isinstance(done, Failed):
            raise OSError(done.detail or done.reason.value)


def _changes(before: int | None) -> bool:
    """Whether the service noticed in time that a card came."""
    deadline_s = time.monotonic() + _SEEN_S
    while card_events(SECOND_READER_NAME) == before:
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True
