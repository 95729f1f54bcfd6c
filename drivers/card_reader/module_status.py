"""SW3, the module's own status byte: what each value means and what the driver does then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.card_reader.contract import CardFailure
from drivers.contract import Cause


class Reaction(StrEnum):
    """What the driver does next."""

    PROCEED = "proceed"
    WAIT = "wait"
    RESEND = "resend"
    RESTART = "restart"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an SW3 stands for: the failure it becomes after `retries`, and the device's fault if any."""

    text: str
    reaction: Reaction
    failure: CardFailure
    retries: int = 0
    reset_first: bool = False
    fault: Cause | None = None


_UNRECOGNISED: Final = Meaning(
    "unrecognised error", Reaction.RESTART, CardFailure.UNREADABLE, 2, reset_first=True
)

_MEANINGS: Final = {
    0x90: Meaning("success", Reaction.PROCEED, CardFailure.UNREADABLE),
    0x91: Meaning("no such item on the card", Reaction.PROCEED, CardFailure.UNREADABLE),
    0x9F: Meaning("card found", Reaction.PROCEED, CardFailure.UNREADABLE),
    0x10: Meaning(
        "request checksum error", Reaction.RESEND, CardFailure.READER_LOST, 2, fault=Cause.CARD_PROTOCOL
    ),
    0x11: Meaning(
        "request length error", Reaction.RESEND, CardFailure.READER_LOST, 2, fault=Cause.CARD_PROTOCOL
    ),
    0x21: Meaning("command error", Reaction.STOP, CardFailure.READER_LOST, fault=Cause.CARD_PROTOCOL),
    0x23: Meaning("not permitted in this order", Reaction.RESTART, CardFailure.UNREADABLE, 2),
    0x24: _UNRECOGNISED,
    0x31: Meaning("card refused the module", Reaction.RESTART, CardFailure.NOT_AUTHENTIC, 1),
    0x32: Meaning("module refused the card", Reaction.STOP, CardFailure.NOT_AUTHENTIC),
    0x33: Meaning("information verification failed", Reaction.STOP, CardFailure.NOT_AUTHENTIC),
    0x37: Meaning("fingerprint verification failed", Reaction.RESTART, CardFailure.UNREADABLE, 1),
    0x3F: Meaning("information length error", Reaction.RESTART, CardFailure.UNREADABLE, 2),
    0x40: Meaning("unrecognised card type", Reaction.STOP, CardFailure.WRONG_CARD),
    0x41: Meaning("reading the card failed", Reaction.RESTART, CardFailure.CARD_MOVED, 2),
    0x47: Meaning("random number failed", Reaction.RESTART, CardFailure.UNREADABLE, 2, reset_first=True),
    0x60: Meaning(
        "module self-test failed", Reaction.STOP, CardFailure.READER_LOST, fault=Cause.CARD_SAM_ERROR
    ),
    0x66: Meaning(
        "module not authorised", Reaction.STOP, CardFailure.VENDOR_UNAUTHORISED, fault=Cause.CARD_UNAUTHORISED
    ),
    0x80: Meaning("no card, or one already read", Reaction.WAIT, CardFailure.NO_CARD),
    0x81: Meaning("selecting the card failed", Reaction.RESTART, CardFailure.CARD_MOVED, 2),
}


def meaning(status: int) -> Meaning:
    """The whole SW3 table; what is not in it counts as 24, unrecognised."""
    return _MEANINGS.get(status, _UNRECOGNISED)


def is_known(status: int) -> bool:
    """Whether the table has it."""
    return status in _MEANINGS
