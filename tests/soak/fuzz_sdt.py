"""Fuzz what reads a reader's bytes: `python -m tests.soak.fuzz_sdt --bytes 10000000 --json`.

atheris (libFuzzer) writes little programs, each of which lays out a stream of whole, damaged,
glued and late frames of three invented cards. Whatever the parser makes of it must be a frame that
was in the stream in one piece, behind the one before, with a right XOR: found here by other means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from drivers.card_reader import layout
from drivers.card_reader.contract import Document, ValidityKind
from drivers.card_reader.protocol import (
    HEADER_SIZE,
    PREAMBLE,
    Command,
    FrameParser,
    Reply,
    frame,
    join_base,
    join_fingerprint,
    split_base,
    split_fingerprint,
)
from drivers.card_reader.redaction import Redactor
from drivers.contract import Ok
from tests.drivers.card_reader.people import HMT, PHOTO, RESIDENT
from tests.soak import fuzzing

COMMANDS = (Command.READ_BASE,) * 12 + (Command.READ_FINGERPRINT,) * 4 + tuple(Command)
DATED = replace(RESIDENT, validity=ValidityKind.DATED, valid_to=date(2039, 5, 1))
TEXTS = tuple(layout.encode(document) for document in (RESIDENT, DATED, HMT))
TERMS_YEARS = (5, 10, 20)
SLACK_DAYS = 2.0
NO_END = "99991231"
PADDING = " \0\u3000"
CARDS = tuple(Reply(0, 0x90, join_base(text, PHOTO)).to_frame() for text in TEXTS)
FINGERS = tuple(
    Reply(0, 0x90, join_fingerprint(TEXTS[0], PHOTO, bytes(size))).to_frame() for size in (1024, 512, 0)
)
SHORT = (
    *(Reply(0, status, b"").to_frame() for status in (0x90, 0x80, 0x41, 0x60)),
    Reply(0, 0x9F, bytes(4)).to_frame(),
    Reply(0, 0x90, bytes(16)).to_frame(),
)
LARGEST_STREAM = 20_000
FIELDS = {
    "name": (0, 30), "sex_code": (30, 32), "nation_code": (32, 36), "birth_date": (36, 52), "address": (52, 122),
    "number": (122, 158), "authority": (158, 188), "valid_from": (188, 204), "valid_to": (204, 220),
}  # fmt: skip


class WrongFrameError(Exception):
    """The parser made a frame that was not there."""


class WrongCardError(Exception):
    """A card that nobody wrote was taken for a person, though a rule of its fields is broken."""


class Parser(Protocol):
    """What is examined."""

    @property
    def held_bytes(self) -> int: ...
    def feed(self, chunk: bytes) -> list[bytes]: ...
    def give_up_partial(self) -> list[bytes]: ...


@dataclass(slots=True)
class Report(fuzzing.Report):
    """What was done: streams and their bytes, frames and cards that came out."""

    streams: int = 0
    frames: int = 0
    cards: int = 0
    cards_to_staff: int = 0
    """The end of validity could not be read: such a card passes nobody."""
    cards_never_written: int = 0
    """Damage that neither the XOR (1 in 256) nor a rule of the fields can see, and so a wrong card."""
    unseen_in: dict[str, int] = field(default_factory=dict)
    """Of these: what was wrong, the names of the fields."""


class _Program:
    """Reads instructions from the fuzzer's bytes; what is missing at the end is zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def over(self) -> bool:
        return self._position >= len(self._data)

    def number(self, limit: int, size: int = 1) -> int:
        return int.from_bytes(self.take(size), "big") % limit

    def take(self, size: int) -> bytes:
        taken = self._data[self._position : self._position + size]
        self._position += size
        return taken


def lay_out(program: _Program) -> bytes:
    """The stream that a program describes."""
    stream = bytearray()
    while not program.over and len(stream) < LARGEST_STREAM:
        stream += _piece(program)
    return bytes(stream)


def _piece(program: _Program) -> bytes:
    kind = program.number(9)
    whole = _whole(program)
    match kind:
        case 0:
            return program.take(1 + program.number(40))
        case 1:
            return whole
        case 2:  # broken off
            return whole[: program.number(len(whole), 2)]
        case 3:  # bytes lost
            start = program.number(len(whole), 2)
            return whole[:start] + whole[start + program.number(64) :]
        case 4:  # bytes damaged, once or twice in the same way
            damaged = bytearray(whole)
            mask = program.number(256)
            for _ in range(1 + program.number(2)):
                damaged[program.number(len(whole), 2)] ^= mask
            return bytes(damaged)
        case 5:  # a right frame of any content and size
            return frame(program.take(2 + program.number(300, 2)).ljust(2, b"\0"))
        case 6:  # a head with any length
            return PREAMBLE + program.take(2)
        case 7:
            return PREAMBLE[: 1 + program.number(5)]
        case _:  # noise on top of a right frame's tail
            return whole[program.number(len(whole), 2) :] + program.take(3)


