"""The child's half of a printer on USB: bulk transfers on one side, a socket to the terminal on the other."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

import usb.core
import usb.util

from drivers import usb_device
from drivers.contract import Failed, Ok
from drivers.receipt_printer.address import UsbAddress

PRINTER_CLASS: Final = 7
_BIDIRECTIONAL: Final = 2
"""bInterfaceProtocol with a status endpoint. 1 answers nothing; 3 and 4 wrap the bytes in a protocol."""

_SOFT_RESET: Final = (0x21, 2)
"""Request of the printer class: drop all buffers."""

_TRANSFER_BYTES: Final = 4096
_TRANSFER_MS: Final = 1000
"""For one transfer: at `SocketPort.bytes_per_s` one takes half of it. The whole write has its own deadline."""
_READ_MS: Final = 100
_EMPTY_PAUSE_S: Final = 0.01
"""Some printers answer every read at once with nothing."""
_CONNECT_S: Final = 2.0
_END_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Claimed:
    """The interface to speak to; endpoint addresses, `packet` the IN endpoint's packet in bytes."""

    device: Any
    interface: int
    setting: int
    out: int
    in_: int
    packet: int
    reattach: bool = False


class UsbBridge:
    """Lives in a child process. One printer is open at a time; a new opening lets go of the last.

    `backend`: pyusb's, None for the system's libusb.
    """

    def __init__(self, address: UsbAddress, backend: Any = None) -> None:
        self._address = address
        self._backend = backend
        self._claimed: _Claimed | None = None
        self._pumps: tuple[threading.Thread, ...] = ()
        self._ends = threading.Event()
        self._line: socket.socket | None = None

    def open(self) -> Ok[str] | Failed[str]:
        """Claim the printer; the name of the abstract Unix socket that leads to it, for one connection."""
        self.close(discard=False)
        claimed = _claim(self._address, self._backend)
        if isinstance(claimed, Failed):
            return claimed
        self._claimed = claimed.value
        name = f"jiujin-usb-printer-{secrets.token_hex(16)}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(f"\0{name}")
        listener.listen(1)
        listener.settimeout(_CONNECT_S)
        self._ends.clear()
        self._pumps = (threading.Thread(target=self._serve, args=(listener, claimed.value), daemon=True),)
        self._pumps[0].start()
        return Ok(name)

    def close(self, discard: bool) -> None:
        """Stop, drop what the printer has not printed if asked to, and let go. TimeoutError: it hangs."""
        claimed, self._claimed = self._claimed, None
        if claimed is None:
            return
        self._ends.set()
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
        for pump in self._pumps:
            pump.join(_END_S)
            if pump.is_alive():
                raise TimeoutError
        if discard:
            # Not every printer knows it, and a printer that is gone has no buffers.
            with contextlib.suppress(usb.core.USBError):
                claimed.device.ctrl_transfer(*_SOFT_RESET, 0, claimed.interface, None, _TRANSFER_MS)
        _let_go(claimed)

    def _serve(self, listener: socket.socket, claimed: _Claimed) -> None:
        """Bring bytes both ways until one side is gone; then the other side learns it by the closed socket."""
        with listener:
            try:
                line, _ = listener.accept()
            except OSError:
                return  # nobody came
        with line:
            if _peer(line) != os.getppid():
                return
            self._line = line
            inward = threading.Thread(target=self._bring_in, args=(line, claimed), daemon=True)
            inward.start()
            self._take_out(line, claimed)
            self._ends.set()
            inward.join()
            self._line = None

    def _take_out(self, line: socket.socket, claimed: _Claimed) -> None:
        while not self._ends.is_set():
            try:
                rest = memoryview(line.recv(_TRANSFER_BYTES))
                if not rest:
                    return
                while rest and not self._ends.is_set():
                    rest = rest[_written(claimed, rest) :]
            except (OSError, usb.core.USBError):  # gone, on one side or the other
                return

    def _bring_in(self, line: socket.socket, claimed: _Claimed) -> None:
        try:
            while not self._ends.is_set():
                if data := _read(claimed):
                    line.sendall(data)
        except (OSError, usb.core.USBError):
            pass  # gone, on one side or the other: the other pump is woken and ends as well
        finally:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


def _written(claimed: _Claimed, data: memoryview) -> int:
    try:
        return int(claimed.device.write(claimed.out, bytes(data), _TRANSFER_MS))
    except usb.core.USBTimeoutError:
        return 0


def _read(claimed: _Claimed) -> bytes:
    try:
        # A whole packet at least: a shorter buffer overflows.
        data = bytes(claimed.device.read(claimed.in_, max(claimed.packet, 64), _READ_MS))
    except usb.core.USBTimeoutError:
        return b""
    if not data:
        time.sleep(_EMPTY_PAUSE_S)
    return data


def _peer(line: socket.socket) -> int:
    """The process at the other end of a Unix socket."""
    size = struct.calcsize("3i")
    pid, _, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(pid)


def _claim(address: UsbAddress, backend: Any) -> Ok[_Claimed] | Failed[str]:
    """Find the one printer that is meant, and claim the interface that its descriptors name."""
    try:
        found = [one for one in usb.core.find(find_all=True, backend=backend) if _matches(one, address)]
    except usb.core.NoBackendError:
        return Failed("libusb is not installed")
    except usb.core.USBError as error:
        return Failed(usb_device.words(error))
    if len(found) != 1:
        several = f"{len(found)} USB printers, name one by usb:VID:PID:serial"
        return Failed(several if found else "no USB printer")
    device = found[0]
    with contextlib.ExitStack() as undo:
        undo.callback(usb_device.release, device)
        try:
            named = _interface(device)
            if named is None:
                return Failed("the printer has no interface that answers")
            detached = usb_device.detach(device, named.interface)
            if detached:
                undo.callback(usb_device.reattach, device, named.interface)
            usb.util.claim_interface(device, named.interface)
            if named.setting:
                device.set_interface_altsetting(named.interface, named.setting)
        except usb.core.USBError as error:
            return Failed(usb_device.words(error))
        undo.pop_all()
    return Ok(_Claimed(device, named.interface, named.setting, named.out, named.in_, named.packet, detached))


def _let_go(claimed: _Claimed) -> None:
    with contextlib.suppress(usb.core.USBError):
        usb.util.release_interface(claimed.device, claimed.interface)
    if claimed.reattach:
        usb_device.reattach(claimed.device, claimed.interface)
    usb_device.release(claimed.device)


def _matches(device: Any, address: UsbAddress) -> bool:
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
        usb_device.release(device)


def _interface(device: Any) -> _Claimed | None:
    """The first bidirectional setting of the printer class, with one bulk endpoint each way."""
    for interface in usb_device.configuration(device):
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
            return _Claimed(
                device,
                interface.bInterfaceNumber,
                interface.bAlternateSetting,
                outs[0].bEndpointAddress,
                ins[0].bEndpointAddress,
                ins[0].wMaxPacketSize,
            )
    return None
