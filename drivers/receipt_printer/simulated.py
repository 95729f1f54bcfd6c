"""The printer at the far end of the wire, on TCP. It models command semantics, not one product:
what is not in a manual (silence of ordered answers while not ready, the buffer that prints after
a refill) must be confirmed on the printer that is bought.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter, deque
from typing import Self

from drivers.receipt_printer.protocol import CLEAR_BUFFER
from drivers.receipt_printer.simulated_paper import Command, Kind, Paper, Receipt, image_rows, next_command
from drivers.receipt_printer.simulated_state import Faults, SimulatedState


class SimulatedPrinter:
    """Listens on 127.0.0.1 from construction until `close`; one connection at a time, as real ones do."""

    def __init__(self, *, port: int = 0, width_dots: int = 576, buffer_bytes: int = 65_536) -> None:
        self.paper = Paper(width_dots)
        self.commands: Counter[Kind] = Counter()
        self.state, self._faults = SimulatedState(), Faults()
        self._powered, self._open, self._automatic = True, True, False
        self._buffer_bytes = buffer_bytes
        self._buffer, self._recent = bytearray(), b""
        self._rows: deque[bytes] = deque()
        self._received = self._drawn = 0
        self._connection: socket.socket | None = None
        self._timers: list[threading.Timer] = []
        self._changed = threading.Condition(threading.RLock())
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        # Little is kept by the system, so that a printer that stops reading is felt at the other end.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listener.settimeout(0.1)
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._serve, self._work)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> str:
        """For `EscposPrinter`."""
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def receipts(self) -> list[Receipt]:
        """All pieces of paper cut off so far."""
        return list(self.paper.receipts)

    @property
    def buffered_bytes(self) -> int:
        """What was received and would still print."""
        with self._changed:
            return len(self._buffer) + sum(map(len, self._rows))

    def paper_png(self) -> bytes:
        """What hangs out of the printer, else the last receipt."""
        with self._changed:
            if self.paper.hanging_rows or not self.paper.receipts:
                return self.paper.hanging_png()
            return self.paper.receipts[-1].png

    def set_state(self, state: SimulatedState) -> None:
        """Change the printer's condition; what is buffered prints when it becomes ready."""
        with self._changed:
            self.state = state
            if self._automatic:
                self._reply(state.automatic())
            self._changed.notify_all()

    def set_faults(self, faults: Faults) -> None:
        """Replace all faults."""
        with self._changed:
            self._faults, self._received, self._drawn = faults, 0, 0
            self._changed.notify_all()

    def power(self, *, on: bool) -> None:
        """Off: takes bytes into nothing and is silent. On: empty buffers, the old connection is gone."""
        with self._changed:
            self._powered = on
            self._forget()
            if on:
                self._drop(reset=True)

    def wait_until_idle(self, timeout_s: float = 5.0) -> bool:
        """True once nothing more will be printed as things stand."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.state.ready or not self.buffered_bytes, timeout_s)

    def close(self) -> None:
        """Stop; may be called twice."""
        self._stopping.set()
        with self._changed:
            self._drop(reset=False)
            self._changed.notify_all()
        for timer in self._timers:
            timer.cancel()
        for thread in (*self._threads, *self._timers):
            thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(0.1)
            with self._changed:
                self._connection = connection
            self._listen(connection)
            with self._changed:
                self._drop(reset=False)

    def _listen(self, connection: socket.socket) -> None:
        while not self._stopping.is_set() and self._connection is connection:
            with self._changed:
                if len(self._buffer) >= self._buffer_bytes or self._faults.stopped_reading(self._received):
                    self._changed.wait(0.1)
                    continue
            try:
                data = connection.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            with self._changed:
                self._receive(data)

    def _receive(self, data: bytes) -> None:
        if not self._powered:
            return
        limit = self._faults.reset_after_bytes
        if limit is not None:
            data = data[: limit - self._received]
        self._received += len(data)
        for byte in data:
            self._buffer.append(byte)
            self._recent = (self._recent + bytes((byte,)))[-len(CLEAR_BUFFER) :]
            self._realtime(self._recent)
        if limit is not None and self._received >= limit:
            self._drop(reset=True)
        self._changed.notify_all()

    def _realtime(self, recent: bytes) -> None:
        """Real-time commands act on reception, wherever they stand: also among the dots of a picture."""
        if recent[-3:-1] == b"\x10\x04" and 1 <= recent[-1] <= 4:
            answer = 0 if self._faults.answers_zero else self.state.realtime(recent[-1])
            self._reply(bytes((answer,)), late=True)
        if self._faults.ignores_clear:
            return
        if recent.endswith(CLEAR_BUFFER):
            self._forget()
            self._reply(b"\x37\x25\0")
        elif recent.endswith(b"\x10\x05\x02"):
            self._forget()

    def _forget(self) -> None:
        self._buffer.clear()
        self._rows.clear()
        self._recent = b""

    def _drop(self, *, reset: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def _reply(self, data: bytes, *, late: bool = False) -> None:
        if self._faults.mute(self._received) or not self._powered:
            return
        if late and self._faults.reply_delay_s:
            timer = threading.Timer(self._faults.reply_delay_s, self._send, (data,))
            self._timers.append(timer)
            timer.start()
        else:
            self._send(data)

    def _send(self, data: bytes) -> None:
        with self._changed:
            if self._connection is not None:
                # The host may be gone; a printer does not care.
                with contextlib.suppress(OSError):
                    self._connection.sendall(data)

    def _work(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                if not self._step():
                    self._changed.notify_all()
                    self._changed.wait(0.1)
            if self._faults.row_delay_s:
                self._stopping.wait(self._faults.row_delay_s)

    def _step(self) -> bool:
        """One row or one command; False when there is nothing to do."""
        if not self._powered or not self.state.ready:
            return False
        if self._rows:
            if self._faults.paper_rows is not None and self._drawn >= self._faults.paper_rows:
                self._faults = Faults()
                self.set_state(SimulatedState(near_end=True, paper_out=True))
                return False
            self._drawn += 1
            self.paper.add_row(self._rows.popleft())
            return True
        command = next_command(bytes(self._buffer))
        if command is None:
            return False
        if command.kind is Kind.CUT and self._faults.cutter_fails:
            self.set_state(SimulatedState(cutter_error=True))
            return False
        del self._buffer[: len(command.data)]
        self.commands[command.kind] += 1
        self._obey(command)
        return True

    def _obey(self, command: Command) -> None:
        match command.kind:
            case Kind.IMAGE:
                self._rows.extend(image_rows(command))
            case Kind.FEED:
                self.paper.feed(24)
            case Kind.CUT:
                self.paper.feed(command.data[3] if len(command.data) > 3 else 0)
                self.paper.cut()
            case Kind.AUTO_STATUS:
                self._automatic = command.data[2] != 0
                if self._automatic:
                    self._reply(self.state.automatic())
            case Kind.PROCESS_ID if not self._faults.drop_process_id:
                self._reply(b"\x37\x22" + command.data[7:11] + b"\0")
            case Kind.SENSOR if not self._faults.drop_sensor:
                self._reply(bytes((self.state.sensor(),)))
            case _:
                pass
