"""SDT / SAM_V frames: bytes <-> values, nothing else.

A frame is preamble, LEN (2 bytes, big-endian, counts everything after itself), body, CHK.
The XOR over LEN..CHK is zero. A request's body is CMD PARA DATA, a reply's SW1 SW2 SW3 DATA.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import reduce
from operator import xor
from typing import Final

from drivers.card_reader.contract import CardFailure
from drivers.contract import Cause, Failed, Ok

PREAMBLE: Final = bytes.fromhex("AAAAAA9669")
HEADER_SIZE: Final = len(PREAMBLE) + 2
TEXT_SIZE: Final = 256
PHOTO_SIZE: Final = 1024
BASE_LENGTH: Final = 3 + 4 + TEXT_SIZE + PHOTO_SIZE + 1
"""LEN of a good answer to READ_BASE (0x0508)."""
REPLY_LENGTHS: Final = range(4, 4097)
REQUEST_LENGTHS: Final = range(3, 4097)
SHORT_REPLY_LENGTHS: Final = range(4, 33)


class Command(Enum):
    """CMD and PARA of the requests that the terminal uses."""

    RESET = bytes.fromhex("10FF")
    STATUS = bytes.fromhex("11FF")
    SAM_ID = bytes.fromhex("12FF")
    FIND = bytes.fromhex("2001")
    SELECT = bytes.fromhex("2002")
    READ_BASE = bytes.fromhex("3001")
    READ_EXTRA = bytes.fromhex("3003")

    @property
    def reply_lengths(self) -> Container[int]:
        """The LEN values that can belong to an answer.

        XOR alone passes one damaged length in 256, and a late answer to an earlier command
        is a perfectly good frame: its length tells it apart.
        """
        match self:
            case Command.READ_BASE:
                return (4, BASE_LENGTH)
            case Command.SAM_ID:
                return (4, 20)
            case Command.STATUS | Command.RESET:
                return (4,)
            case Command.READ_EXTRA:
                return range(4, 75)
            case Command.FIND | Command.SELECT:
                return SHORT_REPLY_LENGTHS


def frame(body: bytes) -> bytes:
    """Wrap a body (without CHK) of 2 to 4095 bytes."""
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + counted + bytes([reduce(xor, counted)])


def request(command: Command) -> bytes:
    """The whole frame that asks for `command`."""
    return frame(command.value)


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """An answer. `card_word` is SW1 SW2, which only some failures fill; `status` is SW3."""

    card_word: int
    status: int
    data: bytes

    @classmethod
    def from_body(cls, body: bytes) -> Reply:
        """`body` comes from `FrameParser` with reply lengths, so it has at least 3 bytes."""
        return cls(int.from_bytes(body[:2], "big"), body[2], body[3:])

    def to_frame(self) -> bytes:
        return frame(self.card_word.to_bytes(2, "big") + bytes([self.status]) + self.data)

    def __repr__(self) -> str:
        return f"Reply(status=0x{self.status:02X}, {len(self.data)} bytes)"


class FrameParser:
    """Finds frames in a stream that may be split, joined or dirty.

    A frame whose length or checksum is wrong costs one byte, not the length it claimed: the
    next good frame may begin inside it. So does a frame that holds the head of another one: it
    is a broken-off frame glued to the next, which one checksum in 256 lets pass, and would mix
    two people's cards. (A true body has such bytes by chance once in 10^13.) Holds at most one
    frame's bytes between calls.
    """

    def __init__(self, lengths: Container[int] = REPLY_LENGTHS) -> None:
        self._lengths = lengths
        self._buffer = bytearray()
        self.bad_frames = 0
        """Frames with a preamble that were then refused (checksum, length, never finished)."""

    @property
    def held_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes as they came; return the bodies (without CHK) that are now complete."""
        self._buffer += chunk
        bodies = []
        while self._align() and (size := self._frame_size()) is not None:
            if size > len(self._buffer):
                break
            whole = size > 0 and reduce(xor, self._buffer[len(PREAMBLE) : size]) == 0
            if not whole or self._is_glued(size):
                self._refuse()
                continue
            bodies.append(bytes(self._buffer[HEADER_SIZE : size - 1]))
            del self._buffer[:size]
        return bodies

    def give_up_partial(self) -> list[bytes]:
        """The line went quiet: what is unfinished stays unfinished, but may hide whole frames."""
        bodies = []
        while self._buffer:
            if len(self._buffer) >= HEADER_SIZE:
                self._refuse()
            else:
                self._buffer.clear()
            bodies += self.feed(b"")
        return bodies

    def _is_glued(self, size: int) -> bool:
        start = self._buffer.find(PREAMBLE, 1, size)
        while start >= 0:
            length = self._buffer[start + len(PREAMBLE) : start + HEADER_SIZE]
            if len(length) < 2 or int.from_bytes(length, "big") in self._lengths:
                return True
            start = self._buffer.find(PREAMBLE, start + 1, size)
        return False

    def _refuse(self) -> None:
        self.bad_frames += 1
        del self._buffer[:1]

    def _align(self) -> bool:
        """Drop noise in front of the first preamble; False while there is none."""
        start = self._buffer.find(PREAMBLE)
        if start < 0:
            # the last bytes may be the beginning of a preamble
            keep = next(
                (n for n in range(len(PREAMBLE) - 1, 0, -1) if self._buffer.endswith(PREAMBLE[:n])), 0
            )
            start = len(self._buffer) - keep
        del self._buffer[:start]
        return self._buffer.startswith(PREAMBLE)

    def _frame_size(self) -> int | None:
        """Bytes of the frame at the front: None while LEN is not in, 0 when LEN is impossible."""
        if len(self._buffer) < HEADER_SIZE:
            return None
        length = int.from_bytes(self._buffer[len(PREAMBLE) : HEADER_SIZE], "big")
        return HEADER_SIZE + length if length in self._lengths else 0


