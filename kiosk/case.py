"""The case: its states (chapter F of the domain), its code, and what travels inside the seal.

One vocabulary for terminal, centre and paper. Only the centre may move a case past `registered`.
"""

from __future__ import annotations

import re
import secrets
from enum import StrEnum
from itertools import count
from operator import mul
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class CaseState(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    RECEIVED = "received"
    SYNCED = "synced"
    REGISTERED = "registered"
    ACCEPTED = "accepted"
    NEEDS_CORRECTION = "needs_correction"
    NOT_ACCEPTED = "not_accepted"
    IN_PROCESS = "in_process"
    DECIDED = "decided"
    COLLECTABLE = "collectable"
    COLLECTED = "collected"
    WITHDRAWN = "withdrawn"
    DUPLICATE_SUSPECTED = "duplicate_suspected"
    NEEDS_CLERK = "needs_clerk"
    EXPIRED_DRAFT = "expired_draft"


S = CaseState
TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    S.DRAFT: frozenset({S.RECEIVED, S.EXPIRED_DRAFT}),
    S.RECEIVED: frozenset({S.SYNCED, S.WITHDRAWN}),
    S.SYNCED: frozenset({S.REGISTERED, S.NEEDS_CLERK, S.DUPLICATE_SUSPECTED, S.WITHDRAWN}),
    S.REGISTERED: frozenset(
        {S.ACCEPTED, S.NEEDS_CORRECTION, S.NOT_ACCEPTED, S.NEEDS_CLERK, S.DUPLICATE_SUSPECTED, S.WITHDRAWN}
    ),
    S.ACCEPTED: frozenset({S.IN_PROCESS, S.DECIDED}),
    S.NEEDS_CORRECTION: frozenset({S.REGISTERED, S.NOT_ACCEPTED, S.WITHDRAWN}),
    S.NOT_ACCEPTED: frozenset(),
    S.IN_PROCESS: frozenset({S.DECIDED}),
    S.DECIDED: frozenset({S.COLLECTABLE}),
    S.COLLECTABLE: frozenset({S.COLLECTED}),
    S.COLLECTED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.DUPLICATE_SUSPECTED: frozenset({S.REGISTERED, S.WITHDRAWN, S.NOT_ACCEPTED}),
    S.NEEDS_CLERK: frozenset({S.REGISTERED, S.NEEDS_CORRECTION, S.NOT_ACCEPTED, S.WITHDRAWN}),
    S.EXPIRED_DRAFT: frozenset(),
}
TERMINAL_MAY_REACH = frozenset({S.DRAFT, S.RECEIVED, S.SYNCED, S.WITHDRAWN, S.EXPIRED_DRAFT})
"""States that a terminal sets by itself; all others come from the centre's signed word."""


AFTER_ACCEPTANCE = frozenset({S.ACCEPTED, S.IN_PROCESS, S.DECIDED, S.COLLECTABLE, S.COLLECTED})
"""The department has begun: a withdrawal that comes now is too late (rule F12)."""


def move(current: CaseState, to: CaseState) -> CaseState:
    """The new state; ValueError when chapter F has no such step."""
    if to not in TRANSITIONS[current]:
        message = f"no step from {current} to {to}"
        raise ValueError(message)
    return to


COUNTER = "0000"
"""Issues the codes of cases that a clerk takes in on paper; no terminal may have this number."""
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 signs without 0 O 1 I L, readable over the telephone (rule D33)."""
_VALUES = {sign: value for value, sign in enumerate(CODE_ALPHABET)} | {"0": 0, "1": 1}
"""Of every sign that a code may have: the terminal's part has zeros and ones too."""
RANDOM_SIGNS = 11
"""31 ** 11 is 54 bits; rule D33 asks for at least 40."""
_CODE = re.compile(f"[01{CODE_ALPHABET}]{{4}}[{CODE_ALPHABET}]{{{RANDOM_SIGNS + 1}}}")


def _check_sign(text: str) -> str:
    """A weighted sum modulo 31 (a prime): finds any one wrong sign and any two swapped neighbours."""
    weighted = sum(map(mul, count(1), map(_VALUES.__getitem__, text)))
    return CODE_ALPHABET[weighted % len(CODE_ALPHABET)]


def new_case_code(terminal: str) -> str:
    """A code such as `0142K7QF93WDXM2A`: issuing terminal, random part, check sign."""
    body = terminal + "".join(secrets.choice(CODE_ALPHABET) for _ in range(RANDOM_SIGNS))
    return body + _check_sign(body)


def parse_case_code(text: str) -> str | None:
    """The compact code, or None when it is not one. Spaces, dashes and lower case are forgiven."""
    code = text if _CODE.fullmatch(text) else "".join(text.upper().replace("-", " ").split())
    return code if _CODE.fullmatch(code) and _check_sign(code[:-1]) == code[-1] else None


def format_case_code(code: str) -> str:
    """Grouped in fours, as on screen and paper."""
    return " ".join(code[i : i + 4] for i in range(0, len(code), 4))


