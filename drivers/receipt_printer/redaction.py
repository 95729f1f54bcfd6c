"""Printer traffic with the slip taken out: dots become white, text becomes stars, lengths stay. Pure.

Only commands of a known form are let through, and of a long one only the part that says how long
it is. A recording then replays on the simulated printer: the same paper, blank.
"""

from __future__ import annotations

from typing import Final

from drivers.receipt_printer.commands import Command, Kind, next_command

_STAR: Final = b"*"
_IMAGE_HEADER: Final = 8
_UNKNOWN_REPLY: Final = b"\x80"
"""In the place of a byte that is no part of any reply: itself one that is none."""


def to_device(data: bytes) -> bytes:
    """What one write says. `data` is whole commands: a tail that is none becomes NUL."""
    redacted = b""
    while (command := next_command(data)) is not None:
        redacted += _shown(command)
        data = data[len(command.data) :]
    return redacted + bytes(len(data))


def from_device(data: bytes) -> bytes:
    """What the printer says: the bits of its status. No byte of a reply has its highest bit set."""
    return b"".join(bytes((byte,)) if byte < 0x80 else _UNKNOWN_REPLY for byte in data)


def _shown(command: Command) -> bytes:
    match command.kind:
        case Kind.IMAGE:
            return command.data[:_IMAGE_HEADER] + bytes(len(command.data) - _IMAGE_HEADER)
        case Kind.TEXT | Kind.UNKNOWN:
            return _STAR * len(command.data)
        case Kind.SKIPPED if command.data.startswith(b"\x1d("):
            return command.data[:5] + bytes(len(command.data) - 5)
        case _:
            return command.data
