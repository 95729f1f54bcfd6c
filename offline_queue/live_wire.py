"""The messages of the live channel, shared by both ends: what a terminal asks while a resident waits.

Beside the outbox, never instead of it: whatever must not be lost goes through the outbox. Every request is
signed like a batch and says how long the terminal is going to wait (`within_s`), so that the centre can
answer honestly before that.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from offline_queue.wire import WAIT_MAX_S, Message, Terminal, Time

PREFILL_PATH = "/v1/live/prefill"
DECISION_PATH = "/v1/live/decision"
PROGRESS_PATH = "/v1/live/progress"
PAYMENT_PATH = "/v1/live/payment-orders"
SMS_PATH = "/v1/live/sms-codes"

PREFILL_S = 5.0
DECISION_S = 10.0
"""A resident waits so long for a decision on the spot, then reads "received" (domain report, behaviour 4)."""
PROGRESS_S = 5.0
PAYMENT_S = 8.0
SMS_S = 10.0
WITHIN_MAX_S = 30.0
REQUEST_BYTES_MAX = 64 * 1024
"""The largest request, decompressed; a full one has some hundred bytes."""
FIELDS_MAX = 16
VALUE_MAX = 200
WORDS_MAX = 120
AMOUNT_MAX_FEN = 10_000_000

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
"""No control sign: one database stores a NUL and another refuses it, so it ends at the door."""
UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

Code = Annotated[str, Field(max_length=32, pattern=PRINTABLE, description="case code")]
Service = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Words = Annotated[str, Field(max_length=WORDS_MAX)]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class LiveCode(StrEnum):
    """`Problem.code` of a live request that is not answered."""

    QUOTA = "live.quota"
    """The service has had its questions for today; Retry-After says when the next day begins."""
    BUSY = "live.busy"
    """The department has as many questions as it can take, or asks for a pause; Retry-After."""
    DEPARTMENT = "live.department"
    """The department gave no answer that can be used."""
    NO_DEPARTMENT = "live.no_department"
    """Nobody answers for this service on the live channel."""
    REFUSED = "live.refused"
    """The department does not answer this question."""
    CONFLICT = "live.conflict"
    """Another content came under this key before; the first is kept."""
    UNKNOWN_CASE = "case.unknown"


class LiveRequest(Message):
    """What every request says."""

    terminal: Terminal
    within_s: Annotated[float, Field(gt=0, le=WITHIN_MAX_S, description="how long the terminal waits")]


class PrefillRequest(LiveRequest):
    """What is on record about a person whom the terminal has identified and verified."""

    service: Service
    number: Annotated[
        str, Field(min_length=1, max_length=32, pattern=PRINTABLE, repr=False, description="of the card")
    ]
    records: Annotated[tuple[FieldName, ...], Field(min_length=1, max_length=FIELDS_MAX)]


class Record(Message):
    """One value on record, whose it is, and when it was true (RFC 3339)."""

    name: FieldName
    value: Annotated[str, Field(min_length=1, max_length=VALUE_MAX, repr=False)]
    source_zh: Words
    source_en: Words
    as_of: Annotated[str, Field(max_length=40)]


class PrefillAnswer(Message):
    """What was found of what was asked for; a record that is not there is left out."""

    records: Annotated[tuple[Record, ...], Field(max_length=FIELDS_MAX)]


class SmsRequest(LiveRequest):
    """Send this code to the mobile number that is registered for this person. The code is the terminal's own: it
    alone knows what was sent, and keeps a digest of it; the centre hands it on and forgets it.
    """

    service: Service
    number: Annotated[
        str, Field(min_length=1, max_length=32, pattern=PRINTABLE, repr=False, description="of the card")
    ]
    code: Annotated[str, Field(pattern=r"^\d{6}$", repr=False)]


class SmsAnswer(Message):
    """What became of it. `mobile`: masked, for the resident to know which phone; `reference`: the gateway's, for the
    case's evidence.
    """

    outcome: Literal["sent", "no_mobile", "too_often"]
    mobile: Annotated[str, Field(max_length=20, repr=False)] = ""
    reference: Annotated[str, Field(max_length=64, pattern=PRINTABLE)] = ""
    retry_after_s: Annotated[int | None, Field(ge=1, le=WAIT_MAX_S)] = None


class DecisionRequest(LiveRequest):
    """Decide this case now. `item_id`: the case's own idempotency key, so nothing is decided twice."""

    item_id: Annotated[str, Field(pattern=UUID)]
    code: Code


class DecisionAnswer(Message):
    """Where the case stands now. It stands at `registered` when the department has not decided in time."""

    code: Code
    state: Annotated[str, Field(max_length=24)]
    decided_at: Time | None = None
    words_zh: Words = ""
    words_en: Words = ""


class ProgressRequest(LiveRequest):
    """How far a case is. Who has the code may ask; the answer holds nothing personal."""

    code: Code


class ProgressAnswer(Message):
    """The state of a case with its times (RFC 3339 UTC)."""

    code: Code
    service: Annotated[str, Field(max_length=64)]
    state: Annotated[str, Field(max_length=24)]
    received_at_kiosk: Time
    synced_at: Time | None = None
    registered_at: Time | None = None
    accepted_at: Time | None = None
    decided_at: Time | None = None
    words_zh: Words = ""
    words_en: Words = ""
    centre_time: Time


class PaymentRequest(LiveRequest):
    """Make an order. `key`: chosen and stored by the terminal before it asks (rule F19), in whole fen."""

    key: Annotated[str, Field(pattern=UUID)]
    code: Code
    service: Service
    amount_fen: Annotated[int, Field(ge=1, le=AMOUNT_MAX_FEN)]


class PaymentOrder(Message):
    """The order of a key: always the same one. `pay_text` is what the QR code holds; there is none once it expired.

    `expired` does not say that nobody paid: whether somebody did, the provider knows by the order's number. Only when
    nobody did may the terminal choose a new key.
    """

    key: Annotated[str, Field(pattern=UUID)]
    order: Annotated[str, Field(max_length=40)]
    amount_fen: Annotated[int, Field(ge=1, le=AMOUNT_MAX_FEN)]
    state: Literal["open", "expired"]
    """By the centre's clock, when it answered."""
    pay_text: Annotated[str, Field(max_length=400)]
    expires_at: Annotated[str, Field(max_length=40)]

    @model_validator(mode="after")
    def _to_be_paid_while_open(self) -> Self:
        if (self.state == "open") is not bool(self.pay_text):
            message = "an open order has a pay text, an expired one has none"
            raise ValueError(message)
        return self
