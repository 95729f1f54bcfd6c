"""Command and response APDUs as a recorded session may show them: nothing of a card's content."""

from __future__ import annotations

from typing import Final

_SELECT: Final = 0xA4
_PLAIN: Final = 0x00
_HEADER_SIZE: Final = 5
"""CLA INS P1 P2 and the first length byte; the length bytes of an extended one tell nothing either."""


def redacted_command(apdu: bytes) -> bytes:
    """Class, instruction, parameters and length stay, data is zeroed in its length.

    The data of a plain SELECT stays as well: it names an application or a file, never a person.
    """
    if apdu[:2] == bytes([_PLAIN, _SELECT]) or len(apdu) <= _HEADER_SIZE:
        return apdu
    return apdu[:_HEADER_SIZE] + bytes(len(apdu) - _HEADER_SIZE)


def redacted_answer(answer: bytes) -> bytes:
    """The status word stays, data is zeroed in its length."""
    return bytes(len(answer[:-2])) + answer[-2:]
