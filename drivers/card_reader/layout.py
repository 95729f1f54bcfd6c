"""The 256-byte text block of second-generation cards: bytes <-> `Document`.

UTF-16LE, padded with spaces or NUL. The type flag is the unit at byte 248 in every variant.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from drivers import id_number
from drivers.card_reader.contract import CardFailure, Document, DocumentKind, ValidityKind
from drivers.card_reader.protocol import TEXT_SIZE
from drivers.contract import Failed, Ok

Spans = dict[str, tuple[tuple[int, int], ...]]

_FLAG: Final = (248, 250)
_LONG_TERM: Final = "长期"
_LAST_DATE: Final = "99991231"
_TERMS_YEARS: Final = (5, 10, 20)
"""How long a resident's card is valid when it is not for ever: law on identity cards, article 5."""
_PADDING: Final = " \0\u3000"

_COMMON: Final[Spans] = {
    "name": ((0, 30),),
    "sex_code": ((30, 32),),
    "birth_date": ((36, 52),),
    "number": ((122, 158),),
    "valid_from": ((188, 204),),
    "valid_to": ((204, 220),),
}

_SPANS: Final[dict[DocumentKind, Spans]] = {
    DocumentKind.RESIDENT: {
        **_COMMON,
        "nation_code": ((32, 36),),
        "address": ((52, 122),),
        "authority": ((158, 188),),
    },
    DocumentKind.HMT_PERMIT: {
        **_COMMON,
        "address": ((52, 122),),
        "authority": ((158, 188),),
        "pass_number": ((220, 238),),
        "issue_count": ((238, 242),),
    },
    # The English name of the 2023 card goes on in a second place when it is longer than 35 characters.
    DocumentKind.FOREIGN_PR_2023: {
        **_COMMON,
        "issue_count": ((32, 36),),
        "latin_name": ((52, 122), (220, 242)),
        "nationality": ((242, 248),),
        "former_number": ((250, 256),),
    },
    # Its date at 188 is the day of issue, which is not the start of validity: left unread.
    DocumentKind.FOREIGN_PR_2017: {
        "latin_name": ((0, 120),),
        "sex_code": ((120, 122),),
        "number": ((122, 152),),
        "nationality": ((152, 158),),
        "name": ((158, 188),),
        "valid_to": ((204, 220),),
        "birth_date": ((220, 236),),
        "authority": ((240, 248),),
    },
}

_KINDS: Final = {
    "": DocumentKind.RESIDENT,
    "J": DocumentKind.HMT_PERMIT,
    "I": DocumentKind.FOREIGN_PR_2017,
    "Y": DocumentKind.FOREIGN_PR_2023,
}
_FORMS: Final = {
    "birth_date": re.compile(r"[0-9]{8}|"),
    "valid_from": re.compile(r"[0-9]{8}|"),
    "sex_code": re.compile(r"[0-9]?"),
    "nation_code": re.compile(r"(?:[0-9]{2})?"),
}
"""What can stand in a field of codes or of a date; empty is legal."""
_FLAGS: Final = {kind: flag for flag, kind in _KINDS.items()}


def decode(block: bytes) -> Ok[Document] | Failed[CardFailure]:
    """A text block of exactly 256 bytes -> the document.

    `UNSUPPORTED_KIND` for a type flag we do not know: such a card is never read as a
    resident's. `UNREADABLE` when the block has another size, no number or no name, or when a field
    contradicts another or itself: the frame's checksum lets 1 in 256 damages pass, and the detail names
    the field. The end of a resident's validity that is not 5, 10 or 20 years after its start leaves the validity
    unreadable: staff look at the card itself.
    """
    if len(block) != TEXT_SIZE:
        return Failed(CardFailure.UNREADABLE, f"text block of {len(block)} bytes")
    flag, whole = _text(block, (_FLAG,))
    kind = _KINDS.get(flag) if whole else None
    if kind is None:
        return Failed(CardFailure.UNSUPPORTED_KIND, f"type flag {block[slice(*_FLAG)].hex()}")
    decoded = {field: _text(block, spans) for field, spans in _SPANS[kind].items()}
    texts = {field: text for field, (text, _) in decoded.items()}
    if not texts["number"] or not (texts["name"] or texts.get("latin_name")):
        return Failed(CardFailure.UNREADABLE, "number or name is empty")
    damaged = _damaged_field(kind, texts)
    if damaged is not None:
        return Failed(CardFailure.UNREADABLE, f"{damaged} is damaged")
    validity, valid_to = read_validity(texts.pop("valid_to"))
    birth_date = read_date(texts.pop("birth_date"))
    valid_from = read_date(texts.pop("valid_from", ""))
    if kind is DocumentKind.RESIDENT and valid_from and valid_to and not _is_a_term(valid_from, valid_to):
        validity, valid_to = ValidityKind.UNREADABLE, None
    return Ok(
        Document(
            kind=kind,
            name_complete=decoded["name"][1],
            birth_date=birth_date,
            valid_from=valid_from,
            validity=validity,
            valid_to=valid_to,
            **texts,
        )
    )


