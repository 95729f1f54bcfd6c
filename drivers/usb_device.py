"""What every device behind pyusb needs alike: its configuration, the kernel's driver, a plain word.

libusb's open and claim have no time-out and may crash, so whatever calls this lives in a child
process (`drivers.worker`). `device` is pyusb's `Device`, which has no type information.
"""

from __future__ import annotations

import contextlib
import errno
from typing import Any, Final

import usb.core
import usb.util

HINTS: Final = {
    errno.EBUSY: "; another program holds the device",
    errno.EACCES: "; a udev rule must give the device to the terminal's user",
    errno.EPERM: "; a udev rule must give the device to the terminal's user",
}


def configuration(device: Any) -> Any:
    """The active one; a device that nobody has used yet has none, which pyusb says without a number."""
    try:
        return device.get_active_configuration()
    except usb.core.USBError as error:
        if error.errno is not None:
            raise
    device.set_configuration()
    return device.get_active_configuration()


def detach(device: Any, interface: int) -> bool:
    """Take the interface from the kernel's driver; True when one had it."""
    try:
        if not device.is_kernel_driver_active(interface):
            return False
    except NotImplementedError:
        return False  # a system without kernel drivers to ask
    device.detach_kernel_driver(interface)
    return True


def reattach(device: Any, interface: int) -> None:
    """Whoever used the kernel's driver before finds it again."""
    with contextlib.suppress(usb.core.USBError):
        device.attach_kernel_driver(interface)


def release(device: Any) -> None:
    """Let go of everything; a device that went away has nothing to let go."""
    with contextlib.suppress(usb.core.USBError):
        usb.util.dispose_resources(device)


def words(error: usb.core.USBError) -> str:
    """The error with its number and, where there is one, what to do."""
    return f"USB error {error.errno}: {error.strerror}{HINTS.get(error.errno or 0, '')}"
