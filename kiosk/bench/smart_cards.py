"""The resident's slot of a PC/SC reader on the bench: a social-security card in it, and what can go wrong.

All of it happens at the far end of pcscd: in the card, in another program, or at the reader's plug.
"""

from __future__ import annotations

from typing import Literal

from drivers.card_reader.contract import Document
from drivers.card_reader.virtual_card import CardFault, VirtualCard
from drivers.card_reader.virtual_rival import Habit, Rival
from drivers.card_reader.virtual_service import (
    READER_NAME,
    SECOND_READER_NAME,
    ServiceFailure,
    VirtualService,
    VirtualSlot,
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


class SmartCardSlot:
    """The reader's second slot; the helper's card goes into the first. `service` runs already."""

    def __init__(self, service: VirtualService) -> None:
        self._service = service
        self._rival = Rival(SECOND_READER_NAME)
        self._slot = VirtualSlot(service, 1)
        self._card: VirtualCard | None = None
        self._fault: CardFault | None = None

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
        """Put the card in until the service sees it. Raises OSError when it never does."""
        self.take()
        card = VirtualCard(VirtualSocialSecurityCard(document), slot=1)
        card.misbehave(self._fault)
        self._slot.put(card)
        self._card = card

    def take(self) -> None:
        self._slot.take()
        self._card = None

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
