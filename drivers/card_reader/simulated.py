"""The far end of an SDT reader's serial line: a module on a pty, with a pad to put cards on.

The path that the driver opens is a symlink, so that a replug may lead to another device. A pty
has no baud rate, parity or modem lines: those are not simulated.
"""

from __future__ import annotations

import os
import select
import shutil
import tempfile
import tty
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Condition, Event, Thread

from drivers.card_reader import layout
from drivers.card_reader.contract import Document
from drivers.card_reader.protocol import PREAMBLE, REQUEST_LENGTHS, Command, FrameParser, Reply, join_base

_NOISE = b"\x00\xff" + PREAMBLE[:2] + b"\x13" + PREAMBLE[:4] + b"\x00\x7e"
_SPLITS = (3, 9, 600)
_TICK_S = 0.02


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedCard:
    """What the chip holds: `photo` is 1024 bytes, as `simulated_photo.encode` makes them."""

    document: Document
    photo: bytes

    def __repr__(self) -> str:
        return f"SimulatedCard(kind={self.document.kind.value!r}, masked)"


class Fault(StrEnum):
    """What can go wrong with the answer to one command."""

    WRONG_CHECKSUM = "wrong_checksum"
    SPLIT = "split"
    NOISE = "noise"
    TRUNCATED = "truncated"
    SILENCE = "silence"
    SLOW = "slow"
    PULL_CARD = "pull_card"
    """The card leaves just before the command is carried out."""
    UNPLUG = "unplug"
    """The line goes dead after the first half of the answer."""
    STATUS = "status"
    """The module answers `Rule.status` and does nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a fault script: applies to the next `times` commands that match."""

    fault: Fault
    command: Command | None = None
    times: int = 1
    status: int = 0x60
    delay_s: float = 0.5


