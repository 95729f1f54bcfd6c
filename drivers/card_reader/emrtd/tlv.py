"""BER-TLV as the files and the secure messages of a travel document use it (ISO/IEC 7816-4, 8825-1).

Definite lengths only. A tag is its bytes read as one number (0x5F1F), as Doc 9303 writes them.
"""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_TAG = 3
_LONGEST_LENGTH = 4


class Malformed(ValueError):  # noqa: N818  # raised by parsers, always caught where a file or a message is read
    """Bytes that break their own format. The text never holds a value out of the bytes."""


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """One data object; `raw` is tag, length and value."""

    tag: int
    value: bytes
    raw: bytes

    def __repr__(self) -> str:
        return f"Node(0x{self.tag:X}, {len(self.value)} bytes)"


def encode(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        length = bytes([size])
    else:
        digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(digits)]) + digits
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big") + length + value


def header(data: bytes, offset: int = 0) -> tuple[int, int, int]:
    """(tag, length of the value, size of the header); raises `Malformed`, also when cut short."""
    start = offset
    tag, offset = _tag(data, offset)
    if offset >= len(data):
        msg = f"tag 0x{tag:X} without a length"
        raise Malformed(msg)
    length = data[offset]
    offset += 1
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= _LONGEST_LENGTH or offset + count > len(data):
            msg = f"length of tag 0x{tag:X} takes {count} bytes"
            raise Malformed(msg)
        length = int.from_bytes(data[offset : offset + count], "big")
        offset += count
    return tag, length, offset - start


def read(data: bytes, offset: int = 0) -> Node:
    """The object that begins at `offset`."""
    tag, length, size = header(data, offset)
    start = offset + size
    if start + length > len(data):
        msg = f"tag 0x{tag:X} claims {length} bytes, {len(data) - start} are there"
        raise Malformed(msg)
    return Node(tag, data[start : start + length], data[offset : start + length])


def read_all(data: bytes) -> list[Node]:
    """The objects one after the other, to the last byte."""
    nodes = []
    offset = 0
    while offset < len(data):
        node = read(data, offset)
        nodes.append(node)
        offset += len(node.raw)
    return nodes


def read_only(data: bytes, tag: int) -> bytes:
    """The value of the one object that `data` is."""
    node = read(data)
    if node.tag != tag:
        msg = f"tag 0x{node.tag:X} in the place of 0x{tag:X}"
        raise Malformed(msg)
    if len(node.raw) != len(data):
        msg = f"{len(data) - len(node.raw)} bytes behind tag 0x{tag:X}"
        raise Malformed(msg)
    return node.value


def find(nodes: list[Node], tag: int) -> Node | None:
    return next((node for node in nodes if node.tag == tag), None)


def require(nodes: list[Node], tag: int) -> bytes:
    """The value of the first object with that tag."""
    node = find(nodes, tag)
    if node is None:
        msg = f"no tag 0x{tag:X}"
        raise Malformed(msg)
    return node.value


def _tag(data: bytes, offset: int) -> tuple[int, int]:
    if offset >= len(data):
        msg = "no tag"
        raise Malformed(msg)
    end = offset + 1
    if data[offset] & 0x1F == 0x1F:
        while True:
            if end >= len(data) or end - offset >= _LONGEST_TAG:
                msg = "a tag without an end"
                raise Malformed(msg)
            end += 1
            if not data[end - 1] & 0x80:
                break
    return int.from_bytes(data[offset:end], "big"), end
