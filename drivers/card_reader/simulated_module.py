"""The module in a simulated SDT reader, with a pad to put cards on and a script of faults.

Which wire it hangs on is the business of its heirs: a pty in `simulated`, USB in `simulated_usb`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Condition, Event
from typing import assert_never

from drivers.card_reader import layout
from drivers.card_reader.contract import Document
from drivers.card_reader.protocol import (
    ADDRESS_SIZE,
    PREAMBLE,
    REQUEST_LENGTHS,
    SPEEDS,
    Command,
    FrameParser,
    Reply,
    join_base,
    join_fingerprint,
)

SamId = tuple[int, int, int, int, int]
FIRST_SAM_ID: SamId = (5, 1, 20260101, 123456, 7890)
_NOISE = b"\x00\xff" + PREAMBLE[:2] + b"\x13" + PREAMBLE[:4] + b"\x00\x7e"
_SPLITS = (3, 9, 600)
_TICK_S = 0.02


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedCard:
    """What the chip holds: `photo` is 1024 bytes, as `simulated_photo.encode` makes them.

    `newest_address` is what was written after printing, "" for a chip without; `fingerprint` has
    0, 512 or 1024 bytes.
    """

    document: Document
    photo: bytes
    newest_address: str = ""
    fingerprint: bytes = b""

    def __repr__(self) -> str:
        return f"SimulatedCard(kind={self.document.kind.value!r}, masked)"


class Fault(StrEnum):
    """What can go wrong with the answer to one command."""

    WRONG_CHECKSUM = "wrong_checksum"
    SPLIT = "split"
    NOISE = "noise"
    FALSE_HEAD = "false_head"
    """In front of the answer there is the head of a frame that never comes."""
    TRUNCATED = "truncated"
    SILENCE = "silence"
    SLOW = "slow"
    PULL_CARD = "pull_card"
    """The card leaves just before the command is carried out."""
    UNPLUG = "unplug"
    """The line goes dead after the first half of the answer."""
    STATUS = "status"
    """The module answers `Rule.status` and does nothing."""
    DATA = "data"
    """The module answers success with the data `Rule.data`."""
    LATE = "late"
    """The answer is out only when the next command is in: in front of that one's own."""
    STAYS = "stays"
    """Told another speed, the module says yes and stays where it is."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a fault script: applies to the next `times` commands that match."""

    fault: Fault
    command: Command | None = None
    times: int = 1
    status: int = 0x60
    delay_s: float = 0.5
    data: bytes = b""


