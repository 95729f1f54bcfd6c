"""SDT traffic with the person taken out: pure, byte in byte out.

Nothing is let through because it looks harmless, only what has one of the few values that the
frame's own parts may have: preamble, a possible LEN, status bytes, the lengths in front of a text.
Everything else, noise included (a damaged frame is noise that holds a name), becomes a mask of the
same length. A good checksum stays good and a bad one bad, so that a recording replays as it was.
"""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import Final

from drivers.card_reader.module_status import is_known
from drivers.card_reader.protocol import (
    FINGERPRINT_SIZES,
    HEADER_SIZE,
    PHOTO_SIZE,
    PREAMBLE,
    Command,
    join_base,
    join_fingerprint,
)
from drivers.id_number import check_sign

_STAR: Final = "*".encode("utf-16-le")
_BORN: Final = "19000101"
_NUMBER: Final = "000000" + _BORN + "000"
MASKED_TEXT: Final = (
    f"{'*' * 15}000{_BORN}{'*' * 35}{_NUMBER}{check_sign(_NUMBER)}{'*' * 15}20000101{'*' * 22}    "
).encode("utf-16-le")
"""Decodes as the card of a resident of stars, whose number is nobody's and keeps the numbers' rules."""
_MASKED_PHOTO: Final = bytes(PHOTO_SIZE)
_NOISE: Final = 0x00
_STATUS_SIZE: Final = 3
_BARE_LENGTH: Final = _STATUS_SIZE + 1
_UNKNOWN_STATUS: Final = 0x82
"""In the place of a status that the table does not have: itself one that it does not have."""


class Redactor:
    """One wire's traffic, in the order in which it passes."""

    def __init__(self) -> None:
        self._command = Command.STATUS
        self._held = bytearray()
        self._frame: _Frame | None = None

    def to_device(self, request: bytes) -> bytes:
        """A request, whole: it holds nothing of a person. Tells which answer to expect."""
        body = request[HEADER_SIZE : HEADER_SIZE + 2]
        self._command = next((command for command in Command if command.value == body), Command.STATUS)
        self._held.clear()
        self._frame = None
        return request

    def from_device(self, data: bytes) -> bytes:
        """What came in, masked. Bytes that may yet become a header come out with the next call."""
        out = bytearray()
        for byte in data:
            if self._frame is None:
                out += self._search(byte)
            else:
                out.append(self._frame.mask(byte))
                if self._frame.complete:
                    self._frame = None
        return bytes(out)

    def _search(self, byte: int) -> bytes:
        self._held.append(byte)
        noise = bytearray()
        while self._held and not PREAMBLE.startswith(self._held[: len(PREAMBLE)]):
            del self._held[0]
            noise.append(_NOISE)
        if len(self._held) < HEADER_SIZE:
            return bytes(noise)
        length = int.from_bytes(self._held[len(PREAMBLE) :], "big")
        header = bytes(self._held)
        self._held.clear()
        if length not in self._command.reply_lengths:
            return bytes(noise) + PREAMBLE + bytes(2)
        self._frame = _Frame(self._command, header[len(PREAMBLE) :], length)
        return bytes(noise) + header


class _Frame:
    """The part of an answer behind its header."""

    def __init__(self, command: Command, length_bytes: bytes, length: int) -> None:
        self._template = _masked_data(command, length - _BARE_LENGTH)
        self._position = 0
        self._length = length
        self._true_sum = self._masked_sum = reduce(xor, length_bytes)

    @property
    def complete(self) -> bool:
        return self._position == self._length

    def mask(self, byte: int) -> int:
        self._true_sum ^= byte
        masked = self._choose(byte)
        self._masked_sum ^= masked
        self._position += 1
        return masked

    def _choose(self, byte: int) -> int:
        position = self._position
        if position == self._length - 1:
            # here the true sum holds the checksum already: 0 when it is right
            return self._masked_sum if self._true_sum == 0 else self._masked_sum ^ 0xFF
        if position >= _STATUS_SIZE:
            return self._template[position - _STATUS_SIZE]
        if position < _STATUS_SIZE - 1:
            return 0  # SW1 and SW2 come from the card, and the driver does not read them
        return byte if is_known(byte) else _UNKNOWN_STATUS


def _masked_data(command: Command, size: int) -> bytes:
    """`size` bytes in the shape of a good answer."""
    if size and command is Command.READ_BASE:
        return join_base(MASKED_TEXT, _MASKED_PHOTO)
    if size and command is Command.READ_FINGERPRINT:
        whole = join_fingerprint(MASKED_TEXT, _MASKED_PHOTO, bytes(max(FINGERPRINT_SIZES)))
        cut = size - (len(whole) - max(FINGERPRINT_SIZES))
        return whole[:4] + cut.to_bytes(2, "big") + whole[6:size]
    if command is Command.READ_EXTRA:
        return (_STAR * size)[:size]
    return bytes(size)
