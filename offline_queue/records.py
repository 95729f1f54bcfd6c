"""The values that go into the outbox and come out of it. None of them shows a payload."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from offline_queue import wire
from offline_queue.manifest import CounterSignature
from offline_queue.words import Words

NONCE_BYTES = 16


def new_nonce() -> bytes:
    """For one draft: what its content is told again by (`Draft.nonce`)."""
    return secrets.token_bytes(NONCE_BYTES)


class Priority(IntEnum):
    """What goes first when the line comes back: the lower (domain rule F17).

    Between cases only: within a lane the order of commits is kept, and an item's class is inherited by those
    of its lane that have to go before it.
    """

    WITHDRAWAL = 0
    STATUTORY = 1
    """The law sets a time for it."""
    OTHER = 2
    TELEMETRY = 3


PRIORITY_OF_KIND: dict[wire.Kind, Priority] = {
    wire.Kind.WITHDRAWAL: Priority.WITHDRAWAL,
    wire.Kind.CASE: Priority.OTHER,
    wire.Kind.EVALUATION: Priority.TELEMETRY,
}
"""For an item that names no class of its own."""


@dataclass(frozen=True, slots=True, repr=False)
class Attached:
    """A file that belongs to a draft, in the clear and only in memory."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """What a resident confirmed, still in the clear and only in memory.

    `id`: from `new_item_id()`, made when the visit begins. `lane`: the case code. `received_at`:
    RFC 3339 UTC. `business`: what a second case about the same
    would say too (a person and a year); only its keyed digest is stored, until acknowledged.
    `priority`: None takes that of its kind. `attachments`: at most `wire.ATTACHMENTS_MAX`.
    `supersedes`: id of the refused item of the same lane whose place this one takes.
    `person`: a text that is the same for the same person, who files a case or comes back for it. Only a keyed digest
    is kept, in memory. What was filed by another, or by nobody knows whom, loses no content by what this person
    does: it goes to the centre as it is, or stays refused for staff. None: the caller answers for that.
    `nonce`: `NONCE_BYTES`,
    as secret as the payload and never stored: without it nobody can try contents against what is stored. Who commits
    a draft a second time, as after a crash, keeps it with the id: with another one it is CONFLICT, not `already`.
    """

    id: str
    lane: str
    kind: wire.Kind
    service: str
    definition_version: str
    payload: bytes
    received_at: str
    clock_quality: wire.ClockQuality
    boot_id: str
    monotonic_ns: int
    business: str | None = None
    priority: Priority | None = None
    attachments: tuple[Attached, ...] = ()
    supersedes: str | None = None
    person: str | None = None
    nonce: bytes = field(default_factory=new_nonce)

    def __post_init__(self) -> None:
        if len(self.nonce) != NONCE_BYTES:
            message = f"a draft's nonce has {NONCE_BYTES} bytes"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Committed:
    """It is on the disk. `already`: the same item with the same content had been committed before.

    `erased`: how many unsent cases a withdrawal took the content of; nothing of that is left on the disk.
    """

    sequence: int
    item_hash: str
    already: bool
    erased: int = 0


class Refused(StrEnum):
    """Why nothing was committed. `disk_full`: the disk does not take it (full, read-only or failing)."""

    DISK_FULL = "disk_full"
    QUOTA = "quota"
    CONFLICT = "conflict"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NotCommitted:
    """Nothing was kept; the resident must not be told "received"."""

    reason: Refused
    detail: str = ""


class ItemState(StrEnum):
    """Where an item stands in this outbox."""

    PENDING = "pending"
    QUARANTINED = "quarantined"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    """Settled without the centre having it: corrected there by staff, given back, or superseded."""


@dataclass(frozen=True, slots=True)
class ItemSummary:
    """An item's index row: nothing personal. `reason` is the centre's, word for word.

    `erased`: withdrawn before it was sent, only its header is left.
    """

    sequence: int
    id: str
    lane: str
    kind: wire.Kind
    service: str
    state: ItemState
    received_at: str
    attempts: int
    verdict: str
    reason: str
    registered_at: str | None
    case_state: str
    superseded_by: str | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """When an item was taken in, as its header has it. `at`: what the wall clock claimed, RFC 3339 UTC, to be
    trusted as far as `clock_quality` says; `monotonic_ns` of the boot `boot_id` is what can be counted from.
    """

    at: str
    clock_quality: wire.ClockQuality
    boot_id: str
    monotonic_ns: int


@dataclass(frozen=True, slots=True)
class Counters:
    """Kept in one row, in the same transaction as what they count.

    Bytes. `oldest_pending`, `oldest_quarantined`: the first by the counter, whatever the clock claimed. `used_bytes` of
    `quota_bytes` are the watermarks of chapter F18. `opened_fresh_because`: non-empty from the start that
    set a damaged database aside until it is salvaged. `taken_in`: the items that get a slip (all but
    evaluations) since they are counted; at most so many after a damaged database that could not tell.
    """

    pending: int
    pending_bytes: int
    quarantined: int
    acknowledged: int
    oldest_pending: Received | None
    oldest_quarantined: Received | None
    sequence: int
    head_hash: str
    used_bytes: int
    quota_bytes: int
    opened_fresh_because: str
    taken_in: int

    @property
    def oldest_pending_at(self) -> str | None:
        """The wall time that the oldest unsent item claims."""
        return None if self.oldest_pending is None else self.oldest_pending.at


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The centre's last word on the acknowledged items; `asked_at` is its time, empty before the first.

    `missing`: items that it has no more, though it acknowledged them. `differing`: it has others in their
    place. `counter_signature`: of the last time that it had everything.
    """

    asked_at: str
    missing: int
    differing: bool
    counter_signature: CounterSignature | None

    @property
    def whole(self) -> bool:
        return not self.missing and not self.differing


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of one database that had been set aside; items.

    `readable`: something in it could be read at all. `recovered`: waits to be sent again. `already`: was
    here before. `waiting`: no room yet, or its number is taken. `lost`: numbers that it gave out and that
    can be told neither as whole items nor as acknowledged. `highest`: the last number that it gave out.
    """

    file: str
    readable: bool
    recovered: int = 0
    already: int = 0
    waiting: int = 0
    lost: int = 0
    highest: int = 0


@dataclass(frozen=True, slots=True)
class SetAside:
    """One database that was set aside. `file`: its name; `state`: damaged, salvaged, or log_alone.

    `items`: how many with a sealed body it still names, `unsettled`: of these, those not known here as settled,
    `only_here`: those not known here at all, so that they go with it for good; None when nothing can be read.
    `since`: RFC 3339, the centre's clock, from when the days count; None before the centre told its time.
    """

    file: str
    state: str
    size_bytes: int
    items: int | None
    unsettled: int | None
    only_here: int | None
    since: str | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the centre's verdict does to one item. `acknowledged` only after the signature was checked.

    `erased`: what was judged was the header alone.
    """

    sequence: int
    state: ItemState
    verdict: str
    reason: str = ""
    registered_at: str | None = None
    case_state: str = ""
    erased: bool = False


