"""Command and response APDUs (ISO/IEC 7816-4, section 5)."""

from __future__ import annotations

from dataclasses import dataclass

SUCCESS = 0x9000
END_OF_FILE = 0x6282
"""Fewer bytes than asked for: data and this warning come together."""
NOT_FOUND = 0x6A82
SHORT_LE = 256
SHORT_LC = 255


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """`le` is the number of bytes expected, None for none. Longer than 255 or 256 goes extended."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    @property
    def header(self) -> bytes:
        return bytes([self.cla, self.ins, self.p1, self.p2])

    @property
    def extended(self) -> bool:
        return len(self.data) > SHORT_LC or (self.le or 0) > SHORT_LE

    def encode(self) -> bytes:
        out = self.header
        if self.extended:
            out += b"\0"
            if self.data:
                out += len(self.data).to_bytes(2, "big") + self.data
            return out if self.le is None else out + (self.le & 0xFFFF).to_bytes(2, "big")
        if self.data:
            out += bytes([len(self.data)]) + self.data
        return out if self.le is None else out + bytes([self.le & 0xFF])

    def __repr__(self) -> str:
        return f"Command({self.header.hex()}, {len(self.data)} bytes, le={self.le})"


def with_header(header: bytes, data: bytes = b"", le: int | None = None) -> Command:
    """A command of a four-byte header."""
    cla, ins, p1, p2 = header
    return Command(cla, ins, p1, p2, data, le)


def decode(apdu: bytes) -> Command:
    """Inverse of `Command.encode`, for the far end; ValueError for what is no command."""
    if len(apdu) < 4:
        msg = "shorter than a header"
        raise ValueError(msg)
    head, body = apdu[:4], apdu[4:]
    if not body:
        return with_header(head)
    if len(body) == 1:
        return with_header(head, le=body[0] or SHORT_LE)
    width, most = (1, SHORT_LE) if body[0] else (2, 0x10000)
    if not body[0]:
        body = body[1:]
        if len(body) == 2:
            return with_header(head, le=int.from_bytes(body, "big") or most)
    size = int.from_bytes(body[:width], "big")
    data, tail = body[width : width + size], body[width + size :]
    if len(data) != size or len(tail) not in (0, width):
        msg = "the lengths do not fit"
        raise ValueError(msg)
    return with_header(head, data, (int.from_bytes(tail, "big") or most) if tail else None)


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """Response data and status word."""

    data: bytes
    status: int

    def __repr__(self) -> str:
        return f"Reply({len(self.data)} bytes, {self.status:04X})"
