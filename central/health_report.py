"""A heartbeat's body as the centre reads it: each field typed and bounded, all of them optional.

A field that is wrong turns the heartbeat away with the field's name. A key that is not known here is passed over and
not kept, other than in the messages of `offline_queue.wire`: the heartbeat is all that anybody sees of a terminal, so
one whose program is newer than the centre is heard all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from central import moments, problems
from central.database import as_text
from central.problems import Turned
from offline_queue.live_wire import PRINTABLE

TEXT_MAX = 64
LONG_TEXT_MAX = 200
CODES_MAX = 300
"""Causes, or devices, that one list names."""
SERVICES_MAX = 300


def _moment(text: str) -> str:
    """As the database sorts it. A terminal that stands at 1970 tells so."""
    return as_text(moments.read(text))


Text = Annotated[str, Field(max_length=TEXT_MAX, pattern=PRINTABLE)]
LongText = Annotated[str, Field(max_length=LONG_TEXT_MAX, pattern=PRINTABLE)]
Codes = Annotated[list[Text], Field(max_length=CODES_MAX)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Subject = Literal["definitions", "configuration"]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class ServiceReport(_Part):
    """Whether a service can be performed now, and why not."""

    ready: bool = False
    causes: Codes = Field(default_factory=list)


class QueueReport(_Part):
    """What a terminal holds. What it did not tell is None, never 0."""

    pending: Count | None = None
    quarantined: Count | None = None
    oldest_at: Moment | None = None
    oldest_waited_s: Count | None = None
    oldest_known: bool | None = None
    """Whether the waiting is that long, or at least that long."""


class JobsReport(_Part):
    """Print jobs that staff should see to: how many may be lost, how many did not come out."""

    unknown: Count | None = None
    failed: Count | None = None


class ReceiptsReport(_Part):
    """Since the terminal counts: first slips that came out, or may have, and the items taken in that get one (rule F25)."""

    printed: Count | None = None
    unknown: Count | None = None
    taken_in: Count | None = None


class HealthReport(_Part):
    """The last state of a terminal; `kiosk.health` writes it. The texts from `device_name` on are shown to staff as they are."""

    schema_: Annotated[Literal["jiujin.health/1"] | None, Field(alias="schema")] = None
    state: Literal["live", "degraded", "out_of_service"] | None = None
    causes: Codes = Field(default_factory=list)
    unknown_devices: Codes = Field(default_factory=list)
    services: Annotated[dict[Text, ServiceReport], Field(max_length=SERVICES_MAX)] = Field(
        default_factory=dict
    )
    queue: QueueReport = QueueReport()
    slips: JobsReport = JobsReport()
    documents: JobsReport = JobsReport()
    receipts: ReceiptsReport = ReceiptsReport()
    link: Text | None = None
    version: Text | None = None
    clock_quality: Text | None = None
    sent_at: Moment | None = None
    published: dict[Subject, Text] | None = None
    """The version of each publication that counts at the terminal."""
    not_taken: dict[Subject, LongText] | None = None
    """The version that it refused last, with the reason."""
    device_name: Text | None = None
    site: Text | None = None
    ip: Text | None = None
    last_error: LongText | None = None
    note: LongText | None = None

    def as_stored(self, heard: datetime | None = None) -> dict[str, Any]:
        """For pages and sums: the parts are always there; a text that was not told is left out.

        `heard`: when it came (aware). How long the oldest case has waited is reckoned back from there, since the
        terminal's own clock may be years off.
        """
        told = self.model_dump(by_alias=True)
        if heard is not None and self.queue.oldest_waited_s is not None:
            told["queue"]["oldest_at"] = as_text(heard - timedelta(seconds=self.queue.oldest_waited_s))
        return {name: value for name, value in told.items() if value is not None}


NOTHING_TOLD = HealthReport().as_stored()


def read_report(body: Mapping[str, Any]) -> HealthReport | Turned:
    """What a body tells. A validation error would quote its values: it ends here."""
    try:
        return HealthReport.model_validate(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
    fields = {str(one["loc"][0]) for one in wrong if one["loc"]}
    if "schema" in fields:
        return problems.UNKNOWN_SCHEMA
    if any(one["type"] == "string_too_long" for one in wrong):
        return problems.TEXT_TOO_LONG
    # The names are those of this model, never the terminal's words.
    return problems.wrong_field(", ".join(sorted(fields)))
