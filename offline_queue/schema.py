"""Tables of the outbox and their numbered migrations, forward and back.

`item` is immutable (triggers refuse) and all that a commit writes, header and sealed body in one row,
since cheap storage wears with every page. `delivery`, the attempts, says what became of each item and
carries the indices; an item gets its row when somebody next asks (`intake.catch_up`), many at once.
An acknowledged item leaves its header in `settled`, so that the chain can still be walked. `ledger` is
one row: counters (`taken_in` is for good), the signed head up to which items have their row, and the anchor: where the kept
part of the chain begins, after older rows were forgotten. `reconciliation` is one row: the centre's
last word on what it holds. `inbox` is one row: the last letter applied (null before the first);
`case_news` and `reference` are what the letters said last. A refused item that was
superseded no longer holds its lane up; it is closed when the item that takes its place is acknowledged.
An unsent case that was withdrawn lost its body: `item.erased_by` is the sequence of the withdrawal, and the only change
that an item ever allows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from offline_queue import words
from offline_queue.records import StoreUnwritable
from offline_queue.wire import GENESIS_HASH

Connection = Any
"""A `sqlcipher3` connection; the library has no type information."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step between two versions, and the way back."""

    up: Callable[[Connection], None]
    down: Callable[[Connection], None]


def _run(statements: Sequence[str]) -> Callable[[Connection], None]:
    def run(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return run


_HEADER = """sequence integer primary key, id text not null, lane text not null, kind text not null,
    service text not null, definition_version text not null, previous_hash text not null,
    received_at text not null, clock_quality text not null, boot_id text not null,
    monotonic_ns integer not null, sealed_sha256 text not null, sealed_bytes integer not null,
    item_hash text not null, content_mac blob not null"""
_IMMUTABLE = "begin select raise(abort, 'an item is immutable'); end"
_TABLES = Migration(
    up=_run(
        (
            f"create table item ({_HEADER}, sealed blob not null) strict",
            f"create table settled ({_HEADER}) strict",
            f"create trigger item_is_immutable before update on item {_IMMUTABLE}",
            f"create trigger settled_is_immutable before update on settled {_IMMUTABLE}",
            """create trigger item_is_kept before delete on item when not exists (
            select 1 from delivery join settled using (sequence)
            where sequence = old.sequence and state = 'acknowledged')
            begin select raise(abort, 'an unacknowledged item is kept'); end""",
            """create trigger settled_is_kept before delete on settled
            when old.sequence > (select anchor_sequence from ledger)
            begin select raise(abort, 'a link of the chain is kept'); end""",
            """create table delivery (
            sequence integer primary key, id text not null unique, lane text not null, kind text not null,
            service text not null, received_at text not null,
            state text not null check (state in ('pending', 'quarantined', 'acknowledged')),
            is_next integer not null, sending_class integer not null, attempts integer not null default 0,
            verdict text not null default '', reason text not null default '', registered_at text,
            case_state text not null default '', duplicate_digest blob) strict""",
            """create table ledger (
            one integer primary key check (one = 1), pending integer not null, pending_bytes integer not null,
            quarantined integer not null, acknowledged integer not null, sequence integer not null,
            head_hash text not null, head_signature blob not null,
            anchor_sequence integer not null, anchor_hash text not null) strict""",
            f"insert into ledger values (1, 0, 0, 0, 0, 0, '{GENESIS_HASH}', x'', 0, '{GENESIS_HASH}')",  # noqa: S608 - a constant
        )
    ),
    down=_run(("drop table ledger", "drop table delivery", "drop table settled", "drop table item")),
)
_INDICES = {
    # Of each lane only the item that is next may go: what waits behind a held or refused one is not looked at.
    "delivery_sendable": "delivery (sending_class, sequence) where state = 'pending' and is_next = 1",
    "delivery_oldest": "delivery (sequence) where state = 'pending'",
    "delivery_quarantined": "delivery (sequence) where state = 'quarantined'",
    "delivery_lane": "delivery (lane, sequence)",
    "delivery_digest": "delivery (duplicate_digest) where duplicate_digest is not null",
}
_LOOK_UPS = Migration(
    up=_run([f"create index {name} on {what}" for name, what in _INDICES.items()]),
    down=_run([f"drop index {name}" for name in _INDICES]),
)

_RECONCILIATION = Migration(
    up=_run(
        (
            """create table reconciliation (
            one integer primary key check (one = 1), asked_at text not null, missing integer not null,
            differing integer not null, counter_signature text not null) strict""",
            "insert into reconciliation values (1, '', 0, 0, '')",
        )
    ),
    down=_run(("drop table reconciliation",)),
)

# The class that an item asked for; null takes that of its kind, as in items from before.
_PRIORITY = Migration(
    up=_run(
        (
            "alter table item add column priority integer check (priority between 0 and 3)",
            "update delivery set sending_class = sending_class + (sending_class > 0)",
        )
    ),
    down=_run(
        (
            "update delivery set sending_class = max(sending_class - 1, sending_class > 0)",
            "alter table item drop column priority",
        )
    ),
)


def _without_attachments(connection: Connection) -> None:
    """A program that knows none could neither send an item that has some nor follow its hash in the chain.

    So there must be none that waits; the settled ones are forgotten, with what was before them.
    """
    (last,) = connection.execute("select max(sequence) from settled where attachments is not null").fetchone()
    if connection.execute(
        "select 1 from item where attachments is not null or sequence <= ? limit 1", (last or 0,)
    ).fetchone():
        raise StoreUnwritable(words.ATTACHMENTS_WAIT)
    if last is not None:
        connection.execute(
            "update ledger set anchor_sequence = ?1, anchor_hash = "
            "(select item_hash from settled where sequence = ?1)",
            (last,),
        )
        connection.execute("delete from settled where sequence <= ?", (last,))
        connection.execute("delete from delivery where sequence <= ?", (last,))
    _DROP_ATTACHMENTS(connection)


# `attachments`: what the item's header says of them, as JSON; null is none.
_DROP_ATTACHMENTS = _run(
    (
        "drop table attachment",
        "alter table settled drop column attachments",
        "alter table item drop column attachments",
    )
)
_ATTACHMENTS = Migration(
    up=_run(
        (
            "alter table item add column attachments text",
            "alter table settled add column attachments text",
            """create table attachment (
            sequence integer not null, number integer not null, sealed blob not null,
            primary key (sequence, number)) strict""",
            f"create trigger attachment_is_immutable before update on attachment {_IMMUTABLE}",
            """create trigger attachment_is_kept before delete on attachment
            when exists (select 1 from item where sequence = old.sequence)
            begin select raise(abort, 'an attachment is kept as long as its item'); end""",
        )
    ),
    down=_without_attachments,
)

_DELIVERY = """create table delivery (
    sequence integer primary key, id text not null unique, lane text not null, kind text not null,
    service text not null, received_at text not null,
    state text not null check (state in ({states})),
    is_next integer not null, sending_class integer not null, attempts integer not null default 0,
    verdict text not null default '', reason text not null default '', registered_at text,
    case_state text not null default '', duplicate_digest blob{more}) strict"""
_KEPT = """create trigger item_is_kept before delete on item when not exists (
    select 1 from delivery join settled using (sequence) where sequence = old.sequence and state in ({states}))
    begin select raise(abort, 'an unsettled item is kept'); end"""
_COMMON = """sequence, id, lane, kind, service, received_at, state, is_next, sending_class, attempts, verdict,
    reason, registered_at, case_state, duplicate_digest"""


def _rebuilt(states: str, ended: str, more: str) -> tuple[str, ...]:
    """SQLite cannot change a check: the rows move to a new table. The trigger names it, so it goes first."""
    return (
        "drop trigger item_is_kept",
        "create table moving as select * from delivery",
        "drop table delivery",
        _DELIVERY.format(states=states, more=more),
        f"insert into delivery ({_COMMON}) select {_COMMON} from moving",  # noqa: S608 - constants
        "drop table moving",
        *(f"create index {name} on {what}" for name, what in _INDICES.items()),
        _KEPT.format(states=ended),
    )


_KNOWS_CLOSED = f"{_COMMON}, superseded_by"
_PUT_BY = "select 1 from sqlite_schema where type = 'table' and name = ?"


def _put_by(connection: Connection, table: str) -> bool:
    return connection.execute(_PUT_BY, (table,)).fetchone() is not None


def _with_closed(connection: Connection) -> None:
    """What was put by for an older program comes back, as far as its link of the chain was not forgotten."""
    closed = ("'pending', 'quarantined', 'acknowledged', 'closed'", "'acknowledged', 'closed'")
    _run(_rebuilt(*closed, ", superseded_by text"))(connection)
    if not _put_by(connection, "closing"):
        return
    came_back = (
        f"insert into delivery ({_KNOWS_CLOSED}) select {_KNOWS_CLOSED} from closing "  # noqa: S608 - constants
        "where sequence > (select anchor_sequence from ledger) "
        "and sequence not in (select sequence from delivery) and id not in (select id from delivery)"
    )
    statements = (
        came_back,
        """update delivery set superseded_by = (
            select superseded_by from closing where closing.sequence = delivery.sequence)
            where sequence in (select sequence from closing where state <> 'closed')""",
        """insert into case_news select * from closing_news
            where lane in (select lane from delivery) and lane not in (select lane from case_news)""",
        "drop table closing",
        "drop table closing_news",
    )
    _run(statements)(connection)


def _without_closed(connection: Connection) -> None:
    """An older program knows no closed items: as acknowledged ones they would be missed at the centre, so they are put by.

    It would hold up the lane of one that is being replaced, or have it sent again; so none may be on its way.
    """
    replaced = "select 1 from delivery where state = 'quarantined' and superseded_by is not null limit 1"
    if connection.execute(replaced).fetchone():
        raise StoreUnwritable(words.REPLACEMENT_WAITS)
    put_by = f"select {_KNOWS_CLOSED} from delivery where state = 'closed' or superseded_by is not null"  # noqa: S608 - constants
    statements = (
        f"create table closing as {put_by}",
        # Else it would forget the centre's words about a case of which it knows nothing.
        "create table closing_news as select * from case_news where lane in (select lane from closing)",
        "delete from delivery where state = 'closed'",
        *_rebuilt("'pending', 'quarantined', 'acknowledged'", "'acknowledged'", ""),
    )
    _run(statements)(connection)


_CLOSING = Migration(up=_with_closed, down=_without_closed)

_INBOX = Migration(
    up=_run(
        (
            "create table inbox (one integer primary key check (one = 1), cursor integer, unread integer not null) strict",
            "insert into inbox values (1, null, 0)",
            """create table case_news (
            lane text primary key, state text not null, at text not null, words_zh text not null,
            words_en text not null) strict""",
            """create table reference (
            subject text primary key, version text not null, sha256 text not null, path text not null) strict""",
        )
    ),
    down=_run(("drop table reference", "drop table case_news", "drop table inbox")),
)

_ERASES = """old.erased_by is null and old.kind = 'case' and new.sealed = x'' and new.sealed_bytes = 0
    and new.erased_by > old.sequence and exists (
    select 1 from item where sequence = new.erased_by and lane = old.lane and kind = 'withdrawal' union all
    select 1 from settled where sequence = new.erased_by and lane = old.lane and kind = 'withdrawal')
    and ({new}) is ({old})"""
_ERASED_KEEPS = (
    "sequence", "id", "lane", "kind", "service", "definition_version", "previous_hash", "received_at", "clock_quality",
    "boot_id", "monotonic_ns", "sealed_sha256", "item_hash", "content_mac", "priority", "attachments",
)  # fmt: skip
_ATTACHMENT_IS_KEPT = """create trigger attachment_is_kept before delete on attachment
    when exists (select 1 from item where sequence = old.sequence{more})
    begin select raise(abort, 'an attachment is kept as long as its item'); end"""


def _without_erased(connection: Connection) -> None:
    """An older program would take an erased body for damage and stop its lane; so none may wait."""
    if connection.execute("select 1 from item where erased_by is not null limit 1").fetchone():
        raise StoreUnwritable(words.ERASED_WAIT)
    _DROP_ERASURE(connection)


_DROP_ERASURE = _run(
    (
        "drop trigger item_is_immutable",
        "drop trigger attachment_is_kept",
        "alter table item drop column erased_by",
        "alter table delivery drop column erased",
        f"create trigger item_is_immutable before update on item {_IMMUTABLE}",
        _ATTACHMENT_IS_KEPT.format(more=""),
    )
)
_ERASURE = Migration(
    up=_run(
        (
            "alter table item add column erased_by integer",
            "alter table delivery add column erased integer not null default 0",
            "drop trigger item_is_immutable",
            "drop trigger attachment_is_kept",
            "create trigger item_is_immutable before update on item when not ("
            + _ERASES.format(
                new=", ".join(f"new.{name}" for name in _ERASED_KEEPS),
                old=", ".join(f"old.{name}" for name in _ERASED_KEEPS),
            )
            + f") {_IMMUTABLE}",
            _ATTACHMENT_IS_KEPT.format(more=" and erased_by is null"),
        )
    ),
    down=_without_erased,
)


def _without_vouched(connection: Connection) -> None:
    """An older program would erase what was refused once the item in its place is acknowledged, whoever filed it."""
    unsure = (
        "select 1 from delivery old join delivery new on new.id = old.superseded_by "
        "where old.state = 'quarantined' and new.vouched = 0 limit 1"
    )
    if connection.execute(unsure).fetchone():
        raise StoreUnwritable(words.REPLACEMENT_WAITS)
    connection.execute("alter table delivery drop column vouched")


# Whether what an item replaces or withdraws is its own person's, so that it may be erased.
_VOUCHED = Migration(
    up=_run(("alter table delivery add column vouched integer not null default 1",)), down=_without_vouched
)

MAC_BYTES = 33
"""Of an item's `content_mac` since a nonce goes in. One of 32 bytes was made without: contents can be tried against it."""

# What is settled is looked up by its id for weeks yet; what waits to be sent keeps its own until it is settled.
_NO_GUESSES = Migration(
    up=_run(
        (
            "drop trigger settled_is_immutable",
            f"update settled set content_mac = x'' where length(content_mac) <> {MAC_BYTES}",  # noqa: S608 - a constant
            f"create trigger settled_is_immutable before update on settled {_IMMUTABLE}",
        )
    ),
    down=_run(()),
)


def _with_taken_in(connection: Connection) -> None:
    """From 0, as the count of the printed slips that it is compared with; or from where it was put by."""
    connection.execute("alter table ledger add column taken_in integer not null default 0")
    # Those without an index row yet are counted when they get one.
    if _put_by(connection, "taken_in"):
        connection.execute("update ledger set taken_in = (select number from taken_in)")
        connection.execute("drop table taken_in")


# An older program counts neither cases nor slips, so what is put by stays right.
_PUTS_BY = "create table taken_in as select taken_in as number from ledger"
_COUNTED = Migration(up=_with_taken_in, down=_run((_PUTS_BY, "alter table ledger drop column taken_in")))

MIGRATIONS: tuple[Migration, ...] = (
    _TABLES,
    _LOOK_UPS,
    _RECONCILIATION,
    _PRIORITY,
    _ATTACHMENTS,
    _INBOX,
    _CLOSING,
    _ERASURE,
    _VOUCHED,
    _NO_GUESSES,
    _COUNTED,
)
"""Number n brings a database of version n to n + 1 and back. Never edited, only added to."""

NEWEST = len(MIGRATIONS)


def migrate(connection: Connection, to: int) -> int:
    """Bring the database to version `to`, each step in its own transaction; the version it had."""
    (version,) = connection.execute("pragma user_version").fetchone()
    found = int(version)
    while version != to:
        forward = version < to
        step = MIGRATIONS[version].up if forward else MIGRATIONS[version - 1].down
        version += 1 if forward else -1
        connection.execute("begin immediate")
        try:
            step(connection)
            connection.execute(f"pragma user_version = {version}")
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
    return found
