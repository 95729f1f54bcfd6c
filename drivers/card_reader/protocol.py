"""SDT / SAM_V frames: bytes <-> values, nothing else.

A frame is preamble, LEN (2 bytes, big-endian, counts everything after itself), body, CHK.
The XOR over LEN..CHK is zero. A request's body is CMD PARA DATA, a reply's SW1 SW2 SW3 DATA.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import xor
from typing import Final

from drivers.card_reader.contract import CardFailure
from drivers.contract import Failed, Ok

PREAMBLE: Final = bytes.fromhex("AAAAAA9669")
HEADER_SIZE: Final = len(PREAMBLE) + 2
TEXT_SIZE: Final = 256
PHOTO_SIZE: Final = 1024
BASE_LENGTH: Final = 3 + 4 + TEXT_SIZE + PHOTO_SIZE + 1
"""LEN of a good answer to READ_BASE (0x0508)."""
FINGERPRINT_SIZES: Final = (0x0400, 0x0200, 0)
"""Two fingers, one, none: answers of 2321, 1809 and 1297 bytes to READ_FINGERPRINT."""
ADDRESS_SIZE: Final = 70
SPEEDS: Final = (115200, 57600, 38400, 19200, 9600)
"""Bits per second, in the order of the PARA byte of command 60."""
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
    READ_FINGERPRINT = bytes.fromhex("3010")
    SPEED_115200 = bytes.fromhex("6000")
    SPEED_57600 = bytes.fromhex("6001")
    SPEED_38400 = bytes.fromhex("6002")
    SPEED_19200 = bytes.fromhex("6003")
    SPEED_9600 = bytes.fromhex("6004")

    @classmethod
    def for_speed(cls, bits_per_second: int) -> Command:
        """The command that sets the module's UART; ValueError for a speed that it does not know."""
        if bits_per_second not in SPEEDS:
            msg = f"no module knows {bits_per_second} bits per second"
            raise ValueError(msg)
        return cls(bytes([0x60, SPEEDS.index(bits_per_second)]))

    @property
    def speed(self) -> int | None:
        """The speed that this command asks for, in bits per second."""
        return SPEEDS[self.value[1]] if self.value[0] == 0x60 else None

    @property
    def reads_card(self) -> bool:
        """Whether the module talks with the card for it, which takes up to 1.5 s."""
        return self.value[0] == 0x30

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
                return range(4, 4 + ADDRESS_SIZE + 1, 2)
            case Command.READ_FINGERPRINT:
                return (4, *(BASE_LENGTH + 2 + size for size in FINGERPRINT_SIZES))
            case _:
                return SHORT_REPLY_LENGTHS

    def kept(self, body: bytes) -> bytes:
        """What the terminal may keep of an answer: fingerprints are cut off before anybody sees them."""
        return body[: BASE_LENGTH + 1] if self is Command.READ_FINGERPRINT else body


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


def split_base(data: bytes) -> Ok[tuple[bytes, bytes]] | Failed[CardFailure]:
    """The data of READ_BASE -> text (256 bytes) and photo (1024 bytes)."""
    return _split(data, lengths=2)


def split_fingerprint(data: bytes) -> Ok[tuple[bytes, bytes]] | Failed[CardFailure]:
    """The data of READ_FINGERPRINT, of which `Command.kept` left no fingerprint -> text and photo."""
    return _split(data, lengths=3)


def _split(data: bytes, lengths: int) -> Ok[tuple[bytes, bytes]] | Failed[CardFailure]:
    start = 2 * lengths
    sizes = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    if sizes != (TEXT_SIZE, PHOTO_SIZE) or len(data) != start + TEXT_SIZE + PHOTO_SIZE:
        return Failed(CardFailure.UNREADABLE, "text and photo do not have the lengths of a good answer")
    return Ok((data[start : start + TEXT_SIZE], data[start + TEXT_SIZE :]))


def join_base(text: bytes, photo: bytes) -> bytes:
    """Inverse of `split_base`."""
    return len(text).to_bytes(2, "big") + len(photo).to_bytes(2, "big") + text + photo


def join_fingerprint(text: bytes, photo: bytes, fingerprint: bytes) -> bytes:
    """The data of an answer to READ_FINGERPRINT, for the simulator."""
    sizes = b"".join(len(part).to_bytes(2, "big") for part in (text, photo, fingerprint))
    return sizes + text + photo + fingerprint


def format_sam_id(data: bytes) -> str:
    """16 bytes -> the printed form: 2-2-8-10-10 digits from little-endian u16 u16 u32 u32 u32."""
    fields = ((0, 2, 2), (2, 4, 2), (4, 8, 8), (8, 12, 10), (12, 16, 10))
    first, *rest = (f"{int.from_bytes(data[a:b], 'little'):0{digits}d}" for a, b, digits in fields)
    return f"{first}.{'-'.join(rest)}"