def _damaged_field(kind: DocumentKind, texts: dict[str, str]) -> str | None:
    """The first field that cannot be as it was written; the end of validity is judged by `read_validity`.

    Numbers of the 2017 foreigners' card follow no published check.
    """
    if kind is not DocumentKind.FOREIGN_PR_2017:
        born = id_number.birth_date(texts["number"].upper())
        if isinstance(born, id_number.Flaw):
            return "number"
        if read_date(texts["birth_date"]) != born:
            return "birth_date"
    return next((field for field, form in _FORMS.items() if not form.fullmatch(texts.get(field, ""))), None)


def decode_address(data: bytes) -> Ok[str] | Failed[CardFailure]:
    """The newest address of READ_EXTRA (at most 70 bytes, padded) -> text, "" when there is none.

    `UNREADABLE` for half a character: an address is whole or it is not known.
    """
    if len(data) % 2:
        return Failed(CardFailure.UNREADABLE, f"an address of {len(data)} bytes")
    text, whole = _text(data, ((0, len(data)),))
    return Ok(text) if whole else Failed(CardFailure.UNREADABLE, "the address ends in mid-character")


def encode(document: Document) -> bytes:
    """Inverse of `decode`, for the simulator.

    A name that is too long is cut at the field's end in mid-character, as issuing systems do;
    any other field that is too long raises ValueError.
    """
    block = bytearray(" ".encode("utf-16-le") * (TEXT_SIZE // 2))
    for field, spans in _SPANS[document.kind].items():
        raw = _field_text(document, field).encode("utf-16-le")
        room = sum(end - start for start, end in spans)
        if len(raw) > room and field != "name":
            msg = f"{field} needs {len(raw)} bytes, the card has {room}"
            raise ValueError(msg)
        for start, end in spans:
            part, raw = raw[: end - start], raw[end - start :]
            block[start : start + len(part)] = part
    flag = _FLAGS[document.kind].encode("utf-16-le")
    block[_FLAG[0] : _FLAG[0] + len(flag)] = flag
    return bytes(block)


def read_date(text: str) -> date | None:
    """YYYYMMDD in ASCII digits -> a date that exists, else None."""
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def read_validity(text: str) -> tuple[ValidityKind, date | None]:
    """The end of validity. Only 长期 and 99991231 mean "without end"; other text is unreadable."""
    if text in (_LONG_TERM, _LAST_DATE):
        return ValidityKind.LONG_TERM, None
    end = read_date(text)
    return (ValidityKind.UNREADABLE, None) if end is None else (ValidityKind.DATED, end)


def _is_a_term(start: date, end: date) -> bool:
    """To the day or one beside it: the law says neither which is the last day nor what follows on a 29 February."""
    for years in _TERMS_YEARS:
        year = min(start.year + years, date.max.year)
        leap_day = (start.month, start.day) == (2, 29)
        anniversary = date(year, 3, 1) if leap_day else start.replace(year=year)
        if abs((end - anniversary).days) <= 1:
            return True
    return False


def _text(block: bytes, spans: tuple[tuple[int, int], ...]) -> tuple[str, bool]:
    """A field's text and whether it is whole.

    Decoded over the whole field, so that pairs beyond the basic plane stay one character. Half
    a pair is left out, since neither JSON nor SQLite can carry it.
    """
    raw = b"".join(block[start:end] for start, end in spans)
    decoded = raw.decode("utf-16-le", errors="surrogatepass")
    whole = "".join(character for character in decoded if not "\ud800" <= character <= "\udfff")
    return whole.strip(_PADDING), len(whole) == len(decoded)


def _field_text(document: Document, field: str) -> str:
    value: str | date | None = getattr(document, field)
    if field == "valid_to" and document.validity is ValidityKind.LONG_TERM:
        return _LONG_TERM
    if value is None:
        return ""
    return value.strftime("%Y%m%d") if isinstance(value, date) else value
