"""DG1, DG11 and EF.COM: what they hold, as text (Doc 9303-10, section 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from drivers.card_reader.emrtd import mrz, tlv
from drivers.card_reader.emrtd.mrz import Mrz

_TAGS = {0x61: 1, 0x75: 2, 0x63: 3, 0x76: 4, 0x65: 5, 0x66: 6, 0x67: 7, 0x68: 8, 0x69: 9, 0x6A: 10}
_TAGS |= {0x6B: 11, 0x6C: 12, 0x6D: 13, 0x6E: 14, 0x6F: 15, 0x70: 16}
_LONGEST_TEXT = 1000
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True, repr=False)
class AdditionalDetails:
    """DG11, what of it is used; empty where the chip holds nothing."""

    full_name: str = ""
    other_names: tuple[str, ...] = ()
    personal_number: str = ""
    birth_date: date | None = None
    address: str = ""

    def __repr__(self) -> str:
        return "AdditionalDetails(masked)"


def parse_dg1(data: bytes) -> Mrz:
    """Tag 61 around 5F1F; raises `Malformed`."""
    zone = tlv.require(tlv.read_all(tlv.read_only(data, 0x61)), 0x5F1F)
    try:
        return mrz.parse(zone.decode("ascii"))
    except UnicodeDecodeError as error:
        msg = "DG1 is not ASCII"
        raise tlv.Malformed(msg) from error


def parse_dg11(data: bytes) -> AdditionalDetails:
    """Tag 6B; texts are UTF-8, `<` separates name parts and lines; raises `Malformed`."""
    nodes = tlv.read_all(tlv.read_only(data, 0x6B))
    texts = {node.tag: _text(node.value) for node in nodes if node.tag in (0x5F0E, 0x5F10, 0x5F42)}
    group = tlv.find(nodes, 0xA0)
    others = tlv.read_all(group.value) if group is not None else []
    born = tlv.find(nodes, 0x5F2B)
    return AdditionalDetails(
        full_name=_name(texts.get(0x5F0E, "")),
        other_names=tuple(_name(_text(node.value)) for node in others if node.tag == 0x5F0F),
        personal_number=texts.get(0x5F10, "").strip("< "),
        birth_date=None if born is None else _full_date(born.value),
        address=" ".join(texts.get(0x5F42, "").replace("<", " ").split()),
    )


def parse_com(data: bytes) -> tuple[int, ...]:
    """The numbers of the data groups that EF.COM lists; it is not signed, so only a hint."""
    tags = tlv.require(tlv.read_all(tlv.read_only(data, 0x60)), 0x5C)
    return tuple(_TAGS[tag] for tag in tags if tag in _TAGS)


def _text(value: bytes) -> str:
    if len(value) > _LONGEST_TEXT:
        msg = f"a text of {len(value)} bytes"
        raise tlv.Malformed(msg)
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = "a text that is not UTF-8"
        raise tlv.Malformed(msg) from error
    if not text.isprintable():
        msg = "a text with control characters"
        raise tlv.Malformed(msg)
    return text


def _name(text: str) -> str:
    """`<<` stands between primary and secondary identifier; Chinese names are written together."""
    glue = "" if _is_han(text.replace("<", "")) else " "
    return glue.join(part for part in text.split("<") if part)


def _is_han(text: str) -> bool:
    return all("㐀" <= char <= "鿿" or ord(char) >= 0x20000 or char in "·〇" for char in text)


def _full_date(value: bytes) -> date | None:
    """Eight digits in ASCII, or in four bytes of BCD; None for unknown parts."""
    digits = value.hex() if len(value) == 4 else value.decode("ascii", "replace")
    parts = _DAY.fullmatch(digits)
    try:
        return date(*map(int, parts.groups())) if parts is not None else None
    except ValueError:
        return None
