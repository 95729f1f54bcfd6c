"""What can be checked about a card or token, and what follows from it.

The levels stay separate: a chip may be read whole and be a clone, a signature may be right and its
signer unknown. Every reader states every level (`evidence`), and how much the checks together are
worth (`assurance`) is derived from them each time, never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum

from drivers.contract import Check, CheckOutcome


class CheckName(StrEnum):
    """The closed vocabulary of evidence; how a check was done stands in its detail."""

    READ = "read"
    """The fields came whole over the wire (frame checksum, length, access by BAC or PACE)."""
    INTEGRITY = "integrity"
    """They are the fields that were issued: hashes as stored in a signed object."""
    SIGNATURE = "signature"
    """The signature over those hashes, or over our challenge, is mathematically right."""
    TRUSTED_CHAIN = "trusted_chain"
    """Whoever signed or authenticated leads to a root that this terminal was given (date, CRL)."""
    CLONE_CHECK = "clone_check"
    """The chip proved a key that cannot be copied (active or chip authentication, a SAM's mutual one)."""
    HOLDER_CHECK = "holder_check"
    """The holder proved to be the holder to the chip itself, by a PIN."""
    LOSS_REPORT = "loss_report"
    """The issuer was asked whether the card was reported lost."""
    NEWEST_ADDRESS = "newest_address"
    """The address is the newest that the chip holds, not the one printed when the card was made."""


class Assurance(IntEnum):
    """How far the evidence reaches; ordered, so that a service can ask for one at least."""

    LOW = 1
    """Read, and no more: anybody with a card writer can make such a card."""
    SUBSTANTIAL = 2
    """The data is the issuer's, but the chip may be a copy (passive authentication alone)."""
    HIGH = 3
    """The chip itself was authenticated under a trusted root."""


def evidence(outcomes: Mapping[CheckName, tuple[CheckOutcome, str]]) -> tuple[Check, ...]:
    """One check for every name, in the order of `CheckName`; what is not given was not done."""
    silent = (CheckOutcome.NOT_DONE, "")
    return tuple(Check(name, *outcomes.get(name, silent)) for name in CheckName)


_ABOUT_CONTENT = frozenset({CheckName.NEWEST_ADDRESS})
"""Says how fresh a field is, nothing about whether the card is genuine."""


def assurance(checks: tuple[Check, ...]) -> Assurance:
    """What the checks of one read are worth. A failed one, whichever, leaves nothing but `LOW`."""
    passed = {check.name for check in checks if check.outcome is CheckOutcome.PASSED}
    if any(check.outcome is CheckOutcome.FAILED and check.name not in _ABOUT_CONTENT for check in checks):
        return Assurance.LOW
    if {CheckName.READ, CheckName.TRUSTED_CHAIN, CheckName.CLONE_CHECK} <= passed:
        return Assurance.HIGH
    if {CheckName.READ, CheckName.INTEGRITY, CheckName.SIGNATURE, CheckName.TRUSTED_CHAIN} <= passed:
        return Assurance.SUBSTANTIAL
    return Assurance.LOW
