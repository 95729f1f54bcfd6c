"""The printer's end of a wire: TCP and serial. `simulated_usb` has the third."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import struct
import tempfile
import threading
import tty
from pathlib import Path
from typing import Final, Protocol

TICK_S: Final = 0.1
"""No call of an end waits longer."""


class FarEnd(Protocol):
    """One wire as the printer sees it. Plugged in from construction."""

    @property
    def address(self) -> str:
        """For `EscposPrinter`."""
        ...

    @property
    def says_wait(self) -> bool:
        """True when a full printer says XOFF, since the wire itself cannot push back."""
        ...

    def receive(self) -> bytes:
        """What a host sent, or nothing after a tick, also while there is no host."""
        ...

    def send(self, data: bytes) -> None:
        """To the host, if there is one; a printer does not care."""
        ...

    def drop(self, *, reset: bool) -> None:
        """End the present connection; the next host finds a new one."""
        ...

    def plug(self) -> None:
        """Plug in; where the system names devices anew, it is another device now."""
        ...

    def unplug(self) -> None:
        """Nobody can reach it, and whoever held it has lost it."""
        ...

    def close(self) -> None:
        """For good."""
        ...


class TcpEnd:
    """A raw port on 127.0.0.1, one connection at a time, as real ones have it."""

    says_wait = False

    def __init__(self, port: int = 0) -> None:
        self._connection: socket.socket | None = None
        self._listener: socket.socket | None = None
        self._port = port
        self.plug()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self._port}"

    def receive(self) -> bytes:
        connection = self._connection or self._accept()
        if connection is None:
            return b""
        try:
            data = connection.recv(4096)
        except TimeoutError:
            return b""
        except OSError:
            data = b""
        if not data and self._connection is connection:
            self.drop(reset=False)
        return data

    def _accept(self) -> socket.socket | None:
        listener = self._listener  # `unplug` may take it away under this call
        try:
            if listener is None or not select.select([listener], [], [], TICK_S)[0]:
                return None
            connection, _ = listener.accept()
        except (OSError, ValueError):
            return None  # unplugged under the call
        connection.settimeout(TICK_S)
        self._connection = connection
        return connection

    def send(self, data: bytes) -> None:
        if (connection := self._connection) is not None:
            with contextlib.suppress(OSError):
                connection.sendall(data)

    def drop(self, *, reset: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def plug(self) -> None:
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self._port))
        # Little is kept by the system, so that a printer that stops reading is felt at the other end.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._port = self._listener.getsockname()[1]

    def unplug(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            # Who waits on it just now keeps a closed listener's port; one that is shut down has none.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop(reset=True)

    def close(self) -> None:
        listener, self._listener = self._listener, None
        self.drop(reset=False)
        if listener is not None:
            listener.close()


class SerialEnd:
    """A pty behind a path that is a link, as under /dev/serial/by-id: each plugging leads to another device."""

    says_wait = True

    def __init__(self, *, baud_rate: int = 921_600) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="receipt-printer-"))
        self._path = self._folder / "ttyPRINTER"
        self._baud_rate = baud_rate
        self._master: int | None = None
        self._slave = -1
        self._lock = threading.Lock()
        self.plug()

    @property
    def address(self) -> str:
        return f"serial:{self._path}?baud={self._baud_rate}"

    def receive(self) -> bytes:
        with self._lock:
            if self._master is not None and select.select([self._master], [], [], 0)[0]:
                return os.read(self._master, 4096)
        threading.Event().wait(0.002)  # outside the lock: an unplugging must get in
        return b""

    def send(self, data: bytes) -> None:
        with self._lock:
            if self._master is not None:
                os.write(self._master, data)

    def drop(self, *, reset: bool) -> None:
        if reset:
            self.unplug()
            self.plug()

    def plug(self) -> None:
        with self._lock:
            if self._master is None:
                self._master, self._slave = os.openpty()
                tty.setraw(self._slave)
                os.set_blocking(self._master, False)
                self._path.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        with self._lock:
            master, self._master = self._master, None
            if master is not None:
                self._path.unlink()
                os.close(master)
                os.close(self._slave)

    def close(self) -> None:
        self.unplug()
        shutil.rmtree(self._folder, ignore_errors=True)
