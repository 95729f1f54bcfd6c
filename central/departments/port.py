"""What the centre asks a department, and what may come back. The other side is another house: nothing is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from central import moments
from offline_queue.live_wire import FIELDS_MAX, PRINTABLE, VALUE_MAX, WORDS_MAX, FieldName

REPLY_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class RecordQuestion:
    """What is on record about a person."""

    service: str
    number: str = field(repr=False)
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionQuestion:
    """Decide a case. A department answers one `key` (of one terminal) always in the same way."""

    terminal: str
    key: str
    code: str
    service: str
    number: str = field(repr=False)
    """Empty where nobody was identified."""
    assurance: str
    answers: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OrderQuestion:
    """Make an order under this number, or give the one that was made under it."""

    order: str
    service: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class StandingQuestion:
    """How a register stands to a case at this hour; `register` is the name that the definition gives it."""

    register: str
    service: str
    number: str = field(repr=False)
    """Empty where nobody was identified."""
    document_kind: str
    helper_number: str = field(repr=False)
    """Of who acted for the person; empty when nobody did."""
    received_at: str


@dataclass(frozen=True, slots=True)
class MessageQuestion:
    """Send this text to this phone: asked of a gateway for short messages."""

    mobile: str = field(repr=False)
    text: str = field(repr=False)


Question = RecordQuestion | DecisionQuestion | OrderQuestion | StandingQuestion | MessageQuestion


class NotConnectedError(Exception):
    """No connection came about, so the question never left: it does not count against the day's quota."""


class Department(Protocol):
    """One department's system, or a payment provider's."""

    def ask(self, question: Question, deadline_s: float) -> bytes:
        """One JSON document, a `Reply`. Blocks; may raise anything and answer anything, `NotConnectedError`
        only when it is certain that nothing was sent.

        Should give up by itself near the deadline; `line.Line` does not rely on it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Departments:
    """Who answers for which service, who makes payment orders, who sends messages; nobody by default."""

    by_service: Mapping[str, Department] = field(default_factory=dict)
    payments: Department | None = None
    messages: Department | None = None
    """The gateway for short messages."""


class Part(BaseModel):
    """Strict, immutable and bounded."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Words = Annotated[str, Field(max_length=WORDS_MAX)]
Moment = Annotated[AwareDatetime, AfterValidator(moments.within_reach)]


class FoundRecord(Part):
    """One value on record."""

    name: FieldName
    value: Annotated[str, Field(min_length=1, max_length=VALUE_MAX, repr=False)]
    source_zh: Annotated[Words, Field(min_length=1)]
    source_en: Annotated[Words, Field(min_length=1)]
    as_of: Moment


class Records(Part):
    """The answer to a `RecordQuestion`."""

    kind: Literal["records"]
    records: Annotated[tuple[FoundRecord, ...], Field(max_length=FIELDS_MAX)]


class Decision(Part):
    """The answer to a `DecisionQuestion`. A refusal is never made by a machine alone: a clerk does that."""

    kind: Literal["decision"]
    outcome: Literal["decided", "accepted", "needs_correction", "needs_clerk"]
    words_zh: Words = ""
    words_en: Words = ""


class Order(Part):
    """The answer to an `OrderQuestion`."""

    kind: Literal["order"]
    pay_text: Annotated[str, Field(min_length=1, max_length=400)]
    expires_at: Moment


class TurnedDown(Part):
    """No answer to this question: refused for good, or not before `retry_after_s`."""

    kind: Literal["turned_down"]
    retry_after_s: Annotated[float, Field(gt=0, le=86400)] | None = None


class Standing(Part):
    """The answer to a `StandingQuestion`. A register names a doubt and never refuses a case."""

    kind: Literal["standing"]
    standing: Literal["clear", "card_lost", "card_expired", "not_eligible", "helper_without_authority"]


class Handed(Part):
    """The answer to a `MessageQuestion`: the gateway has it. Whether a phone got it, nobody can say."""

    kind: Literal["handed"]
    reference: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]


R = TypeVar("R", Records, Decision, Order, Standing, Handed)


def read_reply(raw: object, wanted: type[R]) -> R | TurnedDown | None:
    """The reply, or None for anything else than what was agreed."""
    if not isinstance(raw, bytes) or len(raw) > REPLY_BYTES_MAX:
        return None
    for form in (wanted, TurnedDown):
        try:
            return form.model_validate_json(raw)
        except (ValidationError, RecursionError):
            continue
    return None
