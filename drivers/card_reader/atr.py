"""The answer to reset (ISO/IEC 7816-3): what a card says of itself before the first command."""

from __future__ import annotations

_CATEGORIES = (0x00, 0x80)
"""Historical bytes in compact TLV; after 00 the last three are a status and no TLV."""
_CAPABILITIES = 7
_EXTENDED = 0x40
_STATUS_SIZE = 3


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes; empty when the ATR is cut or has none."""
    if len(atr) < 2:
        return b""
    more, count, at = atr[1] >> 4, atr[1] & 0x0F, 2
    while more:
        has_next = bool(more & 0x08)
        at += more.bit_count()
        if at > len(atr):
            return b""
        more = atr[at - 1] >> 4 if has_next else 0
    return atr[at : at + count]


def takes_extended_length(atr: bytes) -> bool:
    """Whether the third byte of the card capabilities (tag 7x, ISO/IEC 7816-4) announces it."""
    history = historical_bytes(atr)
    if not history or history[0] not in _CATEGORIES:
        return False
    objects = history[1:-_STATUS_SIZE] if history[0] == 0 else history[1:]
    while objects:
        tag, size = objects[0] >> 4, objects[0] & 0x0F
        if tag == _CAPABILITIES and size >= 3 and len(objects) >= 4:
            return bool(objects[3] & _EXTENDED)
        objects = objects[1 + size :]
    return False
