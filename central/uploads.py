"""Attachments as they come in: part after part, from any process, whole only with the right digest.

They lie in the database as rows of parts, so that any number of centre processes, a backup and a shard hold them
with everything else. An upload counts for an item once the item is registered (`keep`); what no item asks for in
time is swept.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, func, insert, select, update

from central import problems
from central.database import as_text, insert_or_skip, writing
from central.form import Reason
from central.problems import Turned
from central.schema import items, terminals, upload_parts, uploads
from offline_queue.seal import PrivateKey, SealBroken, attachment_aad, open_sealed
from offline_queue.wire import ATTACHMENT_BYTES_MAX, PART_BYTES_MAX, Item, UploadFault, UploadState

OPEN_MAX = 64
"""Uploads that one terminal may have brought for no item yet, whole or not; an item follows its attachments at once.
So it never holds more than `OPEN_MAX` x `ATTACHMENT_BYTES_MAX` bytes that nothing asked for."""
SWEPT_AT_ONCE = 64
KEPT_WITHOUT_ITEM = timedelta(days=7)
"""A terminal that comes back later than this sends the attachment again."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TERMINAL = re.compile(r"[0-9A-Z]{4}")


@dataclass(frozen=True, slots=True)
class Key:
    """Issuing terminal, item and SHA-256 of the sealed bytes: whoever sends, it is the same upload."""

    terminal: str
    item_id: str
    sha256: str

    def here(self, table: Table) -> ColumnElement[bool]:
        return and_(*(table.c[name] == value for name, value in self.columns().items()))

    def columns(self) -> dict[str, str]:
        return {"terminal": self.terminal, "item_id": self.item_id, "sha256": self.sha256}


def key_of(terminal: str, item_id: str, sha256: str) -> Key | None:
    """None for what can be no upload's name."""
    try:
        good = (
            str(uuid.UUID(item_id)) == item_id and _DIGEST.fullmatch(sha256) and _TERMINAL.fullmatch(terminal)
        )
    except ValueError:
        return None
    return Key(terminal, item_id, sha256) if good else None


def state(engine: Engine, key: Key) -> UploadState:
    """What the centre holds; nothing is held of what nobody began."""
    with engine.connect() as connection:
        row = connection.execute(select(uploads).where(key.here(uploads))).one_or_none()
    return UploadState(offset=row.held if row else 0, whole=bool(row and row.whole))


def take(
    engine: Engine,
    key: Key,
    carried_by: str,
    offset: int,
    of_bytes: int,
    part: bytes,
    now: datetime,
    *,
    bounded: bool = True,
) -> UploadState | Turned:
    """Append a part that begins where the held ones end. A repeated one changes nothing and says what is held.

    Not `bounded`: a file that staff take in, where an item may follow many attachments.
    """
    if not 0 < of_bytes <= ATTACHMENT_BYTES_MAX or len(part) > PART_BYTES_MAX:
        return problems.TOO_LARGE
    if not part or not 0 <= offset <= of_bytes - len(part):
        return problems.MALFORMED
    with writing(engine).begin() as connection:
        # The row's lock lets two senders of the same attachment take turns, and no sweep between.
        mine = select(uploads).where(key.here(uploads)).with_for_update()
        row = connection.execute(mine).one_or_none()
        if row is None:
            if refusal := _begin(connection, key, carried_by, of_bytes, as_text(now), bounded=bounded):
                return refusal
            row = connection.execute(mine).one()
        if row.whole:
            return UploadState(offset=row.held, whole=True)
        if row.of_bytes != of_bytes:
            return problems.MALFORMED
        if row.held != offset:
            return UploadState(offset=row.held, whole=False, fault=UploadFault.OFFSET)
        connection.execute(insert(upload_parts).values(**key.columns(), start=offset, part=part))
        held = offset + len(part)
        if held == of_bytes and _digest(connection, key) != key.sha256:
            _drop(connection, key)
            return UploadState(offset=0, whole=False, fault=UploadFault.DIGEST)
        values = {"held": held, "whole": int(held == of_bytes), "touched_at": as_text(now)}
        connection.execute(update(uploads).where(key.here(uploads)).values(**values))
    return UploadState(offset=held, whole=held == of_bytes)


