"""The social-security card (third generation, and the two before it): EF05 and EF06 without a PIN.

The environment `sx1.sh.社会保障` holds EF05 (issuer) and EF06 (holder), each of records that are tag,
length, value. Cards address them in three ways, found out by the version record: by number in the
selected file, by number with the file's short identifier, or by the record's tag as its identifier.
Everything else on the card needs a PIN or a security module and is left alone; so is what is not
needed here. These records are read by anybody and copied by anybody: the assurance is low.
Tags and lengths: 社会保障卡 file structure as published integrations use it; LD/T 6001.5-2023 not seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from drivers.card_reader.applications import Content, Transport, refused
from drivers.card_reader.contract import CardFailure, Document, DocumentKind, ValidityKind
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.evidence import CheckName, evidence

AID: Final = "sx1.sh.社会保障".encode("gbk")
ISSUER_FILE: Final = 0x05
HOLDER_FILE: Final = 0x06
VERSION, VALID_FROM, VALID_TO = 0x03, 0x05, 0x06
NUMBER, NAME, NAME_REST, SEX, NATION, BIRTH = 0x08, 0x09, 0x4E, 0x0A, 0x0B, 0x0D
_VERSIONS: Final = ("1.", "2.", "3.")
_LAST_RECORD: Final = 9
"""EF06 holds seven records; some issuers add two."""
_NOT_FOUND: Final = (0x6A83, 0x6A82)
_LOCKED: Final = (0x6982, 0x6985)
_EVIDENCE: Final = evidence(
    {
        CheckName.READ: (CheckOutcome.PASSED, "EF05 and EF06, without PIN"),
        CheckName.SIGNATURE: (CheckOutcome.NOT_DONE, "the records hold none"),
        CheckName.CLONE_CHECK: (
            CheckOutcome.NOT_DONE,
            "needs a PSAM or the issuer's HSM: anybody can copy this",
        ),
        CheckName.LOSS_REPORT: (CheckOutcome.NOT_DONE, "not asked"),
    }
)


class Addressing(Enum):
    """How this card wants its records named in READ RECORD."""

    NUMBER = "number"
    SHORT_FILE = "short_file"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class SocialSecurityCard:
    """The `CardApplication`."""

    name: str = "social_security"

    def select(self, card: Transport) -> Ok[None] | Failed[CardFailure]:
        selected = card.transmit(bytes.fromhex("00A40400") + bytes([len(AID)]) + AID + b"\0")
        if isinstance(selected, Failed):
            return selected
        if not selected.value.fine:
            return Failed(CardFailure.WRONG_CARD, "no social-security environment")
        return Ok(None)

    def read(self, card: Transport) -> Ok[Content] | Failed[CardFailure]:
        found = _addressing(card)
        if isinstance(found, Failed):
            return found
        issuer = _read_file(card, ISSUER_FILE, found.value, (VALID_FROM, VALID_TO))
        if isinstance(issuer, Failed):
            return issuer
        wanted = (NUMBER, NAME, NAME_REST, SEX, NATION, BIRTH)
        holder = _read_file(card, HOLDER_FILE, found.value, wanted)
        if isinstance(holder, Failed):
            return holder
        document = decode(issuer.value, holder.value)
        return Ok(Content(document.value, None, _EVIDENCE)) if isinstance(document, Ok) else document

    def redacted(self, answers: Sequence[bytes]) -> list[bytes]:
        """Tags and lengths stay, and a version that is one; a good number is zeros, a good name stars."""
        holder = {data[0]: data[2 : 2 + data[1]] for data in answers if len(data) >= 2}
        good = isinstance(decode({}, holder), Ok)
        return [_masked_record(data, good=good) for data in answers]


_PUBLIC_VERSION: Final = re.compile(rb"[0-9]\.[0-9]{2}")
_NO_LENGTH: Final = 0xFF
_MASKED_DAY: Final = bytes.fromhex("20000101")
_TAGS: Final = frozenset((*range(1, 0x10), NAME_REST))


def _masked_record(data: bytes, *, good: bool) -> bytes:
    """A record that was cut stays cut, in its length."""
    if len(data) < 2:
        return bytes(len(data))
    if len(data) < 2 + data[1]:
        return bytes([0, _NO_LENGTH]) + bytes(len(data) - 2)
    tag, value = data[0], data[2 : 2 + data[1]]
    masked = bytes([tag if tag in _TAGS else 0, data[1]]) + _masked_value(tag, value, good=good)
    return masked.ljust(len(data), b"\0")


def _masked_value(tag: int, value: bytes, *, good: bool) -> bytes:
    size = len(value)
    if tag == VERSION:
        if _PUBLIC_VERSION.fullmatch(value):
            return value
        return (b"*" if value.isascii() else b"\xff") * size
    if tag in (NUMBER, NAME, NAME_REST):
        return (b"0" if tag == NUMBER else b"*") * size if good else bytes(size)
    if tag in (VALID_FROM, VALID_TO, BIRTH):
        return _MASKED_DAY if _date(value) else b"\xff" * size
    return bytes(size)


def decode(issuer: dict[int, bytes], holder: dict[int, bytes]) -> Ok[Document] | Failed[CardFailure]:
    """Records by tag -> the document; `UNREADABLE` without number or name."""
    number = holder.get(NUMBER, b"").strip(b"\0 \xff")
    name, complete = _text(holder.get(NAME, b"").rstrip(b"\0") + holder.get(NAME_REST, b"").rstrip(b"\0"))
    if not (number.isalnum() and number.isascii()) or not name:
        return Failed(CardFailure.UNREADABLE, "number or name is missing or no text")
    valid_to = _date(issuer.get(VALID_TO, b""))
    nation = holder.get(NATION, b"").hex()
    sex = holder.get(SEX, b"")
    return Ok(
        Document(
            kind=DocumentKind.SOCIAL_SECURITY,
            number=number.decode("ascii").upper(),
            name=name,
            name_complete=complete,
            sex_code=sex.decode("ascii") if sex.isdigit() else "",
            nation_code=nation if nation.isdecimal() else "",
            birth_date=_date(holder.get(BIRTH, b"")),
            valid_from=_date(issuer.get(VALID_FROM, b"")),
            validity=ValidityKind.UNREADABLE if valid_to is None else ValidityKind.DATED,
            valid_to=valid_to,
        )
    )


def _addressing(card: Transport) -> Ok[Addressing] | Failed[CardFailure]:
    """The way in which the version record can be read, and says a version that is known here."""
    for addressing in Addressing:
        records = _read_file(card, ISSUER_FILE, addressing, (VERSION,))
        if isinstance(records, Failed):
            if records.reason is not CardFailure.UNREADABLE:
                return records
            continue
        version = records.value.get(VERSION, b"")
        if len(version) == 4 and version.isascii():
            known = version.decode("ascii").startswith(_VERSIONS)
            return Ok(addressing) if known else Failed(CardFailure.UNSUPPORTED_KIND, "unknown card version")
    return Failed(CardFailure.UNREADABLE, "no version record")


def _read_file(
    card: Transport, file: int, addressing: Addressing, tags: tuple[int, ...]
) -> Ok[dict[int, bytes]] | Failed[CardFailure]:
    """The wanted records by their tags; one that the card does not have is left out."""
    if addressing is not Addressing.SHORT_FILE:
        selected = card.transmit(bytes([0x00, 0xA4, 0x00, 0x00, 0x02, 0xEF, file]))
        if isinstance(selected, Failed):
            return selected
        if not selected.value.fine:
            return refused(selected.value, f"select EF{file:02X}")
    # Numbered records are told apart by the tag inside: newer cards put the rest of a long name between.
    by_number = range(1, _LAST_RECORD + 1)
    records: dict[int, bytes] = {}
    for record in tags if addressing is Addressing.IDENTIFIER else by_number:
        answer = card.transmit(bytes([0x00, 0xB2, record, _P2[addressing] | _short(file, addressing), 0x00]))
        if isinstance(answer, Failed):
            return answer
        if answer.value.sw in _NOT_FOUND:
            if addressing is Addressing.IDENTIFIER:
                continue
            break
        if answer.value.sw in _LOCKED:
            return Failed(CardFailure.UNSUPPORTED_KIND, f"EF{file:02X} is not free to read")
        if not answer.value.fine:
            return refused(answer.value, f"read EF{file:02X}")
        data = answer.value.data
        if len(data) < 2 or len(data) < 2 + data[1]:
            return Failed(CardFailure.UNREADABLE, f"a record of EF{file:02X} is cut")
        if data[0] in tags:
            records[data[0]] = data[2 : 2 + data[1]]
        if records.keys() >= set(tags):
            break
    return Ok(records)


_P2: Final = {Addressing.NUMBER: 0x04, Addressing.SHORT_FILE: 0x04, Addressing.IDENTIFIER: 0x00}


def _short(file: int, addressing: Addressing) -> int:
    return file << 3 if addressing is Addressing.SHORT_FILE else 0


def _text(data: bytes) -> tuple[str, bool]:
    """GB 18030 (a superset of GBK) without padding, and whether it ended at a character's end."""
    data = data.strip(b"\0 ")
    try:
        return data.decode("gb18030").strip(), True
    except UnicodeDecodeError as error:
        if error.end < len(data):
            return "", False
        return data[: error.start].decode("gb18030").strip(), False


def _date(data: bytes) -> date | None:
    """Eight digits, packed two a byte."""
    text = data.hex()
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == 8 else None
    except ValueError:
        return None
