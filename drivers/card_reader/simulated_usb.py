"""The far end of an SDT reader's USB cable: a module behind a backend for pyusb.

The backend speaks with the simulated device over a Unix socket, so that it works in a child
process too: who can connect finds a device, and a closed socket is an unplugged one. Sent to the
backend: endpoint, size (2 bytes, big-endian), data; on endpoint 0 the data is an errno that the
next transfer fails with. Received: the same, from an OUT endpoint.
"""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread

from drivers.card_reader.protocol import HEADER_SIZE
from drivers.card_reader.simulated_module import SimulatedModule

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class UsbNature:
    """What differs between readers, and what the machine does with them."""

    vendor: int = 0x0400
    product: int = 0xC35A
    serial: str = "SIM0001"
    endpoints: tuple[int, ...] = (0x02, 0x06, 0x81, 0x85)
    configured: bool = True
    kernel_driver: bool = False
    denied: bool = False
    held: bool = False
    hangs: bool = False
    """Opening the device never returns."""

    @property
    def split(self) -> bool:
        """Whether header and body of an answer come from two endpoints."""
        return sum(endpoint >= 0x80 for endpoint in self.endpoints) > 1


def message(endpoint: int, data: bytes) -> bytes:
    return bytes([endpoint]) + len(data).to_bytes(2, "big") + data


class SimulatedUsbReader(SimulatedModule):
    """Starts plugged in. `path` is the socket that `SimulatedUsbBackend` connects to."""

    def __init__(self, nature: UsbNature = UsbNature()) -> None:
        super().__init__()
        self.nature = nature
        self._folder = Path(tempfile.mkdtemp(prefix="usb-reader-"))
        self.path = str(self._folder / "bus")
        self._listener: socket.socket | None = None
        self._host: socket.socket | None = None
        self.replug()
        self._thread = Thread(target=self._serve, name="simulated-usb-reader", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        with self.changed:
            for end in (self._listener, self._host):
                if end is not None:
                    end.close()
            self._listener = self._host = None
            Path(self.path).unlink(missing_ok=True)

    def replug(self) -> None:
        """Come back; the card on the pad counts as new."""
        self.unplug()
        with self.changed:
            self.power_up()
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(self.path)
            self._listener.listen()
            self._listener.settimeout(_POLL_S)

    def fail_next(self, number: int) -> None:
        """The next transfer ends with this errno."""
        self._put(message(0, number.to_bytes(2, "big")))

    def send(self, data: bytes) -> None:
        """Whole transfers: header and body apart where the device has two endpoints."""
        inward = [endpoint for endpoint in self.nature.endpoints if endpoint >= 0x80]
        pieces = (data[:HEADER_SIZE], data[HEADER_SIZE:]) if self.nature.split else (data,)
        for endpoint, piece in zip(inward, pieces, strict=True):
            if piece:
                self._put(message(endpoint, piece))

    def close(self) -> None:
        self.closing.set()
        self._thread.join()
        self.unplug()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _put(self, data: bytes) -> None:
        with self.changed:
            if self._host is not None:
                with suppress(OSError):  # nobody holds the device open: the bytes are lost
                    self._host.sendall(data)

    def _serve(self) -> None:
        while not self.closing.wait(0.0 if self._accept() else _POLL_S):
            pass

    def _accept(self) -> bool:
        """Serve whoever comes next until it goes; False when there is no bus to come to."""
        listener = self._listener
        if listener is None:
            return False
        try:
            host, _ = listener.accept()
        except TimeoutError:
            return True
        except OSError:
            return False
        host.settimeout(_POLL_S)
        with host:
            with self.changed:
                self._host = host  # before the greeting: whoever has that can be sent to
            with suppress(OSError):
                host.sendall(json.dumps(asdict(self.nature)).encode() + b"\n")
            self._talk(host)
            with self.changed:
                self._host = None
        return True

    def _take(self, endpoint: int, data: bytes) -> None:
        """The first of two OUT endpoints takes a header, and drops what is behind it."""
        outward = [number for number in self.nature.endpoints if number < 0x80]
        self.hear(data[:HEADER_SIZE] if len(outward) > 1 and endpoint == outward[0] else data)

    def _talk(self, host: socket.socket) -> None:
        received = bytearray()
        while not self.closing.is_set():
            try:
                chunk = host.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            if not chunk:
                return
            received += chunk
            while len(received) >= 3 and len(received) >= 3 + int.from_bytes(received[1:3], "big"):
                size = 3 + int.from_bytes(received[1:3], "big")
                self._take(received[0], bytes(received[3:size]))
                del received[:size]
