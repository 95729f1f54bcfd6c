"""The bulk endpoints of an SDT reader through pyusb, every failure one value. Untested on hardware.

Firmware differs, so the endpoints come from the descriptors. Where there are two in a direction,
the first carries preamble and LEN and the second the rest; where there is one, it carries all.
Every transfer has a time-out; opening has none in libusb, so `usb_link` keeps this in a child.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, Final

import usb.core
import usb.util

from drivers import usb_device
from drivers.card_reader.link import LinkFailure
from drivers.card_reader.protocol import HEADER_SIZE, PREAMBLE
from drivers.card_reader.usb_address import UsbAddress
from drivers.contract import Failed, Ok

_READ_MS: Final = 50
_FLUSH_MS: Final = 2
_WRITE_MS: Final = 1000
_TRANSFER: Final = 4096
_FLUSHES: Final = 16
_BY_ERRNO: Final = {
    errno.EACCES: LinkFailure.DENIED,
    errno.EPERM: LinkFailure.DENIED,
    errno.EBUSY: LinkFailure.HELD,
    errno.ENODEV: LinkFailure.ABSENT,
    errno.ENOENT: LinkFailure.ABSENT,
}


@dataclass(frozen=True, slots=True)
class _Pipes:
    """An open device with its endpoint addresses in their order."""

    device: Any
    outward: tuple[int, ...]
    inward: tuple[int, ...]


class UsbPort:
    """What `Link` does, without what only the parent process knows."""

    def __init__(self, address: UsbAddress, backend: Any = None) -> None:
        self._address = address
        self._backend = backend
        self._pipes: _Pipes | None = None
        self._head = b""
        self._owed = 0

    def open(self) -> Failed[LinkFailure] | None:
        if self._pipes is not None:
            return None
        device = None
        try:
            device = self._find()
            if device is None:
                return Failed(LinkFailure.ABSENT, f"{self._address.text}: absent")
            self._pipes = _take(device)
        except usb.core.NoBackendError:
            return Failed(LinkFailure.ABSENT, f"{self._address.text}: libusb-1.0 is not installed")
        except usb.core.USBError as error:
            if device is not None:
                usb_device.release(device)
            return self._failed(_BY_ERRNO.get(error.errno or 0, LinkFailure.LOST), error)
        if self._pipes is None:
            usb_device.release(device)
            return Failed(LinkFailure.ABSENT, f"{self._address.text}: it has no bulk endpoints")
        self._head, self._owed = b"", 0
        return None

    def close(self) -> None:
        pipes, self._pipes = self._pipes, None
        if pipes is not None:
            usb_device.release(pipes.device)

    def write(self, data: bytes) -> Failed[LinkFailure] | None:
        pipes = self._pipes
        if pipes is None:
            return Failed(LinkFailure.LOST, f"{self._address.text}: not open")
        pieces = (data[:HEADER_SIZE], data[HEADER_SIZE:]) if len(pipes.outward) > 1 else (data,)
        try:
            self._flush(pipes)
            for endpoint, piece in zip(pipes.outward, pieces, strict=False):
                if pipes.device.write(endpoint, piece, _WRITE_MS) != len(piece):
                    self.close()
                    return Failed(LinkFailure.LOST, f"{self._address.text}: a write stalled")
        except usb.core.USBError as error:
            return self._lost(error)
        return None

    def read(self) -> Ok[bytes] | Failed[LinkFailure]:
        """What one endpoint gives within 50 ms: the second one only as long as it owes a body."""
        pipes = self._pipes
        if pipes is None:
            return Failed(LinkFailure.LOST, f"{self._address.text}: not open")
        try:
            data = _receive(pipes.device, pipes.inward[1 if self._owed else 0], _READ_MS)
        except usb.core.USBError as error:
            return self._lost(error)
        if len(pipes.inward) > 1:
            self._count(data)
        return Ok(data)

    def _count(self, data: bytes) -> None:
        """Where the next bytes come from: a header names how many the other endpoint owes."""
        if self._owed:
            self._owed = max(0, self._owed - len(data))
            return
        self._head = (self._head + data)[-HEADER_SIZE:]
        if len(self._head) == HEADER_SIZE and self._head.startswith(PREAMBLE):
            self._owed = int.from_bytes(self._head[len(PREAMBLE) :], "big")
            self._head = b""

    def _flush(self, pipes: _Pipes) -> None:
        self._head, self._owed = b"", 0
        for endpoint in pipes.inward:
            for _ in range(_FLUSHES):
                if not _receive(pipes.device, endpoint, _FLUSH_MS):
                    break

    def _find(self) -> Any:
        """The device, or None. USBError when one is there and its serial number cannot be asked."""
        locked = False
        for vendor, product in self._address.ids:
            for device in usb.core.find(
                find_all=True, idVendor=vendor, idProduct=product, backend=self._backend
            ):
                if self._address.serial is None:
                    return device
                try:
                    if device.serial_number == self._address.serial:
                        return device
                except ValueError:  # no string descriptors, which is also how no permission looks
                    locked = True
                usb_device.release(device)
        if locked:
            raise usb.core.USBError("its serial number cannot be read", errno=errno.EACCES)
        return None

    def _lost(self, error: usb.core.USBError) -> Failed[LinkFailure]:
        self.close()
        return self._failed(LinkFailure.LOST, error)

    def _failed(self, failure: LinkFailure, error: usb.core.USBError) -> Failed[LinkFailure]:
        return Failed(failure, f"{self._address.text}: {failure.value} ({usb_device.words(error)})")


def _take(device: Any) -> _Pipes | None:
    """Configure the device, take its interface from the kernel's driver and claim it."""
    for interface in usb_device.configuration(device):
        outward = _bulk(interface, usb.util.ENDPOINT_OUT)
        inward = _bulk(interface, usb.util.ENDPOINT_IN)
        if not outward or not inward:
            continue
        number = interface.bInterfaceNumber
        usb_device.detach(device, number)
        usb.util.claim_interface(device, number)
        for endpoint in (*outward, *inward):
            device.clear_halt(endpoint)  # an earlier program may have left it stalled
        return _Pipes(device, outward, inward)
    return None


def _bulk(interface: Any, direction: int) -> tuple[int, ...]:
    return tuple(
        sorted(
            endpoint.bEndpointAddress
            for endpoint in interface
            if usb.util.endpoint_type(endpoint.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK
            and usb.util.endpoint_direction(endpoint.bEndpointAddress) == direction
        )
    )


def _receive(device: Any, endpoint: int, timeout_ms: int) -> bytes:
    """One transfer; empty when nothing came in time."""
    try:
        return bytes(device.read(endpoint, _TRANSFER, timeout_ms))
    except usb.core.USBTimeoutError:
        return b""
