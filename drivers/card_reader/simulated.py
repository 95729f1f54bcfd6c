"""The far end of an SDT reader's serial line: a module on a pty.

The path that the driver opens is a symlink, so that a replug may lead to another device. A pty
has no speed of its own: the simulator reads the one that the driver set on it, sends no faster,
and neither understands nor is understood at another. Parity and modem lines are not simulated.
"""

from __future__ import annotations

import os
import select
import shutil
import tempfile
import termios
import time
import tty
from pathlib import Path
from threading import Thread

from drivers.card_reader.protocol import SPEEDS
from drivers.card_reader.simulated_module import SimulatedModule

_TICK_S = 0.02
_BITS_PER_BYTE = 10
_SLICE_S = 0.005
_OSPEED = 5
_SPEED_OF = {getattr(termios, f"B{speed}"): speed for speed in SPEEDS}


class SimulatedSdtReader(SimulatedModule):
    """Starts plugged in. `path` is what the driver opens.

    Asked at a wrong speed it is silent, or `babbles`: sends the few broken bytes of a real line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="sdt-reader-"))
        self.path = str(self._folder / "ttyCARD")
        self.babbles = False
        self._master: int | None = None
        self._slave = -1
        self.replug()
        self._thread = Thread(target=self._serve, name="simulated-sdt-reader", daemon=True)
        self._thread.start()

    @property
    def plugged(self) -> bool:
        with self.changed:
            return self._master is not None

    def unplug(self) -> None:
        with self.changed:
            Path(self.path).unlink(missing_ok=True)
            if self._master is not None:
                os.close(self._master)
                os.close(self._slave)
                self._master = None

    def replug(self) -> None:
        """Come back as another device under the same path; the card on the pad counts as new."""
        master, slave = os.openpty()  # before the old one is closed: its number is not free yet
        self.unplug()
        with self.changed:
            self.power_up()
            self._master, self._slave = master, slave
            tty.setraw(self._slave)
            os.set_blocking(self._master, False)
            Path(self.path).symlink_to(os.ttyname(self._slave))

    def close(self) -> None:
        self.closing.set()
        self._thread.join()
        self.unplug()
        shutil.rmtree(self._folder, ignore_errors=True)

    def send(self, data: bytes) -> None:
        """As fast as the module's speed allows, 8N1; what meets another speed arrives as rubbish."""
        size = max(1, round(self.speed / _BITS_PER_BYTE * _SLICE_S))
        due_s = time.monotonic()
        while data and not self.closing.is_set():
            piece, data = data[:size], data[size:]
            due_s += len(piece) * _BITS_PER_BYTE / self.speed
            self.closing.wait(max(0.0, due_s - time.monotonic()))
            self._put(piece)

    def _serve(self) -> None:
        while not self.closing.wait(0.0 if self._listen() else _TICK_S):
            pass

    def _listen(self) -> bool:
        """Carry out what came in; False when the line is unplugged."""
        master = self._master
        if master is None:
            return False
        try:
            ready = select.select([master], [], [], _TICK_S)[0]
        except (OSError, ValueError):  # closed meanwhile
            return True
        with self.changed:
            if not ready or master != self._master:
                return True
            try:
                heard, understood = os.read(master, 4096), self._same_speed()
            except BlockingIOError:  # another line under the same number
                return True
        if understood:
            self.hear(heard)
        elif self.babbles:
            self.send(heard)
        return True

    def _same_speed(self) -> bool:
        return _SPEED_OF.get(termios.tcgetattr(self._slave)[_OSPEED]) == self.speed

    def _put(self, piece: bytes) -> None:
        while piece and not self.closing.is_set():
            with self.changed:
                if self._master is None:
                    return
                sent = piece if self._same_speed() else bytes(byte << 1 & 0xFE | 0x80 for byte in piece)
                try:
                    piece = piece[os.write(self._master, sent) :]
                except BlockingIOError:
                    self.changed.wait(_TICK_S)