class Sealed(BaseModel):
    """A model that only ever exists in memory or inside the seal; its repr shows nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(masked)"

    __str__ = __repr__


Assurance = Annotated[str, Field(pattern=r"^L[0-3]$")]
"""How sure it is who stood there: L0 nobody, L1 a card in date, L2 also recognised as its holder, L3 and signed."""
RecognisedBy = Annotated[str, Field(pattern=r"^(face|helper|sms|qr|clerk)$")]
"""By which way the person who stood there was recognised: one, and no more is claimed for it than it can say."""
RECOGNISED = frozenset({"L2", "L3"})


class Person(Sealed):
    """Who was identified, as read from the card."""

    document_kind: str
    number: str
    name: str
    name_complete: bool
    birth_date: str | None = None
    address: str = ""
    valid_to: str | None = None
    validity: str


CITIZEN_KINDS = frozenset({"resident", "social_security", "demo"})
"""Documents that carry the citizen's own number, which is the same on each of them."""


def person_key(document_kind: str, number: str, birth_date: str | None) -> str:
    """A text that is equal for two documents exactly when they are of one person, as far as documents tell.

    Other documents number within their issuer only, so kind and birth date belong to it. Personal: never stored.
    """
    if document_kind in CITIZEN_KINDS:
        return f"citizen:{number.strip().upper()}"
    return f"{document_kind}:{number.strip().upper()}:{birth_date or ''}"


def is_same_person(one: Person, other: Person) -> bool:
    """By the documents alone; a name may be cut short or written otherwise."""
    keys = {person_key(p.document_kind, p.number, p.birth_date) for p in (one, other)}
    return len(keys) == 1


class AgentRecord(Sealed):
    """Who acted for the case's person, and why that may be (a value of the definition's `agent.grounds`)."""

    person: Person
    ground: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]


class EvidenceLine(Sealed):
    """One check of the evidence: card, face, helper."""

    name: str
    outcome: Literal["passed", "failed", "not_done"]
    detail: str = ""


class ConsentRecord(Sealed):
    """What the resident agreed to before the camera opened; who said no has none.

    `text_hash`: SHA-256 of the words as shown. `withdrawn_at`: taken back after the camera had been open.
    """

    notice_version: str
    given: bool
    at: str
    clock_quality: str | None = None
    language: str | None = None
    text_hash: str | None = None
    withdrawn_at: str | None = None


class Attachment(Sealed):
    """A picture that the resident took: the item's attachment of this number, or, from older terminals, `data_base64`."""

    id: str
    media_type: str
    number: int | None = None
    data_base64: str | None = None


class FromRecord(Sealed):
    """An answer that a department's record gave and the resident left as it was."""

    field: str
    source: str
    as_of: str


class CasePayload(Sealed):
    """What is sealed to the centre's key."""

    schema_: Annotated[Literal["jiujin.case/1"], Field(alias="schema")] = "jiujin.case/1"
    case_code: str
    service: str
    definition_version: str
    definition_hash: str
    assurance: Assurance
    recognised_by: RecognisedBy | None = None
    person: Person | None
    agent: AgentRecord | None = None
    """Where there is one, `assurance` and `recognised_by` are about the agent, of the person only the card was there."""
    helper: Person | None = None
    evidence: tuple[EvidenceLine, ...] = ()
    consent: ConsentRecord | None = None
    clerk_consent: ConsentRecord | None = None
    answers: dict[str, Any]
    from_records: tuple[FromRecord, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    received_at_kiosk: str
    clock_quality: str
    recheck_at_sync: tuple[str, ...] = ()
    supersedes: Annotated[str, Field(max_length=36)] | None = None
    """Id of the refused item of the same case whose place this one takes."""


class WithdrawalPayload(Sealed):
    """The case of this code is to be withdrawn: by whom, how that was made sure, and when."""

    schema_: Annotated[Literal["jiujin.withdrawal/1"], Field(alias="schema")] = "jiujin.withdrawal/1"
    case_code: str
    assurance: Assurance
    recognised_by: RecognisedBy | None = None
    person: Person
    helper: Person | None = None
    evidence: tuple[EvidenceLine, ...] = ()
    consent: ConsentRecord | None = None
    clerk_consent: ConsentRecord | None = None
    received_at_kiosk: str
    clock_quality: str


class ReturnedPayload(Sealed):
    """A refused item of this case was given back at its terminal, and is settled with that; the case stays where it is.

    It travels as an evaluation: of all kinds the one that never moves a case, also at a centre that cannot read it.
    """

    schema_: Annotated[Literal["jiujin.returned/1"], Field(alias="schema")] = "jiujin.returned/1"
    case_code: str
    item_id: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]


class EvaluationPayload(Sealed):
    """好差评: five levels, or skipped (recorded as not evaluated, never as good)."""

    schema_: Annotated[Literal["jiujin.evaluation/1"], Field(alias="schema")] = "jiujin.evaluation/1"
    case_code: str
    level: Annotated[int, Field(ge=1, le=5)] | None
