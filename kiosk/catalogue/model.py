"""The shape of a service definition: one JSON document, signed beside it.

Chapter C of the domain report: data by JSON Schema 2020-12, `ui` in the shape of JSON Forms,
conditions in JsonLogic notation, a flow of closed step types.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kiosk.catalogue.ui import Ui
from kiosk.catalogue.words import Words

SCHEMA = "jiujin.service/1"


class StepType(StrEnum):
    """All steps that a flow may name (chapter C.3)."""

    NOTICE = "notice"
    SITUATION = "situation"
    IDENTIFY = "identify"
    VERIFY_PERSON = "verify_person"
    CONSENT = "consent"
    AGENT = "agent"
    PREFILL = "prefill"
    FORM = "form"
    ATTACH = "attach"
    PRECHECK = "precheck"
    REVIEW = "review"
    SIGN = "sign"
    PAY = "pay"
    SUBMIT = "submit"
    RESULT = "result"
    PRINT = "print"
    TAKE_CARD = "take_card"
    EVALUATE = "evaluate"
    COLLECT = "collect"


PERFORMED_STEPS = frozenset(StepType) - {
    StepType.SITUATION,
    StepType.PRECHECK,
    StepType.SIGN,
    StepType.PAY,
    StepType.COLLECT,
}
"""What this version of the terminal performs. A definition that asks for more is refused, not cut."""


class Method(StrEnum):
    """Ways to verify that the person is the holder of the card."""

    FACE = "face"
    HELPER = "helper"
    SMS = "sms"
    QR = "qr"
    PIN = "pin"
    CLERK = "clerk"
    """A clerk at the agency's own desk looks at the card's photo and a picture."""


class OfflineMode(StrEnum):
    """What is possible without the centre."""

    LIVE = "LIVE"
    QUEUE = "QUEUE"
    CACHED = "CACHED"
    LOCAL = "LOCAL"


class DeviceKind(StrEnum):
    """Devices that a service may need; the prefix of their causes in `kiosk.health`."""

    CARD = "card"
    CAMERA = "camera"
    FACE = "face"
    PRINTER = "printer"
    A4 = "a4"
    SPEAKER = "speaker"


class Status(StrEnum):
    """Where a definition is in its life; only pilot and live ones are offered."""

    DRAFT = "draft"
    PILOT = "pilot"
    LIVE = "live"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Part(BaseModel):
    """Strict and immutable; an unknown key is an error with its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limit(Part):
    """A time limit. `hours` are clock hours, `working_days` what the calendar of the body says."""

    amount: Annotated[int, Field(ge=0)]
    unit: Literal["hours", "working_days"]
    text: Words

    @property
    def hours_at_most(self) -> int:
        """For comparing two limits: a working day counts as 24 hours."""
        return self.amount * (24 if self.unit == "working_days" else 1)


class Evidence(Part):
    """How the applicant is known: level 0 nobody, 1 a card, 2 a card and its holder, 3 and a signature."""

    level: Annotated[int, Field(ge=0, le=3)]
    methods: tuple[Method, ...] = ()
    card_assurance: Literal["low", "substantial", "high"] = "high"
    """What the card's own evidence must be worth (`drivers.evidence.Assurance`): `low` takes a card that
    anybody could have copied, like a social-security card; `substantial` one whose data is the issuer's.
    """
    face_citation: Words | None = None
    """The rule that lets a face be the only way. Without it such a definition is refused."""


class Ground(Part):
    """Why somebody may act for another, as the resident chooses it."""

    value: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
    label: Words


CASES_FOR_OTHERS_MAX = 50
"""More a day is an office's work, and no visitor's."""


class Agent(Part):
    """Who may do this for another person, with both cards. Without it everybody acts for himself."""

    grounds: Annotated[tuple[Ground, ...], Field(min_length=1, max_length=6)]
    cases_per_day: Annotated[int, Field(ge=1, le=CASES_FOR_OTHERS_MAX)] = 4
    """New cases of this service that one agent's card may file for others at one terminal within a day: without a
    word of the department as many as a family's old people, one's parents and one's spouse's."""


class ConsentNotice(Part):
    """What is read before the camera opens; the version is recorded with the answer.

    Without a text of its own it is the one of this version in `kiosk.catalogue.consent`.
    """

    version: str = ""
    text: tuple[Words, ...] = ()


