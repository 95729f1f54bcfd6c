"""DG2's portrait out of its two envelopes: CBEFF (Doc 9303-10, 4.7.2) and ISO/IEC 19794-5:2005."""

from __future__ import annotations

import struct
from typing import Final

from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.card_reader.emrtd import tlv
from drivers.card_reader.emrtd.tlv import Malformed

_MAGIC: Final = b"FAC\x00010\x00"
_RECORD_HEADER: Final = 14
_FACE_HEADER: Final = 20
_FEATURE_POINT: Final = 8
_IMAGE_HEADER: Final = 12
_BIOMETRIC_DATA: Final = (0x5F2E, 0x7F2E)
_SIGNATURES: Final = (
    (b"\xff\xd8\xff", PhotoFormat.JPEG),
    (bytes.fromhex("0000000C6A5020200D0A870A"), PhotoFormat.JPEG2000),
    (bytes.fromhex("FF4FFF51"), PhotoFormat.JPEG2000),
)
"""The image says by itself what it is; the record's own data type is wrong on some chips."""


def parse_dg2(data: bytes) -> EncodedPhoto:
    """The first portrait of DG2; raises `Malformed`."""
    group = tlv.read_all(tlv.read_only(tlv.read_only(data, 0x75), 0x7F61))
    count = tlv.require(group, 0x02)
    if not count or int.from_bytes(count, "big") < 1:
        msg = "DG2 holds no face"
        raise Malformed(msg)
    template = tlv.read_all(tlv.require(group, 0x7F60))
    record = next((node.value for node in template if node.tag in _BIOMETRIC_DATA), None)
    if record is None:
        msg = "DG2 holds no face record"
        raise Malformed(msg)
    return parse_record(record)


def parse_record(record: bytes) -> EncodedPhoto:
    """The first image of a facial record; raises `Malformed`."""
    if not record.startswith(_MAGIC):
        msg = "a face record that is not ISO/IEC 19794-5"
        raise Malformed(msg)
    if len(record) < _RECORD_HEADER + _FACE_HEADER + _IMAGE_HEADER:
        msg = f"a face record of {len(record)} bytes"
        raise Malformed(msg)
    length, faces = struct.unpack_from(">IH", record, len(_MAGIC))
    if length != len(record) or faces < 1:
        msg = f"a face record of {len(record)} bytes that claims {length} and {faces} faces"
        raise Malformed(msg)
    block, points = struct.unpack_from(">IH", record, _RECORD_HEADER)
    start = _RECORD_HEADER + _FACE_HEADER + points * _FEATURE_POINT + _IMAGE_HEADER
    end = _RECORD_HEADER + block
    if not start < end <= len(record):
        msg = f"a face block of {block} bytes with {points} feature points"
        raise Malformed(msg)
    image = record[start:end]
    for signature, kind in _SIGNATURES:
        if image.startswith(signature):
            return EncodedPhoto(kind, image)
    msg = "a portrait that is neither JPEG nor JPEG 2000"
    raise Malformed(msg)