def keep(connection: Connection, wanted_by: Collection[Item]) -> set[tuple[str, str]]:
    """Bind the attachments of these items to them; (terminal, id) of the items that lack one."""
    lacking = set()
    for item in wanted_by:
        if not item.enclosed:
            continue
        wanted = {told.sealed_sha256: told.sealed_bytes for told in item.enclosed}
        mine = and_(uploads.c.terminal == item.terminal, uploads.c.item_id == item.id, uploads.c.whole == 1)
        rows = connection.execute(
            select(uploads.c.sha256, uploads.c.of_bytes).where(mine).with_for_update()
        ).all()
        if wanted.items() <= {row.sha256: row.of_bytes for row in rows}.items():
            connection.execute(update(uploads).where(mine, uploads.c.sha256.in_(wanted)).values(kept=1))
        else:
            lacking.add((item.terminal, item.id))
    return lacking


def fault(connection: Connection, item: Item, keys: Mapping[str, PrivateKey]) -> Reason | None:
    """Why an attachment of a registered item cannot be used; None when all of them open."""
    for told in item.attachments:
        aad = attachment_aad(
            terminal=item.terminal, item_id=item.id, number=told.number, media_type=told.media_type
        )
        sealed = b"".join(_parts(connection, Key(item.terminal, item.id, told.sealed_sha256)))
        opened = open_sealed(sealed, keys, aad)
        if isinstance(opened, SealBroken):
            return Reason.KEY if opened.reason == "unknown_key" else Reason.SEAL
    return None


def sweep(engine: Engine, now: datetime) -> int:
    """Drop what no item asked for in time, or what came late for one that was withdrawn; how many uploads.

    A few in each transaction, so that the door goes between.
    """
    before, dropped = as_text(now - KEPT_WITHOUT_ITEM), 0
    withdrawn = select(items.c.item_id).where(
        items.c.terminal == uploads.c.terminal,
        items.c.item_id == uploads.c.item_id,
        items.c.erased_at.is_not(None),
    )
    over = (uploads.c.touched_at < before) | withdrawn.exists()
    old = select(uploads).where(uploads.c.kept == 0, over)
    while True:
        with writing(engine).begin() as connection:
            rows = connection.execute(old.limit(SWEPT_AT_ONCE).with_for_update(skip_locked=True)).all()
            for row in rows:
                _drop(connection, Key(row.terminal, row.item_id, row.sha256))
        dropped += len(rows)
        if len(rows) < SWEPT_AT_ONCE:
            return dropped


def drop_of(connection: Connection, withdrawn: Collection[Item]) -> None:
    """What had come of items that were withdrawn before they were whole here."""
    for item in withdrawn:
        for told in item.attachments:
            _drop(connection, Key(item.terminal, item.id, told.sealed_sha256))


def _begin(
    connection: Connection, key: Key, carried_by: str, of_bytes: int, at: str, *, bounded: bool
) -> Turned | None:
    enrolled = select(terminals.c.terminal).where(terminals.c.terminal == key.terminal)
    if connection.execute(enrolled).one_or_none() is None:
        return problems.MALFORMED
    open_ones = select(func.count()).where(uploads.c.carried_by == carried_by, uploads.c.kept == 0)
    if bounded and connection.execute(open_ones).scalar_one() >= OPEN_MAX:
        return problems.TOO_MANY_UPLOADS
    values = {"carried_by": carried_by, "of_bytes": of_bytes, "begun_at": at, "touched_at": at}
    insert_or_skip(connection, uploads, **key.columns(), **values, held=0, whole=0, kept=0)
    return None


def _parts(connection: Connection, key: Key) -> Iterator[bytes]:
    query = select(upload_parts.c.part).where(key.here(upload_parts)).order_by(upload_parts.c.start)
    return (bytes(part) for part in connection.execute(query).scalars())


def _digest(connection: Connection, key: Key) -> str:
    digest = hashlib.sha256()
    for part in _parts(connection, key):
        digest.update(part)
    return digest.hexdigest()


def _drop(connection: Connection, key: Key) -> None:
    for table in (upload_parts, uploads):
        connection.execute(delete(table).where(key.here(table)))
