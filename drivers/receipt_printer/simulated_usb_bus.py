"""A simulated bus seen from another process: each call of pyusb goes to the `UsbEnd` of the test.

The driver keeps libusb in a child process, and the simulated printer lives with the test, so pyusb's
calls travel over a Unix socket: name and arguments there, the value or the error back.
"""

from __future__ import annotations

import array
import contextlib
import tempfile
import threading
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Final

from usb.backend import IBackend
from usb.core import USBError, USBTimeoutError

from drivers.receipt_printer.address import UsbAddress
from drivers.receipt_printer.usb_bridge import UsbBridge

_CALLS: Final = (
    "get_device_descriptor", "get_configuration_descriptor", "get_interface_descriptor",
    "get_endpoint_descriptor", "open_device", "close_device", "get_configuration", "set_configuration",
    "set_interface_altsetting", "claim_interface", "release_interface", "is_kernel_driver_active",
    "detach_kernel_driver", "attach_kernel_driver", "bulk_write", "bulk_read", "ctrl_transfer",
)  # fmt: skip
_THE_DEVICE: Final = 0
"""Stands for a device and for its handle: nothing of them is looked at on the other side."""


def simulated_bridge(address: UsbAddress, path: str) -> UsbBridge:
    """A `UsbBridge` on the bus that is offered at `path`, for a child process."""
    return UsbBridge(address, _RemoteBus(path))


class _RemoteBus(IBackend):  # type: ignore[misc]  # pyusb has no types
    """One connection for each thread, since a read waits while another thread writes."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._of_thread = threading.local()

    def enumerate_devices(self) -> list[int]:
        found: list[int] = self.ask("count_devices")
        return found

    def ask(self, name: str, *given: Any) -> Any:
        line = getattr(self._of_thread, "line", None)
        if line is None:
            line = self._of_thread.line = Client(self._path, "AF_UNIX")
        line.send((name, given))
        kind, value = line.recv()
        if kind == "value":
            return value
        raise kind(*value)


def _forward(name: str) -> Any:
    def call(bus: _RemoteBus, *given: Any) -> Any:
        plain = [bytes(one) if isinstance(one, array.array) else one for one in given]
        answer = bus.ask(name, *plain)
        for buffer in given:
            if isinstance(buffer, array.array) and isinstance(answer, bytes):
                buffer[: len(answer)] = array.array("B", answer)
                return len(answer)
        return answer

    return call


for _name in _CALLS:
    setattr(_RemoteBus, _name, _forward(_name))


class OfferedBus:
    """Answers for `bus` (a backend of pyusb in this process) at `path`, until closed."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus
        self._folder = tempfile.TemporaryDirectory(prefix="usb-bus-")
        self.path = str(Path(self._folder.name) / "bus")
        self._listener = Listener(self.path, "AF_UNIX")
        self._closed = False
        self._thread = threading.Thread(target=self._accept, name="usb-bus", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """May be called twice."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            Client(self.path, "AF_UNIX").close()  # wakes the one who waits for a caller
        self._thread.join()
        self._listener.close()
        self._folder.cleanup()

    def _accept(self) -> None:
        while True:
            line = self._listener.accept()
            if self._closed:
                line.close()
                return
            threading.Thread(target=self._answer, args=(line,), name="usb-bus-caller", daemon=True).start()

    def _answer(self, line: Connection) -> None:
        with contextlib.suppress(EOFError, OSError), line:  # the child is gone
            while True:
                name, given = line.recv()
                line.send(self._called(name, given))

    def _called(self, name: str, given: tuple[Any, ...]) -> tuple[Any, Any]:
        try:
            if name == "count_devices":
                return "value", [_THE_DEVICE] * len(self._bus.enumerate_devices())
            into = [array.array("B", one) if isinstance(one, bytes) else one for one in given]
            value = getattr(self._bus, name)(*into)
            if name in ("bulk_read", "ctrl_transfer"):
                buffers = [one for one in into if isinstance(one, array.array)]
                return "value", bytes(buffers[0][:value]) if buffers else value
            return "value", _THE_DEVICE if name == "open_device" else value
        except USBError as error:
            kind = USBTimeoutError if isinstance(error, USBTimeoutError) else USBError
            return kind, (error.strerror, error.backend_error_code, error.errno)
        except IndexError:
            return IndexError, ()