def _whole(program: _Program) -> bytes:
    frames = (*CARDS, *CARDS, *FINGERS, *SHORT)
    return frames[program.number(len(frames))]


def examine(data: bytes, report: Report, make: type[Parser] = FrameParser) -> None:
    """Run one program; raises `WrongFrameError`, or what the code under test raises."""
    program = _Program(data)
    command = COMMANDS[program.number(len(COMMANDS))]
    pause = 1 + program.number(2000, 2)
    stream = lay_out(program)
    parser = make(command.reply_lengths)  # type: ignore[call-arg]  # a Protocol has no constructor
    redactor = Redactor()
    redacted = 0
    bodies = []
    for start in range(0, len(stream), pause):
        chunk = stream[start : start + pause]
        redacted += len(redactor.from_device(chunk))
        bodies += parser.feed(chunk)
        if parser.held_bytes > HEADER_SIZE + 4096:
            raise WrongFrameError("it holds more than a frame")
    bodies += parser.give_up_partial()
    if not len(stream) - HEADER_SIZE < redacted <= len(stream):
        raise WrongFrameError("the redacted stream has another length")
    report.streams += 1
    report.bytes += len(stream)
    report.frames += len(bodies)
    judge(stream, command, bodies)
    for text, document in _cards(command, bodies):
        report.cards += 1
        if document.validity is ValidityKind.UNREADABLE:
            report.cards_to_staff += 1
            continue
        if text not in TEXTS:
            report.cards_never_written += 1
            wrong = judge_card(text)
            report.unseen_in[wrong] = report.unseen_in.get(wrong, 0) + 1


def judge_card(text: bytes) -> str:
    """Where an unseen damage may be, found by offsets and not by the layout under test.

    Raises `WrongCardError` where a rule should have caught it: the number's sum, its date, the digits, the term.
    """
    fields = {name: text[start:end].decode("utf-16-le", "replace") for name, (start, end) in FIELDS.items()}
    number = fields["number"]
    digits = "0123456789"
    if any(sign not in digits for sign in number[:17] + fields["birth_date"] + fields["valid_from"].strip()):
        raise WrongCardError("a field of digits holds something else")
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    last = 10 if number[17] in "Xx" else int(number[17])
    if (total + last) % 11 != 1:
        raise WrongCardError("the number's check digit is wrong")
    if number[6:14] != fields["birth_date"]:
        raise WrongCardError("number and birth disagree")
    resident = text[248:250].decode("utf-16-le", "replace") in PADDING
    if resident and not _a_term_apart(fields["valid_from"], fields["valid_to"]):
        raise WrongCardError("no card is issued for such a term")
    nearest = min(TEXTS, key=lambda written: sum(a != b for a, b in zip(written, text, strict=True)))
    wrong = [name for name, (start, end) in FIELDS.items() if text[start:end] != nearest[start:end]]
    return "+".join(wrong) or "elsewhere"


def _a_term_apart(start: str, end: str) -> bool:
    """By the number of days between, leap days and one day more or less included; without two dates, True."""
    try:
        begins, ends = (date(int(text[:4]), int(text[4:6]), int(text[6:])) for text in (start, end))
    except ValueError:
        return True
    return end == NO_END or any(
        abs((ends - begins).days - years * 365.25) < SLACK_DAYS for years in TERMS_YEARS
    )


def judge(stream: bytes, command: Command, bodies: list[bytes]) -> None:
    """Each body was in the stream, in one piece, in this order, with a right length and a right XOR."""
    behind = 0
    for body in bodies:
        counted = (len(body) + 1).to_bytes(2, "big") + body
        total = 0
        for byte in counted:
            total ^= byte
        whole = PREAMBLE + counted + bytes([total])
        start = stream.find(whole, behind)
        if start < 0:
            raise WrongFrameError("no such frame in the stream, whole and behind the one before")
        if len(body) + 1 not in command.reply_lengths:
            raise WrongFrameError("a frame of a length that is no answer")
        behind = start + len(whole)


def _cards(command: Command, bodies: list[bytes]) -> Iterator[tuple[bytes, Document]]:
    """The text blocks that are cards, all of which are decoded: a document or a failure, never an exception."""
    for body in bodies:
        data = Reply.from_body(command.kept(body)).data
        layout.decode_address(data)
        parts = split_fingerprint(data) if command is Command.READ_FINGERPRINT else split_base(data)
        if isinstance(parts, Ok) and isinstance(decoded := layout.decode(parts.value[0]), Ok):
            yield parts.value[0], decoded.value


def _prepare(instrument: Callable[..., Any]) -> None:
    for name in ("feed", "give_up_partial", "_is_glued", "_align", "_frame_size"):
        setattr(FrameParser, name, instrument(getattr(FrameParser, name)))


def main() -> None:
    """See `fuzzing.run`."""
    fuzzing.run(Report(), examine, _prepare, doc=__doc__ or "", default_bytes=10_000_000, longest_program=600)


if __name__ == "__main__":
    main()
