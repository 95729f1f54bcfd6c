"""What a card reader promises, whichever wire it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from threading import Event
from typing import Protocol

from drivers.contract import Check, Device, Failed, Ok


class DocumentKind(StrEnum):
    """Kinds of identity document that a reader can tell apart."""

    RESIDENT = "resident"
    HMT_PERMIT = "hmt_permit"
    FOREIGN_PR_2017 = "foreign_pr_2017"
    FOREIGN_PR_2023 = "foreign_pr_2023"
    SOCIAL_SECURITY = "social_security"
    PASSPORT = "passport"
    """A travel document of ICAO Doc 9303: passport, visa or official card with an MRZ."""
    HELPER = "helper"
    DEMO = "demo"


class ValidityKind(StrEnum):
    """How the end of validity reads; anything unreadable is neither valid nor expired."""

    DATED = "dated"
    LONG_TERM = "long_term"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """The fields of a card, as text in Unicode; codes are the raw codes of the standards.

    `sex_code` is GB/T 2261.1, `nation_code` GB/T 3304, `nationality` ISO 3166-1 alpha-3.
    `name_complete` is False when the chip's field ended inside a character, or when an MRZ's names
    fill their field. `role` is what a helper's card lets its holder do.
    """

    kind: DocumentKind
    number: str
    name: str
    name_complete: bool = True
    latin_name: str = ""
    sex_code: str = ""
    nation_code: str = ""
    nationality: str = ""
    birth_date: date | None = None
    address: str = ""
    authority: str = ""
    valid_from: date | None = None
    validity: ValidityKind = ValidityKind.UNREADABLE
    valid_to: date | None = None
    pass_number: str = ""
    former_number: str = ""
    issue_count: str = ""
    role: str = ""

    def __repr__(self) -> str:
        return f"Document(kind={self.kind.value!r}, masked)"


class PhotoFormat(StrEnum):
    """Encodings of a card's photo."""

    WLT = "wlt"
    JPEG = "jpeg"
    JPEG2000 = "jpeg2000"


@dataclass(frozen=True, slots=True, repr=False)
class EncodedPhoto:
    """A photo as the card holds it. WLT is a closed format: see `photo.decode`."""

    format: PhotoFormat
    data: bytes

    def __repr__(self) -> str:
        return f"EncodedPhoto(format={self.format.value!r}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class CardRead:
    """One successful read. `session_id` is new for every insertion."""

    session_id: str
    document: Document
    photo: EncodedPhoto | None
    evidence: tuple[Check, ...]
    reader_id: str
    read_monotonic_ns: int


class CardFailure(StrEnum):
    """Why a read gave no identity."""

    NO_CARD = "no_card"
    CARD_MOVED = "card_moved"
    WRONG_CARD = "wrong_card"
    UNSUPPORTED_KIND = "unsupported_kind"
    UNREADABLE = "unreadable"
    NOT_AUTHENTIC = "not_authentic"
    READER_BUSY = "reader_busy"
    READER_LOST = "reader_lost"
    SERVICE_LOST = "service_lost"
    SERVICE_REFUSED = "service_refused"
    VENDOR_UNAUTHORISED = "vendor_unauthorised"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


class CardReader(Device, Protocol):
    """A reader of identity cards.

    `can_detect_removal` is False for SDT readers: they answer "find failed" both for an
    empty pad and for a card that was already read.
    """

    @property
    def can_detect_removal(self) -> bool: ...

    def read(self, deadline_s: float, cancel: Event) -> Ok[CardRead] | Failed[CardFailure]:
        """Wait for a card until the deadline, read it once.

        Blocks the calling thread, returns within 0.5 s of `cancel`. `NO_CARD` when none came;
        `CARD_MOVED` when one was there and left too early.
        """
        ...

    def card_present(self) -> bool | None:
        """True, False, or None when the reader cannot know."""
        ...
