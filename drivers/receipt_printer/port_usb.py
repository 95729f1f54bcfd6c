"""A printer of the USB printer class by libusb. Proved against a simulated bus only: not tried on hardware yet."""

from __future__ import annotations

import contextlib
import errno
import queue
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from drivers.contract import Failed, Ok
from drivers.receipt_printer.address import UsbAddress
from drivers.receipt_printer.port import POLL_S, Port, PortLostError

PRINTER_CLASS: Final = 7
_BIDIRECTIONAL: Final = 2
"""bInterfaceProtocol with a status endpoint. 1 answers nothing; 3 and 4 wrap the bytes in a protocol."""

_SOFT_RESET: Final = (0x21, 2)
"""Request of the printer class: drop all buffers."""

_TRANSFER_BYTES: Final = 4096
_TRANSFER_MS: Final = 1000
"""For one transfer: at `bytes_per_s` one takes half of it. The whole write has its own deadline."""

OPEN_TIMEOUT_S: Final = 3.0
_OPENING = threading.Lock()
_HANDING_OVER = threading.Lock()

_READ_MS: Final = int(POLL_S * 1000)
_HINTS: Final = {
    errno.EBUSY: "; another program holds the printer",
    errno.EACCES: "; a udev rule must give the device to the terminal's user",
}

_EMPTY_PAUSE_S: Final = 0.01
"""Some printers answer every read at once with nothing."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The interface to speak to; endpoint addresses, `packet` the IN endpoint's packet in bytes."""

    interface: int
    setting: int
    out: int
    in_: int
    packet: int


class UsbPort:
    """Implements `Port` on a claimed interface."""

    bytes_per_s = 8_000.0

    def __init__(self, device: Any, found: _Found, *, reattach: bool) -> None:
        self._device = device
        self._found = found
        self._reattach = reattach

    def take(self, data: memoryview) -> int:
        import usb.core

        try:
            return int(self._device.write(self._found.out, bytes(data[:_TRANSFER_BYTES]), _TRANSFER_MS))
        except usb.core.USBTimeoutError:
            return 0
        except usb.core.USBError as error:
            raise PortLostError(_words(error)) from error

    def receive(self) -> bytes:
        import usb.core

        try:
            # A whole packet at least: a shorter buffer overflows.
            data = bytes(self._device.read(self._found.in_, max(self._found.packet, 64), _READ_MS))
        except usb.core.USBTimeoutError:
            return b""
        except usb.core.USBError as error:
            raise PortLostError(_words(error)) from error
        if not data:
            time.sleep(_EMPTY_PAUSE_S)
        return data

    def interrupt(self, *, discard: bool) -> None:
        import usb.core

        if discard:
            # Not every printer knows it, and a printer that is gone has no buffers.
            with contextlib.suppress(usb.core.USBError):
                self._device.ctrl_transfer(*_SOFT_RESET, 0, self._found.interface, None, _TRANSFER_MS)

    def close(self) -> None:
        import usb.core
        import usb.util

        with contextlib.suppress(usb.core.USBError):
            usb.util.release_interface(self._device, self._found.interface)
        if self._reattach:
            _reattach(self._device, self._found.interface)
        usb.util.dispose_resources(self._device)


def open_usb(address: UsbAddress, backend: Any = None) -> Ok[Port] | Failed[str]:
    """Claim the printer interface that the descriptors name. `backend`: pyusb's, None for the system's libusb.

    libusb opens and claims without a time-out, so that is done aside: one that hangs is left
    behind, no second one is begun beside it, and what it opens in the end is closed again.
    """
    if not _OPENING.acquire(timeout=OPEN_TIMEOUT_S):
        return Failed("an earlier opening of the USB printer hangs")
    answer: queue.SimpleQueue[Ok[Port] | Failed[str]] = queue.SimpleQueue()
    wanted = threading.Event()
    wanted.set()

    def work() -> None:
        try:
            opened = _open(address, backend)
            with _HANDING_OVER:
                if wanted.is_set():
                    answer.put(opened)
                elif isinstance(opened, Ok):
                    opened.value.close()
        finally:
            _OPENING.release()

    threading.Thread(target=work, name="receipt-printer-usb-opening", daemon=True).start()
    try:
        return answer.get(timeout=OPEN_TIMEOUT_S)
    except queue.Empty:
        with _HANDING_OVER:
            wanted.clear()
            return Failed("opening the USB printer hangs") if answer.empty() else answer.get()