class Offline(Part):
    """What happens without the centre, and the words that say so."""

    mode: OfflineMode
    text: Words
    max_age_h: Annotated[int, Field(ge=1)] | None = None
    stop_after_h: Annotated[int, Field(ge=1)] = 96
    """Age of the oldest unsent case at which this service takes no more (rule F7)."""
    recheck_at_sync: tuple[str, ...] = ()


class Photos(Part):
    """How many pictures the `attach` step takes, and what it says."""

    at_least: Annotated[int, Field(ge=0, le=3)] = 0
    at_most: Annotated[int, Field(ge=0, le=3)] = 1
    text: Words


SHARED = "shared."


class Prefill(Part):
    """A field that is filled with what a department has on record, while it is empty; it stays changeable."""

    field: str
    source: Annotated[str, Field(pattern=r"^shared\.[a-z][a-z0-9_]{0,63}$")]

    @property
    def record(self) -> str:
        """The record's name, as the centre is asked for it."""
        return self.source.removeprefix(SHARED)


class Output(Part):
    """What comes out at the end."""

    type: Literal["receipt"]
    template: str


class Expectation(Part):
    """What a fixture must give: shown fields, and the fields that are complained about."""

    visible: tuple[str, ...]
    errors: tuple[str, ...] = ()


class Fixture(Part):
    """Answers with their outcome, run at every load."""

    name: str
    answers: dict[str, str]
    facts: dict[str, Any] = {}
    expect: Expectation


class Document(Part):
    """One service as its authors write it."""

    schema_: Annotated[Literal["jiujin.service/1"], Field(alias="schema")]
    code: Annotated[str, Field(pattern=r"^[0-9A-Z][0-9A-Z-]{2,63}$")]
    definition_version: Annotated[str, Field(pattern=r"^\d{1,5}\.\d{1,5}\.\d{1,5}$")]
    status: Status
    effective_from: AwareDatetime
    effective_to: AwareDatetime | None = None
    regions: Annotated[tuple[Annotated[str, Field(pattern=r"^\d{2,12}$")], ...], Field(min_length=1)]
    title: Words
    plain_title: Words
    tile_subtitle: Words
    aliases: dict[str, tuple[str, ...]] = {}
    life_event: Words
    icon: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    item_type: Literal[
        "administrative_licence", "benefit", "confirmation", "ruling", "reward", "filing", "public_service"
    ]
    case_kind: Literal["immediate", "promised"]
    department: str
    processed_by: Words
    hotline: Annotated[str, Field(pattern=r"^[0-9-]{3,20}$")]
    legal_basis: Annotated[tuple[Words, ...], Field(min_length=1)]
    legal_limit: Limit
    promised_limit: Limit
    visits_required: Annotated[int, Field(ge=0)] = 0
    fee: None = None
    """Free of charge. A fee needs the `pay` step, which this version does not perform."""
    purpose: Words
    notice: Annotated[tuple[Words, ...], Field(min_length=1)]
    consent_notice: ConsentNotice = ConsentNotice()
    evidence: Evidence
    agent: Agent | None = None
    devices_required: tuple[DeviceKind, ...] = ()
    devices_optional: tuple[DeviceKind, ...] = ()
    flow: Annotated[tuple[StepType, ...], Field(min_length=1)]
    decision: Literal["immediate", "rule", "back_office"]
    photos: Photos | None = None
    prefill: tuple[Prefill, ...] = ()
    data_schema: dict[str, Any]
    ui: Ui = Ui(pages=())
    business_key: dict[str, Any] | None = None
    """A JsonLogic expression, computed by the centre with its own key; the terminal carries it only."""
    offline: Offline
    outputs: tuple[Output, ...] = ()
    fixtures: Annotated[tuple[Fixture, ...], Field(min_length=1)]


class Definition(Document):
    """A definition that was read: the document and the hash of its canonical JSON."""

    content_hash: str

    def effective_at(self, moment: datetime) -> bool:
        """Checked when a visit begins; a running visit finishes on what it began with."""
        return self.effective_from <= moment and (self.effective_to is None or moment < self.effective_to)

    @property
    def version_key(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.definition_version.split("."))
