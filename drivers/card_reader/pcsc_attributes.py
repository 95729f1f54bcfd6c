"""What a reader's driver tells of it through pcscd. Any call may block as long as another program's transaction."""

from __future__ import annotations

from typing import Final

from smartcard import scard

from drivers.card_reader.contract import CardFailure
from drivers.card_reader.pcsc_codes import SUCCESS, failure, settled
from drivers.contract import Failed, Ok

_VERSION_SIZE: Final = 4


def attributes(context: int, reader: str) -> Ok[tuple[str, str]] | Failed[CardFailure]:
    """Firmware version and serial number, "" for what the driver does not tell. No card is needed or woken."""
    code, rest = settled(scard.SCardConnect(context, reader, scard.SCARD_SHARE_DIRECT, 0))
    if code != SUCCESS:
        return failure(code, "connect to the reader")
    handle = rest[0]
    try:
        version = _attribute(handle, scard.SCARD_ATTR_VENDOR_IFD_VERSION)
        serial = _attribute(handle, scard.SCARD_ATTR_VENDOR_IFD_SERIAL_NO)
    finally:
        scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
    return Ok((version_text(version), serial.rstrip(b"\0").decode("ascii", "replace").strip()))


def version_text(version: bytes) -> str:
    """PC/SC part 3: 0xMMmmbbbb as a native (little-endian) word -> major.minor.build; "" for another size."""
    if len(version) != _VERSION_SIZE:
        return ""
    number = int.from_bytes(version, "little")
    return f"{number >> 24}.{number >> 16 & 0xFF}.{number & 0xFFFF}"


def _attribute(handle: int, name: int) -> bytes:
    code, rest = settled(scard.SCardGetAttrib(handle, name))
    return bytes(rest[0]) if code == SUCCESS else b""
