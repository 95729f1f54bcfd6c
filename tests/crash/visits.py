"""What the terminals of this proof take in, and the keys they do it with. All persons are invented."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.trust import key_id
from kiosk.case import new_case_code
from offline_queue import Draft, Link, Outbox, Sender, new_item_id
from offline_queue.records import Attached
from offline_queue.wire import Kind
from tests.central.station import SERVICE, VERSION, case_payload, sealing_key, signing_key
from tests.offline_queue.terminal import FAST, QUICK, TERMINAL, draft

DATABASE_KEY = bytes(range(32))
BALLAST_BYTES = 64 * 1024
PICTURE_BYTES = 12_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One item before it is sealed: the same visit always gives the same draft."""

    id: str
    code: str
    kind: Kind

    @classmethod
    def new(cls) -> Visit:
        return cls(new_item_id(), new_case_code(TERMINAL), Kind.CASE)

    def withdrawn(self) -> Visit:
        return Visit(new_item_id(), self.code, Kind.WITHDRAWAL)

    def draft(self) -> Draft:
        words = b'{"case_code": "%s"}' % self.code.encode()
        return draft(
            id=self.id, lane=self.code, kind=self.kind, service=SERVICE, definition_version=VERSION,
            payload=case_payload(self.code) if self.kind is Kind.CASE else words, attachments=self._pictures(),
        )  # fmt: skip

    def _pictures(self) -> tuple[Attached, ...]:
        """Every third case has one."""
        chance = random.Random(self.id)  # noqa: S311 - the same visit, the same picture
        has_one = self.kind is Kind.CASE and chance.random() < 1 / 3
        return (Attached("image/jpeg", chance.randbytes(PICTURE_BYTES)),) if has_one else ()


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


def sender_to(url: str, outbox: Outbox, trust: Path, **changes: Any) -> Sender:
    """Not started yet; it owns its link."""
    key = load_pem_public_key((trust / "centre_acknowledgement.pub").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    link = Link(
        url, terminal=TERMINAL, signing_key=signing_key(trust, f"terminal_{TERMINAL}"), ca_file=trust / "ca.pem",
        timeouts=changes.pop("timeouts", QUICK),
    )  # fmt: skip
    return Sender(
        outbox, link, centre_keys={key_id(key.public_bytes_raw()): key}, **{"policy": FAST, **changes}
    )