class Broken(StrEnum):
    """What is wrong at the first broken place of the chain."""

    GAP = "gap"
    LINK = "link"
    HEADER = "header"
    BODY = "body"
    HEAD = "head"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first place where the chain does not hold."""

    sequence: int
    broken: Broken


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`checked` items were looked at, up to the first broken one."""

    checked: int
    first_broken: BrokenLink | None

    @property
    def whole(self) -> bool:
        return self.first_broken is None


class StoreError(Exception):
    """The outbox could not be opened or has failed; neither the words nor `detail` hold anything of a record.

    `str` is for technicians: both languages, Chinese first, then the technical `detail`.
    """

    def __init__(self, words: Words, detail: str = "") -> None:
        super().__init__(words, detail)
        self.words = words
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.words} ({self.detail})" if self.detail else str(self.words)


class StoreLocked(StoreError):  # noqa: N818 - reads as what happened
    """Another process has this outbox."""


class StoreKeyWrong(StoreError):  # noqa: N818 - reads as what happened
    """The database belongs to another key; it was left as it is."""


class StoreCorrupt(StoreError):  # noqa: N818 - reads as what happened
    """The database is damaged and could not be set aside, or was damaged while open."""


class StoreUnwritable(StoreError):  # noqa: N818 - reads as what happened
    """The directory cannot be written: read-only, missing rights, failing or hopelessly full."""


class StoreClosed(StoreError):  # noqa: N818 - reads as what happened
    """The outbox was closed before the request."""
