"""pyusb's view of `SimulatedUsbReader`: one device on one bus, or none."""

# ruff: noqa: ARG002 - pyusb prescribes the arguments, one device needs few of them

from __future__ import annotations

import array
import errno
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import usb.backend
import usb.core

from drivers.card_reader.simulated_usb import UsbNature, message
from drivers.card_reader.usb_address import UsbAddress
from drivers.card_reader.usb_port import UsbPort

_LANGUAGE = 0x0409
_BULK = 2
_PACKET = 64


def simulated_port(address: UsbAddress, path: str) -> UsbPort:
    """A `UsbPort` on a simulated bus, for a child process."""
    return UsbPort(address, SimulatedUsbBackend(path))


class _Handle:
    """An open device: its socket, and what came from endpoints that nobody has read yet."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self._received = bytearray()
        self._waiting: deque[tuple[int, bytes]] = deque()
        try:
            self.socket.connect(path)
            self.socket.settimeout(1.0)
            while b"\n" not in self._received:
                self._receive()
        except OSError as error:
            self.socket.close()
            raise _gone() from error
        line, _, rest = bytes(self._received).partition(b"\n")
        self._received = bytearray(rest)
        fields = json.loads(line)
        self.nature = UsbNature(**{**fields, "endpoints": tuple(fields["endpoints"])})

    def read(self, endpoint: int, timeout_s: float) -> bytes:
        ends_s = time.monotonic() + timeout_s
        while True:
            for index, (source, data) in enumerate(self._waiting):
                if source in (0, endpoint):
                    del self._waiting[index]
                    if source == 0:
                        raise usb.core.USBError("injected", errno=int.from_bytes(data, "big"))
                    return data
            left_s = ends_s - time.monotonic()
            if left_s <= 0:
                raise usb.core.USBTimeoutError("nothing came", errno=errno.ETIMEDOUT)
            self.socket.settimeout(left_s)
            try:
                self._receive()
            except TimeoutError:
                continue
            except OSError as error:
                raise _gone() from error
            self._sort()

    def _receive(self) -> None:
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionResetError
        self._received += chunk

    def _sort(self) -> None:
        while len(self._received) >= 3:
            size = 3 + int.from_bytes(self._received[1:3], "big")
            if len(self._received) < size:
                return
            self._waiting.append((self._received[0], bytes(self._received[3:size])))
            del self._received[:size]


class SimulatedUsbBackend(usb.backend.IBackend):  # type: ignore[misc]  # pyusb has no type information
    """Only what `UsbPort` makes pyusb ask for."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self.detached = 0
        """How often a kernel driver was told to let go."""

    def enumerate_devices(self) -> Iterator[UsbNature]:
        try:
            handle = _Handle(self._path)
        except usb.core.USBError:
            return
        handle.socket.close()
        yield handle.nature

    def get_device_descriptor(self, dev: UsbNature) -> Any:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0110, bDeviceClass=0, bDeviceSubClass=0,
            bDeviceProtocol=0, bMaxPacketSize0=8, idVendor=dev.vendor, idProduct=dev.product,
            bcdDevice=0x0100, iManufacturer=0, iProduct=0, iSerialNumber=3, bNumConfigurations=1,
            address=1, bus=1, port_number=1, port_numbers=(1,), speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: UsbNature, config: int) -> Any:
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=0, bNumInterfaces=1, bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0x80, bMaxPower=50, extra_descriptors=b"",
        )  # fmt: skip

    def get_interface_descriptor(self, dev: UsbNature, intf: int, alt: int, config: int) -> Any:
        if intf or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0,
            bNumEndpoints=len(dev.endpoints), bInterfaceClass=0xFF, bInterfaceSubClass=0,
            bInterfaceProtocol=0, iInterface=0, extra_descriptors=b"",
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: UsbNature, ep: int, intf: int, alt: int, config: int) -> Any:
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=dev.endpoints[ep], bmAttributes=_BULK,
            wMaxPacketSize=_PACKET, bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=b"",
        )  # fmt: skip

    def open_device(self, dev: UsbNature) -> _Handle:
        if dev.denied:
            raise usb.core.USBError("Access denied", errno=errno.EACCES)
        if dev.hangs:
            threading.Event().wait()
        handle = _Handle(self._path)
        self._configured = dev.configured
        self._kernel_driver = dev.kernel_driver
        return handle

    def close_device(self, dev_handle: _Handle) -> None:
        dev_handle.socket.close()

    def get_configuration(self, dev_handle: _Handle) -> int:
        return int(self._configured)

    def set_configuration(self, dev_handle: _Handle, config_value: int) -> None:
        self._configured = True

    def is_kernel_driver_active(self, dev_handle: _Handle, intf: int) -> bool:
        return self._kernel_driver

    def detach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        self.detached += 1
        self._kernel_driver = False

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        if dev_handle.nature.held or self._kernel_driver:
            raise usb.core.USBError("Resource busy", errno=errno.EBUSY)

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        return None

    def clear_halt(self, dev_handle: _Handle, ep: int) -> None:
        return None

    def bulk_write(self, dev_handle: _Handle, ep: int, intf: int, data: Any, timeout: int) -> int:
        try:
            dev_handle.socket.sendall(message(ep, bytes(data)))
        except OSError as error:
            raise _gone() from error
        return len(data)

    def bulk_read(self, dev_handle: _Handle, ep: int, intf: int, buff: array.array[int], timeout: int) -> int:
        data = dev_handle.read(ep, timeout / 1000)
        buff[: len(data)] = array.array("B", data)
        return len(data)

    def ctrl_transfer(
        self,
        dev_handle: _Handle,
        bmRequestType: int,  # noqa: N803
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: array.array[int],
        timeout: int,
    ) -> int:
        """GET_DESCRIPTOR for the languages and the serial number."""
        text = (
            _LANGUAGE.to_bytes(2, "little")
            if wValue & 0xFF == 0
            else dev_handle.nature.serial.encode("utf-16-le")
        )
        answer = bytes([2 + len(text), 3]) + text
        data[: len(answer)] = array.array("B", answer)
        return len(answer)


def _gone() -> usb.core.USBError:
    return usb.core.USBError("No such device (it may have been disconnected)", errno=errno.ENODEV)