def _open(address: UsbAddress, backend: Any) -> Ok[Port] | Failed[str]:
    import usb.core

    try:
        devices = [
            found for found in usb.core.find(find_all=True, backend=backend) if _matches(found, address)
        ]
    except usb.core.NoBackendError:
        return Failed("libusb is not installed")
    except usb.core.USBError as error:
        return Failed(_words(error))
    if len(devices) != 1:
        count = (
            f"{len(devices)} USB printers, name one by usb:VID:PID:serial" if devices else "no USB printer"
        )
        return Failed(count)
    return _claim(devices[0])


def _claim(device: Any) -> Ok[Port] | Failed[str]:
    import usb.core
    import usb.util

    with contextlib.ExitStack() as undo:
        undo.callback(usb.util.dispose_resources, device)
        try:
            found = _interface(device)
            if found is None:
                return Failed("the printer has no interface that answers")
            detached = _detach(device, found.interface)
            if detached:
                undo.callback(_reattach, device, found.interface)
            usb.util.claim_interface(device, found.interface)
            if found.setting:
                device.set_interface_altsetting(found.interface, found.setting)
        except usb.core.USBError as error:
            return Failed(_words(error))
        undo.pop_all()
        return Ok(UsbPort(device, found, reattach=detached))


def _matches(device: Any, address: UsbAddress) -> bool:
    import usb.core
    import usb.util

    wanted = (address.vendor, address.product)
    if address.vendor is not None and (device.idVendor, device.idProduct) != wanted:
        return False
    try:
        if not any(setting.bInterfaceClass == PRINTER_CLASS for config in device for setting in config):
            return False
        if address.serial is None:
            return True
        return bool(usb.util.get_string(device, device.iSerialNumber) == address.serial)
    except (usb.core.USBError, ValueError):
        return False  # one that does not tell what it is is not the one that was named
    finally:
        usb.util.dispose_resources(device)


def _interface(device: Any) -> _Found | None:
    """The first bidirectional setting of the printer class, with one bulk endpoint each way."""
    import usb.util

    for interface in _configuration(device):
        if (interface.bInterfaceClass, interface.bInterfaceProtocol) != (PRINTER_CLASS, _BIDIRECTIONAL):
            continue
        bulk = [
            end
            for end in interface
            if usb.util.endpoint_type(end.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK
        ]
        ins = [end for end in bulk if end.bEndpointAddress & usb.util.ENDPOINT_IN]
        outs = [end for end in bulk if not end.bEndpointAddress & usb.util.ENDPOINT_IN]
        if ins and outs:
            return _Found(
                interface.bInterfaceNumber,
                interface.bAlternateSetting,
                outs[0].bEndpointAddress,
                ins[0].bEndpointAddress,
                ins[0].wMaxPacketSize,
            )
    return None


def _configuration(device: Any) -> Any:
    """The active one; a device that nobody has used yet has none, which pyusb says without a number."""
    import usb.core

    try:
        return device.get_active_configuration()
    except usb.core.USBError as error:
        if error.errno is not None:
            raise
    device.set_configuration()
    return device.get_active_configuration()


def _detach(device: Any, interface: int) -> bool:
    """Take the interface from the kernel's usblp; True when it had it."""
    try:
        if not device.is_kernel_driver_active(interface):
            return False
    except NotImplementedError:
        return False  # a system without kernel drivers to ask
    device.detach_kernel_driver(interface)
    return True


def _reattach(device: Any, interface: int) -> None:
    """Whoever used usblp before finds it again."""
    import usb.core

    with contextlib.suppress(usb.core.USBError):
        device.attach_kernel_driver(interface)


def _words(error: Any) -> str:
    return f"USB error {error.errno}: {error.strerror}{_HINTS.get(error.errno, '')}"
