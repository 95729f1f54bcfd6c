"""The printer's end of a USB cable, as a pyusb backend: one bus, one printer, usblp on it."""

from __future__ import annotations

import array
import threading
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any, Final

from usb.backend import IBackend
from usb.core import USBError, USBTimeoutError

from drivers.receipt_printer.port_usb import Bridge
from drivers.receipt_printer.simulated_ends import TICK_S
from drivers.receipt_printer.simulated_usb_bus import OfferedBus, simulated_bridge

_OUT: Final = 0x03
_IN: Final = 0x82
_PACKET: Final = 64
_PIPE_BYTES: Final = 4096
_STRINGS: Final = {1: "Jiujin", 2: "Simulated receipt printer", 3: "SIM0001"}


class UsbEnd(IBackend):  # type: ignore[misc]  # pyusb has no types
    """Implements `FarEnd`; give the driver its `bridge`, which asks this bus from a child process.

    Interface 0 is of the vendor's own class, interface 1 is the printer: setting 0 says it answers
    nothing, setting 1 is bidirectional. `heard` counts the calls that a test asks about.
    """

    says_wait = False
    address = "usb:04b8:0e15:SIM0001"

    def __init__(self) -> None:
        super().__init__()
        self.heard: Counter[str] = Counter()
        self.kernel_driver = True
        self.held_by_another = False
        self.configured = True
        self.opens = threading.Event()
        """Cleared: the system's call that opens the device does not come back."""
        self.opens.set()
        self._stalls_after: int | None = None
        self._taken = 0
        self._plugged = True
        self._to_printer, self._to_host = bytearray(), bytearray()
        self._changed = threading.Condition()
        self._offered = OfferedBus(self)

    @property
    def bridge(self) -> Bridge:
        """How the driver's child finds this bus."""
        return simulated_bridge, (self._offered.path,)

    @property
    def stalled(self) -> bool:
        """Takes nothing now, as a printer with an open cover may."""
        return self._stalls_after is not None and self._taken > self._stalls_after

    def stall_after(self, more_bytes: int | None) -> None:
        """Take about so many bytes more and then nothing; None: take everything again."""
        with self._changed:
            self._stalls_after = None if more_bytes is None else self._taken + more_bytes
            self._changed.notify_all()

    # FarEnd
    def receive(self) -> bytes:
        with self._changed:
            if not self._to_printer:
                self._changed.wait(TICK_S)
            data = bytes(self._to_printer)
            self._to_printer.clear()
            self._changed.notify_all()
            return data

    def send(self, data: bytes) -> None:
        with self._changed:
            if self._plugged:
                self._to_host += data
                self._changed.notify_all()

    def drop(self, *, reset: bool) -> None:
        if reset:
            self.unplug()
            self.plug()

    def plug(self) -> None:
        with self._changed:
            self._plugged, self.kernel_driver = True, True

    def unplug(self) -> None:
        with self._changed:
            self._plugged = False
            self._to_printer.clear()
            self._to_host.clear()
            self._changed.notify_all()

    def close(self) -> None:
        self.unplug()
        self.opens.set()
        self._offered.close()

    # pyusb's backend
    def enumerate_devices(self) -> list[object]:
        return [self] if self._plugged else []

    def get_device_descriptor(self, dev: object) -> Any:  # noqa: ARG002 - pyusb's signature
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=0x04B8,
            idProduct=0x0E15,
            bcdDevice=0x100,
            iManufacturer=1,
            iProduct=2,
            iSerialNumber=3,
            bNumConfigurations=1,
            address=5,
            bus=1,
            port_number=1,
            port_numbers=(1,),
            speed=2,
        )

    def get_configuration_descriptor(self, dev: object, config: int) -> Any:  # noqa: ARG002
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=64,
            bNumInterfaces=2,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=1,
            extra_descriptors=[],
        )

    def get_interface_descriptor(self, dev: object, intf: int, alt: int, config: int) -> Any:  # noqa: ARG002
        kinds = {(0, 0): (0xFF, 0, 0), (1, 0): (7, 1, 1), (1, 1): (7, 1, 2)}
        if (intf, alt) not in kinds:
            raise IndexError
        kind, subclass, protocol = kinds[intf, alt]
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=intf,
            bAlternateSetting=alt,
            bNumEndpoints=(0, 1, 2)[protocol] if kind == 7 else 0,
            bInterfaceClass=kind,
            bInterfaceSubClass=subclass,
            bInterfaceProtocol=protocol,
            iInterface=0,
            extra_descriptors=[],
        )

    def get_endpoint_descriptor(self, dev: object, ep: int, intf: int, alt: int, config: int) -> Any:  # noqa: ARG002
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=(_OUT, _IN)[ep],
            bmAttributes=2,
            wMaxPacketSize=_PACKET,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    def open_device(self, dev: object) -> object:
        self._there("open")
        self.opens.wait()
        return dev

    def close_device(self, dev_handle: object) -> None:  # noqa: ARG002
        self.heard["close"] += 1

    def get_configuration(self, dev_handle: object) -> int:  # noqa: ARG002
        self._there("get_configuration")
        return int(self.configured)

    def set_configuration(self, dev_handle: object, config_value: int) -> None:  # noqa: ARG002
        self._there("set_configuration")
        self.configured = True

    def set_interface_altsetting(self, dev_handle: object, intf: int, altsetting: int) -> None:  # noqa: ARG002
        self._there(f"setting {intf}.{altsetting}")

    def claim_interface(self, dev_handle: object, intf: int) -> None:  # noqa: ARG002
        self._there("claim")
        if self.held_by_another or self.kernel_driver:
            raise USBError("Resource busy", -6, 16)

    def release_interface(self, dev_handle: object, intf: int) -> None:  # noqa: ARG002
        self._there("release")

    def is_kernel_driver_active(self, dev_handle: object, intf: int) -> bool:  # noqa: ARG002
        self._there("is_active")
        return self.kernel_driver

    def detach_kernel_driver(self, dev_handle: object, intf: int) -> None:  # noqa: ARG002
        self._there("detach")
        self.kernel_driver = False

    def attach_kernel_driver(self, dev_handle: object, intf: int) -> None:  # noqa: ARG002
        self._there("attach")
        self.kernel_driver = True

    def ctrl_transfer(
        self,
        dev_handle: object,  # noqa: ARG002
        bmRequestType: int,  # noqa: N803 - pyusb's names
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: ARG002, N803
        data: Any,
        timeout: int,  # noqa: ARG002
    ) -> int:
        self._there("control")
        if (bmRequestType, bRequest) == (0x21, 2):
            self.heard["soft_reset"] += 1
            return 0
        index = wValue & 0xFF
        text = b"\x09\x04" if index == 0 else _STRINGS[index].encode("utf-16-le")
        answer = array.array("B", bytes((len(text) + 2, 3)) + text)
        data[: len(answer)] = answer
        return len(answer)

    def bulk_write(self, dev_handle: object, ep: int, intf: int, data: Any, timeout: int) -> int:  # noqa: ARG002
        if ep != _OUT or timeout <= 0:
            raise USBError("Invalid parameter", -2, 22)
        deadline = time.monotonic() + timeout / 1000
        with self._changed:
            while True:
                self._there("write")
                room = 0 if self.stalled else _PIPE_BYTES - len(self._to_printer)
                if room > 0:
                    done = min(room, len(data))
                    self._to_printer += bytes(data)[:done]
                    self._taken += done
                    self._changed.notify_all()
                    return done
                if not self._changed.wait(deadline - time.monotonic()):
                    raise USBTimeoutError("Operation timed out", -7, 110)

    def bulk_read(self, dev_handle: object, ep: int, intf: int, buff: Any, timeout: int) -> int:  # noqa: ARG002
        if ep != _IN or timeout <= 0 or len(buff) < _PACKET:
            raise USBError("Overflow", -8, 75)
        with self._changed:
            self._there("read")
            if not self._to_host:
                self._changed.wait(timeout / 1000)
            self._there("read")
            if not self._to_host:
                raise USBTimeoutError("Operation timed out", -7, 110)
            taken = array.array("B", bytes(self._to_host[: len(buff)]))
            del self._to_host[: len(buff)]
            buff[: len(taken)] = taken
            return len(taken)

    def _there(self, call: str) -> None:
        self.heard[call] += 1
        if not self._plugged:
            raise USBError("No such device (it may have been disconnected)", -4, 19)