class SimulatedModule(ABC):
    """Has power from the start, and an empty pad. Heirs feed `hear` and carry away what it sends."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.closing = Event()
        self.sam_id = FIRST_SAM_ID
        self.speed = SPEEDS[0]
        """Bits per second; kept without power, as some firmware does."""
        self._card: SimulatedCard | None = None
        self._already_read = False
        self._step: Command | None = None
        self._rules: list[Rule] = []
        self._heard: Counter[Command] = Counter()
        self._held_back = b""
        self._parser = FrameParser(REQUEST_LENGTHS)

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Put bytes on the wire; one that was unplugged meanwhile swallows the rest."""

    @abstractmethod
    def unplug(self) -> None:
        """Take the reader away from the terminal."""

    def put_card(self, card: SimulatedCard) -> None:
        with self.changed:
            self._card, self._already_read, self._step = card, False, None

    def take_card(self) -> None:
        with self.changed:
            self._card, self._already_read, self._step = None, False, None

    def inject(self, rule: Rule) -> None:
        """Add a line to the fault script; earlier lines are used up first."""
        with self.changed:
            self._rules.append(rule)

    def clear_faults(self) -> None:
        with self.changed:
            self._rules.clear()

    def heard(self, command: Command) -> int:
        """How often the command came in so far."""
        with self.changed:
            return self._heard[command]

    def wait_heard(self, command: Command, times: int, deadline_s: float) -> bool:
        """Wait until the command came in `times` times in all; False when it did not."""
        with self.changed:
            return self.changed.wait_for(lambda: self._heard[command] >= times, deadline_s)

    def power_up(self) -> None:
        """Begin anew; the card on the pad counts as new."""
        with self.changed:
            self._parser = FrameParser(REQUEST_LENGTHS)
            self._already_read, self._step, self._held_back = False, None, b""

    def hear(self, data: bytes) -> None:
        """Take bytes as they came and carry out what they ask."""
        for body in self._parser.feed(data):
            self._handle(body)

    def _handle(self, body: bytes) -> None:
        known = body[:2] in {command.value for command in Command}
        if not known:
            self.send(Reply(0, 0x21, b"").to_frame())
            return
        command = Command(body[:2])
        with self.changed:
            rule = self._next_rule(command)
            fault = None if rule is None else rule.fault
            if fault is Fault.PULL_CARD:
                self._card, self._already_read, self._step = None, False, None
            if rule is not None and fault is Fault.STATUS:
                reply = Reply(0, rule.status, b"")
            elif rule is not None and fault is Fault.DATA:
                reply = Reply(0, 0x90, rule.data)
            elif fault is Fault.SILENCE:
                reply = None
            else:
                reply = self._carry_out(command)
            self._heard[command] += 1
            self.changed.notify_all()
        late, self._held_back = self._held_back, b""
        if late:
            self.send(late)
        if reply is not None:
            self._answer(reply.to_frame(), rule)
        if (
            command.speed is not None
            and reply is not None
            and reply.status == 0x90
            and fault is not Fault.STAYS
        ):
            self.speed = command.speed  # once the answer is out

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
                fields = zip(self.sam_id, (2, 2, 4, 4, 4), strict=True)
                return Reply(0, 0x90, b"".join(value.to_bytes(size, "little") for value, size in fields))
            case Command.FIND:
                absent = card is None or self._already_read
                return Reply(0, 0x80, b"") if absent else Reply(0, 0x9F, bytes(4))
            case Command.SELECT:
                chosen = card is not None and before is Command.FIND
                return Reply(0, 0x90, bytes(8)) if chosen else Reply(0, 0x81, b"")
            case Command.READ_EXTRA:
                return self._extra(card)
            case Command.READ_BASE | Command.READ_FINGERPRINT:
                if card is None:
                    return Reply(0, 0x41, b"")
                if before is not Command.SELECT:
                    return Reply(0, 0x23, b"")
                self._already_read = True
                text = layout.encode(card.document)
                if command is Command.READ_BASE:
                    return Reply(0, 0x90, join_base(text, card.photo))
                return Reply(0, 0x90, join_fingerprint(text, card.photo, card.fingerprint))
            case (
                Command.SPEED_115200
                | Command.SPEED_57600
                | Command.SPEED_38400
                | Command.SPEED_19200
                | Command.SPEED_9600
            ):
                return Reply(0, 0x90, b"")
            case _:
                assert_never(command)

    def _extra(self, card: SimulatedCard | None) -> Reply:
        if card is None:
            return Reply(0, 0x41, b"")
        if not self._already_read:
            return Reply(0, 0x23, b"")
        if not card.newest_address:
            return Reply(0, 0x91, b"")
        address = card.newest_address.encode("utf-16-le")
        return Reply(0, 0x90, address + " ".encode("utf-16-le") * ((ADDRESS_SIZE - len(address)) // 2))

    def _answer(self, data: bytes, rule: Rule | None) -> None:
        match None if rule is None else rule.fault:
            case Fault.WRONG_CHECKSUM:
                self.send(data[:-1] + bytes([data[-1] ^ 0x55]))
            case Fault.SPLIT:
                for start, end in zip((0, *_SPLITS), (*_SPLITS, len(data)), strict=True):
                    self.send(data[start:end])
                    self.closing.wait(_TICK_S)
            case Fault.NOISE:
                self.send(_NOISE + data)
            case Fault.FALSE_HEAD:
                self.send(PREAMBLE + bytes([0x00, 0x20]) + data)
            case Fault.TRUNCATED:
                self.send(data[: len(data) * 2 // 3])
            case Fault.UNPLUG:
                self.send(data[: len(data) // 2])
                self.unplug()
            case Fault.LATE:
                self._held_back = data
            case Fault.SLOW:
                self.closing.wait(rule.delay_s if rule else 0.0)
                self.send(data)
            case _:
                self.send(data)
