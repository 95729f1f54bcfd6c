"""The printer at the far end of a wire. It models command semantics, not one product:
what is not in a manual (silence of ordered answers while not ready, the buffer that prints after
a refill) must be confirmed on the printer that is bought.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from pathlib import Path
from typing import Self

from drivers.receipt_printer.commands import Command, Kind, next_command
from drivers.receipt_printer.protocol import CLEAR_BUFFER
from drivers.receipt_printer.simulated_ends import TICK_S, FarEnd, TcpEnd
from drivers.receipt_printer.simulated_line import TextLine
from drivers.receipt_printer.simulated_paper import Paper, Receipt, image_rows, placed
from drivers.receipt_printer.simulated_state import Faults, SimulatedState

XON, XOFF = b"\x11", b"\x13"


class SimulatedPrinter:
    """Plugged in from construction until `close`; on TCP (`port`) when no `end` is given.

    `font` draws the text that is sent as text; without one each character is a box.
    """

    def __init__(
        self,
        end: FarEnd | None = None,
        *,
        port: int = 0,
        width_dots: int = 576,
        buffer_bytes: int = 65_536,
        font: Path | None = None,
    ) -> None:
        self.end: FarEnd = end or TcpEnd(port)
        self.line = TextLine(width_dots, font)
        self.paper = Paper(width_dots)
        self.commands: Counter[Kind] = Counter()
        self.information = {65: "1.00", 66: "SIMULATED", 67: "SP-80", 68: "SIM0001"}
        """The answers to GS I; without one it knows no such command and prints the n."""
        self.state, self._faults = SimulatedState(), Faults()
        self._powered, self._open, self._automatic = True, True, False
        self._buffer_bytes = buffer_bytes
        self._buffer, self._recent = bytearray(), b""
        self._rows: deque[bytes] = deque()
        self._received = self._drawn = 0
        self._waiting = False
        self._timers: list[threading.Timer] = []
        self._changed = threading.Condition(threading.RLock())
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._serve, self._work)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> str:
        """For `EscposPrinter`."""
        return self.end.address

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
                self.end.drop(reset=True)

    def unplug(self) -> None:
        """Pull the cable; what was received prints on."""
        with self._changed:
            self.end.unplug()

    def plug(self) -> None:
        """Put it in again."""
        with self._changed:
            self.end.plug()

    def wait_until_idle(self, timeout_s: float = 5.0) -> bool:
        """True once nothing more will be printed as things stand."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.state.ready or not self.buffered_bytes, timeout_s)

    def close(self) -> None:
        """Stop; may be called twice."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for timer in self._timers:
            timer.cancel()
        for thread in (*self._threads, *self._timers):
            thread.join()
        self.end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if self._takes_more():
                data = self.end.receive()
                if data:
                    with self._changed:
                        self._receive(data)

    def _takes_more(self) -> bool:
        """False after a tick in which the buffer stayed full. Some wires have to be told to wait."""
        with self._changed:
            full = len(self._buffer) >= self._buffer_bytes
            if full is not self._waiting and self.end.says_wait:
                self.end.send(XOFF if full else XON)
            self._waiting = full
            if full or self._faults.stopped_reading(self._received):
                self._changed.wait(TICK_S)
                return False
            return True

    def _receive(self, data: bytes) -> None:
        if not self._powered:
            return
        limit = self._faults.breaks_after_bytes
        if limit is not None:
            data = data[: limit - self._received]
        self._received += len(data)
        for byte in data:
            self._buffer.append(byte)
            self._recent = (self._recent + bytes((byte,)))[-len(CLEAR_BUFFER) :]
            self._realtime(self._recent)
        if limit is not None and self._received >= limit:
            if self._faults.unplug_after_bytes is not None:
                self.end.unplug()
            else:
                self.end.drop(reset=True)
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

    def _reply(self, data: bytes, *, late: bool = False) -> None:
        if self._faults.mute(self._received) or not self._powered:
            return
        data = self._faults.garbage or data
        if late and self._faults.reply_delay_s:
            timer = threading.Timer(self._faults.reply_delay_s, self._send, (data,))
            self._timers.append(timer)
            timer.start()
        else:
            self._send(data)

    def _send(self, data: bytes) -> None:
        with self._changed:
            self.end.send(data)

    def _work(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                if not self._step():
                    self._changed.notify_all()
                    self._changed.wait(TICK_S)
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
                width = self.paper.width_dots
                self._rows.extend(
                    placed(row, width, centred=self.line.centred) for row in image_rows(command)
                )
            case Kind.FEED:
                self.paper.feed(24)
            case Kind.LINE_FEED:
                self._rows.extend(self.line.printed())
            case Kind.CUT:
                self.paper.feed(command.data[3] if len(command.data) > 3 else 0)
                self.paper.cut()
            case Kind.AUTO_STATUS:
                self._automatic = command.data[2] != 0
                if self._automatic:
                    self._reply(self.state.automatic())
            case Kind.PROCESS_ID if not self._faults.drop_process_id:
                self._reply(b"\x37\x22" + command.data[7:11] + b"\0")
            case Kind.INFORMATION:
                text = self.information.get(command.data[2])
                if text is None:
                    self.line.obey(Command(Kind.TEXT, command.data[2:]))
                else:
                    self._reply(b"\x5f" + text.encode("gbk") + b"\0")
            case Kind.SENSOR if not self._faults.drop_sensor:
                self._reply(bytes((self.state.sensor(),)))
            case _:
                self.line.obey(command)
