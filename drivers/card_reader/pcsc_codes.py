"""The return codes of PC/SC (winscard) as values."""

from __future__ import annotations

from typing import Any, Final

from drivers.card_reader.contract import CardFailure
from drivers.contract import Failed

SUCCESS: Final = 0
TIMEOUT: Final = 0x8010000A
SHARING_VIOLATION: Final = 0x8010000B
NO_READERS: Final = 0x8010002E
SECURITY_VIOLATION: Final = 0x8010006A
"""polkit refuses this user; for a moment also a service that ends, and for long one that is full (200 clients)."""

# Measured with pyscard 2.3.1: a killed, stopped or restarting pcscd shows as any of these.
SERVICE_LOST: Final = frozenset({0x80100013, 0x8010001D, 0x8010001E, 0x80100003})
_FAILURES: Final = {
    SHARING_VIOLATION: CardFailure.READER_BUSY,
    SECURITY_VIOLATION: CardFailure.SERVICE_REFUSED,
    0x80100068: CardFailure.READER_BUSY,  # another program reset the card
    0x80100069: CardFailure.CARD_MOVED,  # removed
    0x80100016: CardFailure.CARD_MOVED,  # not transacted: the first error after a pull
    0x8010000C: CardFailure.CARD_MOVED,  # no smart card
    0x80100009: CardFailure.READER_LOST,  # unknown reader
    0x80100017: CardFailure.READER_LOST,  # reader unavailable
}


def failure(code: int, step: str) -> Failed[CardFailure]:
    """A code as a value; codes of no special meaning are an unreadable card."""
    reason = CardFailure.SERVICE_LOST if code in SERVICE_LOST else _FAILURES.get(code, CardFailure.UNREADABLE)
    return Failed(reason, f"{step}: 0x{code:08X}")


def settled(result: Any) -> tuple[int, list[Any]]:
    """What `smartcard.scard` returned: the code, and the rest.

    Codes come signed or unsigned, as wide as a C long, and alone where there is no rest.
    """
    if isinstance(result, int):
        return result & 0xFFFFFFFF, []
    code, *rest = result
    return code & 0xFFFFFFFF, rest
