"""A terminal with an outbox whose cases bring photographs: made of chance, of nobody."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine, select

from central.schema import items, upload_parts, uploads
from central.trust import load_trust
from offline_queue import Draft, Link, Outbox
from offline_queue.courier import Courier
from offline_queue.records import Attached
from offline_queue.wire import Attachment, Item
from tests.central.station import signing_key
from tests.crash.visits import Visit, open_outbox
from tests.offline_queue.terminal import FAST, QUICK, TERMINAL, committed

BIG = 700_000
"""Bytes of a picture that needs several parts."""


def picture(size: int, seed: int = 1) -> Attached:
    return Attached("image/jpeg", random.Random(seed).randbytes(size))  # noqa: S311 - no secret


def photographed(*sizes: int) -> Draft:
    """A case with a photograph of each size."""
    pictures = tuple(picture(size, seed) for seed, size in enumerate(sizes))
    return replace(Visit.new().draft(), attachments=pictures)


@dataclass
class Terminal:
    """An outbox with its courier; `at` another address it is the same terminal."""

    outbox: Outbox
    link: Link
    courier: Courier
    rounds: int = 0

    def round(self) -> bool:
        """One round now, whatever the back-off says."""
        self.rounds += 1
        self.courier.session_until_ns = 0
        self.courier._holds.clear()
        return self.courier.round()

    def send_everything(self, rounds_max: int = 60) -> None:
        for _ in range(rounds_max):
            if self.outbox.counters().pending == 0:
                return
            self.round()
        message = f"not everything arrived: {self.courier.last_error}"
        raise AssertionError(message)

    def put(self, draft: Draft) -> Item:
        """Commit it; the item as it will be sent."""
        sequence = committed(self.outbox, draft).sequence
        found = self.outbox.deliveries.next_batch(
            held_lanes=(), items_max=99, bytes_max=10**8, whole={sequence}
        )
        return next(item for item in found if item.sequence == sequence)


@contextmanager
def terminal(folder: Path, trust: Path, url: str) -> Iterator[Terminal]:
    """Again in the same folder is a restart."""
    outbox = open_outbox(folder / "queue", trust)
    made = beside(outbox, trust, url)
    try:
        yield made
    finally:
        made.link.close()
        outbox.close()


def beside(outbox: Outbox, trust: Path, url: str) -> Terminal:
    """A sender for this outbox; a second one is the mistake that some tests make."""
    link = Link(
        url, terminal=TERMINAL, signing_key=signing_key(trust, f"terminal_{TERMINAL}"), ca_file=trust / "ca.pem",
        timeouts=QUICK,
    )  # fmt: skip
    loaded = load_trust(trust, production=False)
    keys = {loaded.acknowledgement_key_id: loaded.acknowledgement_key.public_key()}
    return Terminal(outbox, link, Courier(outbox, link, keys, FAST))


def registered(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(items.c.item_id)).scalars())


def held(engine: Engine, item: Item, told: Attachment) -> bytes:
    """What the centre holds of it."""
    mine = (upload_parts.c.item_id == item.id) & (upload_parts.c.sha256 == told.sealed_sha256)
    query = select(upload_parts.c.part).where(mine).order_by(upload_parts.c.start)
    with engine.connect() as connection:
        return b"".join(connection.execute(query).scalars())


def upload_rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(connection.execute(select(uploads.c.item_id)).all())
