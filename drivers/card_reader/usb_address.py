"""How kiosk.ini names a reader on USB: `usb:`, `usb:VID:PID` or `usb:VID:PID:SERIAL`, ids in hex."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SCHEME: Final = "usb:"
KNOWN_IDS: Final = ((0x0400, 0xC35A), (0x0483, 0x5652))
"""The module itself, and a second choice that public programs try."""
_FORM: Final = re.compile(r"usb:(?:([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?::(\S+))?)?")


@dataclass(frozen=True, slots=True)
class UsbAddress:
    """Which device: the first of `ids` that is there, with this serial number if one is given."""

    text: str
    ids: tuple[tuple[int, int], ...]
    serial: str | None = None


def parse(text: str) -> UsbAddress:
    """Raises ValueError for another form."""
    found = _FORM.fullmatch(text)
    if found is None:
        msg = f"a USB reader is usb:, usb:VID:PID or usb:VID:PID:SERIAL, not {text!r}"
        raise ValueError(msg)
    vendor, product, serial = found.groups()
    ids = KNOWN_IDS if vendor is None else ((int(vendor, 16), int(product, 16)),)
    return UsbAddress(text, ids, serial)