class SimulatedSdtReader:
    """Starts plugged in, with an empty pad. `path` is what the driver opens."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="sdt-reader-"))
        self.path = str(self._folder / "ttyCARD")
        self._changed = Condition()
        self._card: SimulatedCard | None = None
        self._already_read = False
        self._step: Command | None = None
        self._rules: list[Rule] = []
        self._heard: Counter[Command] = Counter()
        self._master: int | None = None
        self._slave = -1
        self._parser = FrameParser(REQUEST_LENGTHS)
        self._closing = Event()
        self.replug()
        self._thread = Thread(target=self._serve, name="simulated-sdt-reader", daemon=True)
        self._thread.start()

    def put_card(self, card: SimulatedCard) -> None:
        with self._changed:
            self._card, self._already_read, self._step = card, False, None

    def take_card(self) -> None:
        with self._changed:
            self._card, self._already_read, self._step = None, False, None

    def inject(self, rule: Rule) -> None:
        """Add a line to the fault script; earlier lines are used up first."""
        with self._changed:
            self._rules.append(rule)

    def clear_faults(self) -> None:
        with self._changed:
            self._rules.clear()

    def heard(self, command: Command) -> int:
        """How often the command came in so far."""
        with self._changed:
            return self._heard[command]

    def wait_heard(self, command: Command, times: int, deadline_s: float) -> bool:
        """Wait until the command came in `times` times in all; False when it did not."""
        with self._changed:
            return self._changed.wait_for(lambda: self._heard[command] >= times, deadline_s)

    def unplug(self) -> None:
        with self._changed:
            Path(self.path).unlink(missing_ok=True)
            if self._master is not None:
                os.close(self._master)
                os.close(self._slave)
                self._master = None

    def replug(self) -> None:
        """Come back as another device under the same path; the card on the pad counts as new."""
        self.unplug()
        with self._changed:
            self._master, self._slave = os.openpty()
            tty.setraw(self._slave)
            os.set_blocking(self._master, False)
            self._parser = FrameParser(REQUEST_LENGTHS)
            self._already_read, self._step = False, None
            Path(self.path).symlink_to(os.ttyname(self._slave))

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self.unplug()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _serve(self) -> None:
        while not self._closing.wait(0.0 if self._listen() else _TICK_S):
            pass

    def _listen(self) -> bool:
        """Carry out what came in; False when the line is unplugged."""
        with self._changed:
            if self._master is None:
                return False
            if select.select([self._master], [], [], 0.0)[0]:
                bodies = self._parser.feed(os.read(self._master, 4096))
            else:
                bodies = []
                self._changed.wait(_TICK_S / 2)
        for body in bodies:
            self._handle(body)
        return True

    def _handle(self, body: bytes) -> None:
        known = body[:2] in {command.value for command in Command}
        if not known:
            self._send(Reply(0, 0x21, b"").to_frame())
            return
        command = Command(body[:2])
        with self._changed:
            rule = self._next_rule(command)
            fault = None if rule is None else rule.fault
            if fault is Fault.PULL_CARD:
                self._card, self._already_read, self._step = None, False, None
            if rule is not None and fault is Fault.STATUS:
                reply = Reply(0, rule.status, b"")
            elif fault is Fault.SILENCE:
                reply = None
            else:
                reply = self._carry_out(command)
            self._heard[command] += 1
            self._changed.notify_all()
        if reply is not None:
            self._answer(reply.to_frame(), rule)

    def _next_rule(self, command: Command) -> Rule | None:
        for index, rule in enumerate(self._rules):
            if rule.command in (None, command):
                if rule.times > 1:
                    self._rules[index] = replace(rule, times=rule.times - 1)
                else:
                    del self._rules[index]
                return rule
        return None

    def _carry_out(self, command: Command) -> Reply:
        """What a sound module answers, with the rule that a card is read once per visit to the pad."""
        before, self._step = self._step, command
        card = self._card
        match command:
            case Command.RESET | Command.STATUS:
                return Reply(0, 0x90, b"")
            case Command.SAM_ID:
                fields = ((5, 2), (1, 2), (20260101, 4), (123456, 4), (7890, 4))
                return Reply(0, 0x90, b"".join(value.to_bytes(size, "little") for value, size in fields))
            case Command.FIND:
                absent = card is None or self._already_read
                return Reply(0, 0x80, b"") if absent else Reply(0, 0x9F, bytes(4))
            case Command.SELECT:
                chosen = card is not None and before is Command.FIND
                return Reply(0, 0x90, bytes(8)) if chosen else Reply(0, 0x81, b"")
            case Command.READ_EXTRA:
                return Reply(0, 0x91, b"")
            case Command.READ_BASE:
                if card is None:
                    return Reply(0, 0x41, b"")
                if before is not Command.SELECT:
                    return Reply(0, 0x23, b"")
                self._already_read = True
                return Reply(0, 0x90, join_base(layout.encode(card.document), card.photo))

    def _answer(self, data: bytes, rule: Rule | None) -> None:
        match None if rule is None else rule.fault:
            case Fault.WRONG_CHECKSUM:
                self._send(data[:-1] + bytes([data[-1] ^ 0x55]))
            case Fault.SPLIT:
                for start, end in zip((0, *_SPLITS), (*_SPLITS, len(data)), strict=True):
                    self._send(data[start:end])
                    self._closing.wait(_TICK_S)
            case Fault.NOISE:
                self._send(_NOISE + data)
            case Fault.TRUNCATED:
                self._send(data[: len(data) * 2 // 3])
            case Fault.UNPLUG:
                self._send(data[: len(data) // 2])
                self.unplug()
            case Fault.SLOW:
                self._closing.wait(rule.delay_s if rule else 0.0)
                self._send(data)
            case _:
                self._send(data)

    def _send(self, data: bytes) -> None:
        """Write all of it; a line that was unplugged meanwhile swallows the rest."""
        while data and not self._closing.is_set():
            with self._changed:
                if self._master is None:
                    return
                try:
                    data = data[os.write(self._master, data) :]
                except BlockingIOError:
                    self._changed.wait(_TICK_S)
