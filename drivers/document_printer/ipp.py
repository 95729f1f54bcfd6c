"""Requests and answers of IPP (RFC 8010) as bytes: pure, no device.

Own text although libcups speaks IPP, since pycups cannot ask a printer: its `Connection` posts to a
scheduler's paths and without a deadline, and its `IPPRequest` fails on an answer with a type that it
does not know (octetString, dateTime, no-value), all of which printers send unasked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from drivers.contract import Failed, Ok

VERSION = (2, 0)
ANSWER_MAX_BYTES = 256 * 1024
"""A list of a few hundred jobs with the attributes that are asked for takes a tenth of it."""
_HEADER = struct.Struct(">BBHI")
_LENGTH = struct.Struct(">H")
_INTEGER = struct.Struct(">i")

Value = int | bool | str
Attributes = Mapping[str, tuple[Value, ...]]


class Operation(IntEnum):
    """What a printer is asked (RFC 8011, chapter 5.4.15)."""

    CANCEL_JOB = 0x0008
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class Group(IntEnum):
    """Delimiter tags."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04


class Tag(IntEnum):
    """Value tags that a question needs, or whose values an answer is read for."""

    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    CHARSET = 0x47
    LANGUAGE = 0x48


_LAST_GROUP_TAG = 0x0F
_TEXTS = range(0x40, 0x4A)
"""text, name, keyword, uri, uriScheme, charset, naturalLanguage, mimeMediaType."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` below 0x100 is success. `groups`: delimiter tag and attributes, in the order sent.

    Values of types that nobody asks for (dates, collections, out-of-band) are left out, so an
    attribute with "no-value" has an empty tuple.
    """

    status: int
    request_id: int
    groups: tuple[tuple[int, Attributes], ...]

    def group(self, wanted: Group) -> tuple[Attributes, ...]:
        return tuple(attributes for tag, attributes in self.groups if tag == wanted)


def encode(
    operation: Operation, request_id: int, attributes: Iterable[tuple[Tag, str, tuple[Value, ...]]]
) -> bytes:
    """A request whose operation attributes begin with the two that RFC 8011 wants first."""
    out = bytearray(_HEADER.pack(*VERSION, operation, request_id))
    out.append(Group.OPERATION)
    first: tuple[tuple[Tag, str, tuple[Value, ...]], ...] = (
        (Tag.CHARSET, "attributes-charset", ("utf-8",)),
        (Tag.LANGUAGE, "attributes-natural-language", ("en",)),
    )
    for tag, name, values in (*first, *attributes):
        for index, value in enumerate(values):
            label = name.encode("ascii") if index == 0 else b""
            raw = _INTEGER.pack(value) if isinstance(value, int) else value.encode("utf-8")
            out += bytes((tag,)) + _LENGTH.pack(len(label)) + label + _LENGTH.pack(len(raw)) + raw
    out.append(Group.END)
    return bytes(out)


def decode(data: bytes) -> Ok[Answer] | Failed[str]:
    """An answer, or why these bytes are none."""
    if len(data) < _HEADER.size:
        return Failed("short")
    _major, _minor, status, request_id = _HEADER.unpack_from(data)
    groups: list[tuple[int, dict[str, tuple[Value, ...]]]] = []
    at, name = _HEADER.size, ""
    while at < len(data):
        tag = data[at]
        at += 1
        if tag == Group.END:
            return Ok(Answer(status, request_id, tuple(groups)))
        if tag <= _LAST_GROUP_TAG:
            groups.append((tag, {}))
            name = ""
            continue
        label, at = _field(data, at)
        raw, at = _field(data, at)
        if label is None or raw is None or not groups:
            return Failed("torn")
        attributes = groups[-1][1]
        if label:
            name = label.decode("ascii", "replace")
            attributes[name] = ()
        elif not name:
            return Failed("nameless")
        attributes[name] += _value(tag, raw)
    return Failed("no end")


def _field(data: bytes, at: int) -> tuple[bytes | None, int]:
    """A length of two bytes and as many bytes; None when the data ends before them."""
    start = at + _LENGTH.size
    if start > len(data):
        return None, at
    end = start + _LENGTH.unpack_from(data, at)[0]
    return (data[start:end], end) if end <= len(data) else (None, at)


def _value(tag: int, raw: bytes) -> tuple[Value, ...]:
    if tag in (Tag.INTEGER, Tag.ENUM):
        return (_INTEGER.unpack(raw)[0],) if len(raw) == _INTEGER.size else ()
    if tag == Tag.BOOLEAN:
        return (raw != b"\0",) if len(raw) == 1 else ()
    return (raw.decode("utf-8", "replace"),) if tag in _TEXTS else ()