class Reaction(StrEnum):
    """What the driver does next."""

    PROCEED = "proceed"
    WAIT = "wait"
    RESEND = "resend"
    RESTART = "restart"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an SW3 stands for: the failure it becomes after `retries`, and the device's fault if any."""

    text: str
    reaction: Reaction
    failure: CardFailure
    retries: int = 0
    reset_first: bool = False
    fault: Cause | None = None


_UNRECOGNISED: Final = Meaning(
    "unrecognised error", Reaction.RESTART, CardFailure.UNREADABLE, 2, reset_first=True
)

_MEANINGS: Final = {
    0x90: Meaning("success", Reaction.PROCEED, CardFailure.UNREADABLE),
    0x91: Meaning("no such item on the card", Reaction.PROCEED, CardFailure.UNREADABLE),
    0x9F: Meaning("card found", Reaction.PROCEED, CardFailure.UNREADABLE),
    0x10: Meaning(
        "request checksum error", Reaction.RESEND, CardFailure.READER_LOST, 2, fault=Cause.CARD_SAM_ERROR
    ),
    0x11: Meaning(
        "request length error", Reaction.RESEND, CardFailure.READER_LOST, 2, fault=Cause.CARD_SAM_ERROR
    ),
    0x21: Meaning("command error", Reaction.STOP, CardFailure.READER_LOST, fault=Cause.CARD_SAM_ERROR),
    0x23: Meaning("not permitted in this order", Reaction.RESTART, CardFailure.UNREADABLE, 2),
    0x24: _UNRECOGNISED,
    0x31: Meaning("card refused the module", Reaction.RESTART, CardFailure.NOT_AUTHENTIC, 1),
    0x32: Meaning("module refused the card", Reaction.STOP, CardFailure.NOT_AUTHENTIC),
    0x33: Meaning("information verification failed", Reaction.STOP, CardFailure.NOT_AUTHENTIC),
    0x37: Meaning("fingerprint verification failed", Reaction.STOP, CardFailure.UNREADABLE),
    0x3F: Meaning("information length error", Reaction.RESTART, CardFailure.UNREADABLE, 2),
    0x40: Meaning("unrecognised card type", Reaction.STOP, CardFailure.WRONG_CARD),
    0x41: Meaning("reading the card failed", Reaction.RESTART, CardFailure.CARD_MOVED, 2),
    0x47: Meaning("random number failed", Reaction.RESTART, CardFailure.UNREADABLE, 2, reset_first=True),
    0x60: Meaning(
        "module self-test failed", Reaction.STOP, CardFailure.READER_LOST, fault=Cause.CARD_SAM_ERROR
    ),
    0x66: Meaning(
        "module not authorised", Reaction.STOP, CardFailure.VENDOR_UNAUTHORISED, fault=Cause.CARD_UNAUTHORISED
    ),
    0x80: Meaning("no card, or one already read", Reaction.WAIT, CardFailure.NO_CARD),
    0x81: Meaning("selecting the card failed", Reaction.RESTART, CardFailure.CARD_MOVED, 2),
}


def meaning(status: int) -> Meaning:
    """The whole SW3 table; what is not in it counts as 24, unrecognised."""
    return _MEANINGS.get(status, _UNRECOGNISED)


def split_base(data: bytes) -> Ok[tuple[bytes, bytes]] | Failed[CardFailure]:
    """The data of READ_BASE -> text (256 bytes) and photo (1024 bytes)."""
    sizes = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    if sizes != (TEXT_SIZE, PHOTO_SIZE) or len(data) != 4 + TEXT_SIZE + PHOTO_SIZE:
        return Failed(CardFailure.UNREADABLE, "text and photo do not have the lengths of a 30 01 answer")
    return Ok((data[4 : 4 + TEXT_SIZE], data[4 + TEXT_SIZE :]))


def join_base(text: bytes, photo: bytes) -> bytes:
    """Inverse of `split_base`."""
    return len(text).to_bytes(2, "big") + len(photo).to_bytes(2, "big") + text + photo


def format_sam_id(data: bytes) -> str:
    """16 bytes -> the printed form: 2-2-8-10-10 digits from little-endian u16 u16 u32 u32 u32."""
    fields = ((0, 2, 2), (2, 4, 2), (4, 8, 8), (8, 12, 10), (12, 16, 10))
    first, *rest = (f"{int.from_bytes(data[a:b], 'little'):0{digits}d}" for a, b, digits in fields)
    return f"{first}.{'-'.join(rest)}"
