"""kiosk.ini's `port` -> the link that it names."""

from __future__ import annotations

from drivers.card_reader import usb_address
from drivers.card_reader.link import Link
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.tapped_link import TappedLink
from drivers.card_reader.usb_link import UsbLink
from drivers.tap import Tap


def link_to(port: str, baud_rate: int, tap: Tap | None = None) -> Link:
    """A path is a serial port, `usb:` a device. Nothing is opened yet. ValueError for a malformed `usb:`."""
    link: Link
    if port.startswith(usb_address.SCHEME):
        link = UsbLink(usb_address.parse(port))
    else:
        link = SerialLink(port, baud_rate)
    return link if tap is None else TappedLink(link, tap)
