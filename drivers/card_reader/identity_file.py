"""The identity file on a terminal's own smart cards (demonstration and village helpers): bytes <-> `Document`.

The card's application answers SELECT with `AID` and holds one transparent file for READ BINARY:
2 bytes big-endian length, then UTF-8 JSON with `version` 1 and the keys below. Nothing in it
is signed: anybody with a card writer can make one, and the evidence says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from drivers.card_reader.applications import Content, Transport, refused
from drivers.card_reader.contract import CardFailure, Document, DocumentKind, ValidityKind
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.evidence import CheckName, evidence

AID: Final = b"\xf0JIUJIN\x01"
"""First nibble F: proprietary, unregistered (ISO/IEC 7816-4); the last byte is the version."""
LENGTH_SIZE: Final = 2
LARGEST: Final = 2048
_VERSION: Final = 1
_KINDS: Final = {kind.value: kind for kind in (DocumentKind.DEMO, DocumentKind.HELPER)}
_LONG_TERM: Final = "long_term"
_OPTIONAL_TEXTS: Final = ("role", "sex_code", "nation_code", "address", "authority")
_CHUNK: Final = 0xF0
_EVIDENCE: Final = evidence(
    {
        CheckName.READ: (CheckOutcome.PASSED, "a plain file"),
        CheckName.SIGNATURE: (CheckOutcome.NOT_DONE, "the card holds none"),
        CheckName.CLONE_CHECK: (CheckOutcome.NOT_DONE, "anybody can write such a card"),
        CheckName.LOSS_REPORT: (CheckOutcome.NOT_DONE, "not asked"),
    }
)


@dataclass(frozen=True, slots=True)
class IdentityFile:
    """The `CardApplication` of the terminal's own cards."""

    name: str = "identity_file"

    def select(self, card: Transport) -> Ok[None] | Failed[CardFailure]:
        selected = card.transmit(bytes.fromhex("00A40400") + bytes([len(AID)]) + AID + b"\0")
        if isinstance(selected, Failed):
            return selected
        # any status word but success: whatever this card is, it has no application of ours
        return Ok(None) if selected.value.fine else Failed(CardFailure.WRONG_CARD, "no identity file")

    def read(self, card: Transport) -> Ok[Content] | Failed[CardFailure]:
        header = _read_binary(card, 0, LENGTH_SIZE)
        if isinstance(header, Failed):
            return header
        size = int.from_bytes(header.value, "big")
        if not 0 < size <= LARGEST:
            return Failed(CardFailure.UNREADABLE, "impossible length of the identity file")
        body = b""
        while len(body) < size:
            part = _read_binary(card, LENGTH_SIZE + len(body), min(_CHUNK, size - len(body)))
            if isinstance(part, Failed):
                return part
            body += part.value
        document = decode(body)
        return Ok(Content(document.value, None, _EVIDENCE)) if isinstance(document, Ok) else document

    def redacted(self, answers: Sequence[bytes]) -> list[bytes]:
        """The least file of the same length that is read to the same end."""
        whole = b"".join(answers)
        size = int.from_bytes(whole[:LENGTH_SIZE], "big")
        if len(whole) < LENGTH_SIZE or size > LARGEST:
            left = b"\xff" * len(whole)
        else:
            left = whole[:LENGTH_SIZE] + _stars(decode(whole[LENGTH_SIZE:])).ljust(len(whole))
        masked = []
        for answer in answers:
            masked.append(left[: len(answer)])
            left = left[len(answer) :]
        return masked


def _stars(read: Ok[Document] | Failed[CardFailure]) -> bytes:
    if isinstance(read, Ok):
        fields = {"version": _VERSION, "kind": read.value.kind.value, "name": "*", "number": "*"}
        return json.dumps(fields, separators=(",", ":")).encode()
    return b"{}" if read.reason is CardFailure.UNSUPPORTED_KIND else b""


def _read_binary(card: Transport, offset: int, size: int) -> Ok[bytes] | Failed[CardFailure]:
    part = card.transmit(b"\x00\xb0" + offset.to_bytes(2, "big") + bytes([size]))
    if isinstance(part, Failed):
        return part
    if not part.value.fine:
        return refused(part.value, "read binary")
    if len(part.value.data) != size:
        return Failed(CardFailure.UNREADABLE, f"{len(part.value.data)} bytes instead of {size}")
    return Ok(part.value.data)


def encode(document: Document) -> bytes:
    """The file's bytes with the length in front; ValueError for a kind that these cards do not hold."""
    if document.kind.value not in _KINDS:
        msg = f"no {document.kind.value} on this kind of card"
        raise ValueError(msg)
    fields: dict[str, str | int] = {
        "version": _VERSION,
        "kind": document.kind.value,
        "name": document.name,
        "number": document.number,
    }
    fields |= {key: value for key in _OPTIONAL_TEXTS if (value := getattr(document, key))}
    for key in ("birth_date", "valid_from", "valid_to"):
        if (day := getattr(document, key)) is not None:
            fields[key] = day.isoformat()
    if document.validity is ValidityKind.LONG_TERM:
        fields["valid_to"] = _LONG_TERM
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > LARGEST:
        msg = f"{len(body)} bytes do not fit on the card"
        raise ValueError(msg)
    return len(body).to_bytes(LENGTH_SIZE, "big") + body


def decode(body: bytes) -> Ok[Document] | Failed[CardFailure]:
    """The JSON (without the length) -> the document. The card is not trusted: types are checked.

    Another version or kind is `UNSUPPORTED_KIND`; a bad date is None and an unreadable validity.
    """
    try:
        # a lone surrogate escape passes json and would fail in every store later: encode finds it
        fields = json.loads(body)
        json.dumps(fields, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return Failed(CardFailure.UNREADABLE, "the identity file is not JSON")
    if not isinstance(fields, dict):
        return Failed(CardFailure.UNREADABLE, "the identity file is not an object")
    kind = _KINDS.get(str(fields.get("kind")))
    if fields.get("version") != _VERSION or kind is None:
        return Failed(CardFailure.UNSUPPORTED_KIND, "version or kind of the identity file is unknown")
    texts = {key: fields.get(key, "") for key in ("name", "number", *_OPTIONAL_TEXTS)}
    if not all(isinstance(text, str) for text in texts.values()) or not texts["name"] or not texts["number"]:
        return Failed(CardFailure.UNREADABLE, "name or number is missing, or a field is not text")
    validity, valid_to = _read_validity(fields.get("valid_to"))
    return Ok(
        Document(
            kind=kind,
            birth_date=_read_date(fields.get("birth_date")),
            valid_from=_read_date(fields.get("valid_from")),
            validity=validity,
            valid_to=valid_to,
            **texts,
        )
    )


def _read_validity(value: object) -> tuple[ValidityKind, date | None]:
    if value == _LONG_TERM:
        return ValidityKind.LONG_TERM, None
    end = _read_date(value)
    return (ValidityKind.UNREADABLE, None) if end is None else (ValidityKind.DATED, end)


def _read_date(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
