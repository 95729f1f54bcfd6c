"""The files of a simulated travel document: bytes as an issuer writes them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.card_reader.emrtd import mrz, tlv
from drivers.card_reader.emrtd.pace import PaceInfo

_GROUP_TAGS: Final = {1: 0x61, 2: 0x75, 11: 0x6B, 12: 0x6C, 14: 0x6E, 15: 0x6F}


@dataclass(frozen=True, slots=True, repr=False)
class Holder:
    """An invented person, as the MRZ takes them: A-Z, digits and `<`; dates YYMMDD."""

    number: str
    surname: str
    given_names: str
    birth: str
    expiry: str
    sex: str = "F"
    nationality: str = "UTO"
    issuer: str = "UTO"
    optional: str = ""
    full_name: str = ""
    address: str = ""
    full_birth: str = ""

    def __repr__(self) -> str:
        return "Holder(masked)"


def td3(holder: Holder) -> str:
    """The two lines of a passport, 88 characters."""
    names = f"{holder.surname}<<{holder.given_names}".replace(" ", "<")[:39]
    upper = f"P<{holder.issuer:<<3}{names:<<39}"
    number = f"{holder.number:<<9}"
    personal = f"{holder.optional:<<14}"
    body = number + mrz.check_digit(number)
    dates = holder.birth + mrz.check_digit(holder.birth)
    ends = holder.expiry + mrz.check_digit(holder.expiry)
    extra = personal + mrz.check_digit(personal)
    whole = mrz.check_digit(body + dates + ends + extra)
    return f"{upper}{body}{holder.nationality:<<3}{dates}{holder.sex}{ends}{extra}{whole}"


def dg1(zone: str) -> bytes:
    return tlv.encode(0x61, tlv.encode(0x5F1F, zone.encode("ascii")))


def dg2(photo: EncodedPhoto) -> bytes:
    header = tlv.encode(0xA1, tlv.encode(0x87, b"\x01\x01") + tlv.encode(0x88, b"\x00\x08"))
    template = tlv.encode(0x7F60, header + tlv.encode(0x5F2E, face_record(photo)))
    return tlv.encode(0x75, tlv.encode(0x7F61, tlv.encode(0x02, b"\x01") + template))


def face_record(photo: EncodedPhoto, points: int = 1) -> bytes:
    """ISO/IEC 19794-5:2005 with one face."""
    data_type = 0 if photo.format is PhotoFormat.JPEG else 1
    image = struct.pack(">BBHHBBHH", 1, data_type, 240, 320, 1, 0, 0, 0) + photo.data
    face = struct.pack(">H", points) + bytes(14) + bytes(8 * points) + image
    block = struct.pack(">I", len(face) + 4) + face
    return b"FAC\x00010\x00" + struct.pack(">IH", 14 + len(block), 1) + block


def dg11(holder: Holder) -> bytes:
    fields = {0x5F0E: holder.full_name, 0x5F2B: holder.full_birth, 0x5F42: holder.address}
    present = {tag: text.encode() for tag, text in fields.items() if text}
    tags = tlv.encode(0x5C, b"".join(tag.to_bytes(2, "big") for tag in present))
    return tlv.encode(0x6B, tags + b"".join(tlv.encode(tag, value) for tag, value in present.items()))


def com(numbers: list[int]) -> bytes:
    tags = bytes(_GROUP_TAGS[number] for number in sorted(numbers))
    versions = tlv.encode(0x5F01, b"0107") + tlv.encode(0x5F36, b"040000")
    return tlv.encode(0x60, versions + tlv.encode(0x5C, tags))


def pace_info(info: PaceInfo) -> bytes:
    """One PACEInfo, version 2."""
    number = tlv.encode(0x02, bytes([info.parameters]))
    return tlv.encode(0x30, tlv.encode(0x06, info.identifier) + tlv.encode(0x02, b"\x02") + number)


def security_infos(*infos: bytes) -> bytes:
    return tlv.encode(0x31, b"".join(sorted(infos)))


def atr_info(largest_reply: int) -> bytes:
    """EF.ATR/INFO with the longest command and reply."""
    limits = b"".join(tlv.encode(0x02, size.to_bytes(2, "big")) for size in (largest_reply, largest_reply))
    return tlv.encode(0x7F66, limits)
