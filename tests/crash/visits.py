"""What the terminals of this proof take in, and the keys they do it with. All persons are invented."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.trust import key_id
from kiosk.case import new_case_code
from offline_queue import Draft, Link, Outbox, Sender, new_item_id
from offline_queue.records import Attached, new_nonce
from offline_queue.wire import Kind
from tests.central.station import SERVICE, VERSION, case_payload, sealing_key, signing_key
from tests.offline_queue.terminal import FAST, QUICK, TERMINAL, draft

DATABASE_KEY = bytes(range(32))
BALLAST_BYTES = 64 * 1024
PICTURE_BYTES = 12_000
LARGE_PICTURE_BYTES = 40_000
NO_TIME = "yesterday"
"""What the centre refuses: it wants a time (`item.time`)."""


class Fate(StrEnum):
    """What becomes of an item. All but the first are refused by the centre."""

    GOOD = "registered"
    REQUEUED = "sent again as it is"
    SUPERSEDED = "superseded by a right one"
    RETURNED = "given back to the resident"
    CORRECTED = "corrected at the centre"


REPAIRS = (Fate.REQUEUED, Fate.SUPERSEDED, Fate.RETURNED, Fate.CORRECTED)


def repair_of(item_id: str) -> Fate:
    """How a refused item is repaired: by its id, so that every process comes to the same."""
    return random.Random(item_id).choice(REPAIRS)  # noqa: S311 - not a secret


@dataclass(frozen=True, slots=True)
class Visit:
    """One item before it is sealed: the same visit always gives the same draft, so it holds the nonce too."""

    id: str
    code: str
    kind: Kind
    fate: Fate = Fate.GOOD
    supersedes: str | None = None
    nonce: bytes = field(default_factory=new_nonce)

    @classmethod
    def new(cls) -> Visit:
        return cls(new_item_id(), new_case_code(TERMINAL), Kind.CASE)

    @classmethod
    def with_large_picture(cls) -> Visit:
        while True:
            visit = cls.new()
            if any(len(one.content) == LARGE_PICTURE_BYTES for one in visit.draft().attachments):
                return visit

    @classmethod
    def refused(cls) -> Visit:
        """One that the centre will not take."""
        visit = cls.new()
        return replace(visit, fate=repair_of(visit.id))

    def withdrawn(self) -> Visit:
        return Visit(new_item_id(), self.code, Kind.WITHDRAWAL)

    def draft(self) -> Draft:
        words = b'{"case_code": "%s"}' % self.code.encode()
        wanted = draft(
            id=self.id, lane=self.code, kind=self.kind, service=SERVICE, definition_version=VERSION,
            payload=case_payload(self.code) if self.kind is Kind.CASE else words, attachments=self._pictures(),
            supersedes=self.supersedes, nonce=self.nonce,
        )  # fmt: skip
        return wanted if self.fate is Fate.GOOD else replace(wanted, received_at=NO_TIME)

    def _pictures(self) -> tuple[Attached, ...]:
        """Every third case has one, every ninth a large one."""
        chance = random.Random(self.id)  # noqa: S311 - the same visit, the same picture
        drawn = chance.random()
        if self.kind is not Kind.CASE or drawn >= 1 / 3:
            return ()
        size = LARGE_PICTURE_BYTES if drawn < 1 / 9 else PICTURE_BYTES
        return (Attached("image/jpeg", chance.randbytes(size)),)


def in_place_of(item_id: str, code: str) -> Visit:
    """The right item for a refused one."""
    return Visit(new_item_id(), code, Kind.CASE, supersedes=item_id)


_HALF_WITHDRAWN = """select count(*) from item c where kind = 'case' and (
    length(sealed) > 0 or exists (select 1 from attachment where sequence = c.sequence)) = exists (
    select 1 from delivery w where w.lane = c.lane and w.kind = 'withdrawal' and w.sequence > c.sequence)"""


def half_withdrawn(outbox: Outbox) -> int:
    """Cases that still have content though a withdrawal stands behind them, or have none without one."""
    outbox.deliveries.catch_up()
    return int(outbox._owner.ask(lambda connection: connection.execute(_HALF_WITHDRAWN).fetchone()[0]))


def open_outbox(directory: Path, trust: Path, **changes: Any) -> Outbox:
    values: dict[str, Any] = {
        "terminal": TERMINAL,
        "database_key": DATABASE_KEY,
        "signing_key": signing_key(trust, f"terminal_{TERMINAL}"),
        "sealing_key": sealing_key(trust),
        "ballast_bytes": BALLAST_BYTES,
    }
    return Outbox.open(directory, **{**values, **changes})


def link_to(url: str, trust: Path, link: type[Link] = Link, **changes: Any) -> Link:
    key = signing_key(trust, f"terminal_{TERMINAL}")
    return link(
        url, terminal=TERMINAL, signing_key=key, ca_file=trust / "ca.pem", **{"timeouts": QUICK, **changes}
    )


def centre_keys(trust: Path) -> dict[str, Ed25519PublicKey]:
    key = load_pem_public_key((trust / "centre_acknowledgement.pub").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    return {key_id(key.public_bytes_raw()): key}


def sender_to(url: str, outbox: Outbox, trust: Path, link: Link | None = None, **changes: Any) -> Sender:
    """Not started yet; it owns its link."""
    timeouts = changes.pop("timeouts", QUICK)
    return Sender(
        outbox,
        link or link_to(url, trust, timeouts=timeouts),
        centre_keys=centre_keys(trust),
        **{"policy": FAST, **changes},
    )
