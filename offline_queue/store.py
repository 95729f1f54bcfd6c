"""The outbox: what was committed here is not lost, not doubled, and cannot be read back here.

SQLite without a key, write-ahead log, `synchronous=FULL`, one thread with the only connection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import sqlcipher3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_queue import aside, belief, intake, salvage, transactions, wire
from offline_queue.chain import WHOLE_CHAIN, sign_head, verify_chain
from offline_queue.database import (
    Ballast,
    Opened,
    became_read_only,
    derived,
    disk_refuses,
    log_bytes,
    open_database,
)
from offline_queue.deliveries import Deliveries
from offline_queue.duplicates import DuplicateKeys, Filers
from offline_queue.erasure import Eraser
from offline_queue.owner import Owner
from offline_queue.records import (
    ChainReport,
    Committed,
    Counters,
    Draft,
    ItemState,
    ItemSummary,
    NotCommitted,
    Refused,
    Salvaged,
    SetAside,
    StoreClosed,
    StoreCorrupt,
    StoreKeyWrong,
    StoreLocked,
    StoreUnwritable,
)
from offline_queue.room import (
    LOG_KEPT_BYTES,
    PAGE_BYTES,
    SETTLING_BYTES,
    SHORT_BYTES,
    on_disk_bytes,
    room_bytes,
)
from offline_queue.schema import Connection
from offline_queue.seal import SealingKey, attachment_aad, item_aad, seal

__all__ = [
    "ChainReport",
    "Committed",
    "Counters",
    "Draft",
    "ItemState",
    "ItemSummary",
    "NotCommitted",
    "Outbox",
    "Refused",
    "Salvaged",
    "StoreClosed",
    "StoreCorrupt",
    "StoreKeyWrong",
    "StoreLocked",
    "StoreUnwritable",
]

QUOTA_BYTES = 256 * 1024 * 1024
BALLAST_BYTES = 4 * 1024 * 1024

_NO_LAST = 2**63 - 1


def _no_step(_step: str) -> None:
    """The default `on_step`: nobody watches."""


def _why_fresh(directory: Path) -> str:
    damaged = aside.damaged(directory)
    return f"damaged database set aside as {damaged[-1].name}" if damaged else ""


class Outbox:
    """Open with `Outbox.open`. All methods may be called from any thread and wait for the disk."""

    def __init__(
        self, owner: Owner, opened: Opened, ballast: Ballast, terminal: str, signing_key: Ed25519PrivateKey,
        sealing_key: SealingKey, mac_key: bytes, quota_bytes: int,
    ) -> None:  # fmt: skip
        self.terminal = terminal
        self._signer = intake.Signer(terminal, signing_key)
        self._filers = Filers(DuplicateKeys())
        self.deliveries = Deliveries(owner, ballast, self._signer, self._filers)
        """What the sender and a technician may do with the items."""
        self._owner = owner
        self._ballast = ballast
        self._directory = ballast.path.parent
        self._sealing_key = sealing_key
        self._mac_key = mac_key
        self._duplicates = DuplicateKeys()
        self._quota_bytes = quota_bytes
        self._eraser = Eraser(ballast)
        self._fresh_because = opened.fresh_because or _why_fresh(self._directory)

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        terminal: str,
        database_key: bytes,
        signing_key: Ed25519PrivateKey,
        sealing_key: SealingKey,
        quota_bytes: int = QUOTA_BYTES,
        ballast_bytes: int = BALLAST_BYTES,
    ) -> Outbox:
        """Open or begin the outbox in `directory` (made private). `database_key`: 32 random bytes.

        StoreLocked, StoreKeyWrong, StoreUnwritable, StoreCorrupt. A damaged database does not
        raise: it is set aside and `counters().opened_fresh_because` says so.
        """
        if len(database_key) != 32:
            message = "a database key has 32 bytes"
            raise ValueError(message)
        ballast = Ballast(directory / "outbox.ballast", ballast_bytes)
        held: list[Opened] = []

        def open_() -> Connection:
            held.append(open_database(directory, database_key, quota_bytes, ballast, belief.is_usable))
            return held[0].connection

        owner = Owner(open_, lambda _connection: held[0].close())
        owner.ask(lambda _connection: ballast.restore())
        mac_key = derived(database_key, "content")
        made = cls(owner, held[0], ballast, terminal, signing_key, sealing_key, mac_key, quota_bytes)
        made._count_on()
        if not made.read_only():
            owner.ask(made._eraser.settle_up)
        return made

    def commit(self, draft: Draft, on_step: Callable[[str], None] = _no_step) -> Committed | NotCommitted:
        """Seal and store; when this returns `Committed` the item survives a power cut.

        `on_step` is told `sealed`, `inserted` (before the commit, on the owner thread) and
        `committed`. The same id, nonce and content is `already`; the id with another of them CONFLICT.
        A withdrawal erases what waits of its lane's cases, as far as it is its person's, here and now, and finds room
        on a full disk.
        """
        aad = item_aad(
            terminal=self.terminal, item_id=draft.id, lane=draft.lane, kind=draft.kind.value,
            service=draft.service, definition_version=draft.definition_version,
        )  # fmt: skip
        sealed = seal(draft.payload, self._sealing_key, aad)
        content_mac = intake.content_mac(self._mac_key, draft, aad)
        digest = None if draft.business is None else self._duplicates.digest(draft.business)
        attachments = tuple(self._seal_attachments(draft))
        person = draft.person
        mine = None if person is None else lambda sequence: self._filers.is_of(sequence, person)
        wanted = intake.Wanted(draft, sealed, content_mac, digest, attachments, mine)
        on_step("sealed")

        def insert(connection: Connection) -> Committed | NotCommitted:
            with transactions.transaction(connection):
                return self._refusal(connection, draft.kind, wanted.sealed_bytes) or intake.insert(
                    connection, wanted, self._signer, on_step
                )

        def withdraw(connection: Connection) -> Committed | NotCommitted:
            return self._eraser.withdraw(connection, lambda: insert(connection))

        try:
            answer = self._owner.ask(withdraw if draft.kind is wire.Kind.WITHDRAWAL else insert)
        except StoreClosed:
            return NotCommitted(Refused.CLOSED)
        except sqlcipher3.OperationalError as error:
            if not disk_refuses(error):
                raise
            return NotCommitted(Refused.DISK_FULL, str(error))
        if isinstance(answer, Committed):
            if person is not None and draft.kind is wire.Kind.CASE and not answer.already:
                self._filers.remember(answer.sequence, person)
            on_step("committed")
        return answer

    def accepts(self, expected_bytes: int) -> bool:
        """May a visit begin that will want to commit so much? Asked before the resident types anything."""
        return max(1, expected_bytes) <= self.room_bytes()

    def room_bytes(self) -> int:
        """The largest draft, payload and attachments in the clear, that is taken as things stand; 0: none."""

        def room(connection: Connection) -> int:
            if not self.read_only():
                self._eraser.settle_up(connection)
            used_bytes, spare_bytes = self._used_bytes(connection), self._ballast.spare_bytes()
            reusable_bytes = transactions.free_pages(connection) * PAGE_BYTES
            if spare_bytes < SHORT_BYTES and reusable_bytes + log_bytes(self._directory) > LOG_KEPT_BYTES:
                transactions.give_back(connection, log_too=True)
                reusable_bytes = transactions.free_pages(connection) * PAGE_BYTES
                spare_bytes = self._ballast.spare_bytes()
            return room_bytes(self._quota_bytes, used_bytes, spare_bytes, reusable_bytes)

        try:
            return self._owner.ask(room)
        except StoreClosed:
            return 0

    def read_only(self) -> bool:
        """Whether its file system takes no writing any more, as after an error of the storage."""
        return became_read_only(self._directory)

    def counters(self) -> Counters:
        """From the one ledger row, and the few items that it does not cover yet; never a count over all."""

        def read(connection: Connection) -> Counters:
            row = connection.execute(
                "select pending, pending_bytes, quarantined, acknowledged, taken_in from ledger"
            ).fetchone()
            new, new_bytes, new_with_slip, oldest_new = intake.unlisted(connection)
            sequence, head_hash = intake.end_of_chain(connection)
            return Counters(
                pending=row[0] + new,
                pending_bytes=row[1] + new_bytes,
                quarantined=row[2],
                acknowledged=row[3],
                oldest_pending=intake.oldest(connection, ItemState.PENDING) or oldest_new,
                oldest_quarantined=intake.oldest(connection, ItemState.QUARANTINED),
                sequence=sequence,
                head_hash=head_hash,
                used_bytes=self._used_bytes(connection),
                quota_bytes=self._quota_bytes,
                opened_fresh_because=self._fresh_because,
                taken_in=row[4] + new_with_slip,
            )

        return self._owner.ask(read)

    def head(self) -> wire.ChainHead:
        """The chain's end with its signature."""
        return self._owner.ask(
            lambda connection: sign_head(self.terminal, *intake.end_of_chain(connection), self._signer.key)
        )

    def find(self, lane: str) -> tuple[ItemSummary, ...]:
        """The items of one case code, oldest first."""
        self.deliveries.catch_up()
        return self._owner.ask(lambda connection: transactions.summaries(connection, "lane = ?", (lane,)))

    def duplicate_waits(self, business: str) -> bool:
        """Whether an item about the same business waits here, as far as `duplicates` can still tell."""
        query = "select 1 from delivery where duplicate_digest = ? limit 1"

        def known(connection: Connection) -> bool:
            digests = self._duplicates.digests(business)
            return any(connection.execute(query, (digest,)).fetchone() for digest in digests)

        return self._owner.ask(known)

    def verify(self) -> ChainReport:
        """Walk the whole chain. Long for a long chain: a technician's command, not a visit's step."""

        def walk(connection: Connection) -> ChainReport:
            anchor = connection.execute("select anchor_sequence, anchor_hash from ledger").fetchone()
            head = self._stored_head(connection)
            # What a disk that takes nothing any more left without a signature is not held against it.
            last = _NO_LAST if signed_to_the_end else head.sequence
            rows = connection.execute(WHOLE_CHAIN, (anchor[0], last))
            return verify_chain(self.terminal, rows, anchor, head, self._signer.key.public_key())

        signed_to_the_end = self.deliveries.catch_up()
        return self._owner.ask(walk)

    def salvage(self) -> tuple[Salvaged, ...]:
        """Take over what can be read of each damaged database that was set aside; a technician's command.

        May be repeated and cut short: no item comes twice. A file that is done with is renamed `salvaged`.
        """
        done = []
        for damaged in aside.damaged(self._directory):

            def take(connection: Connection, damaged: Path = damaged) -> Salvaged:
                return salvage.recover(
                    connection,
                    self._signer,
                    damaged,
                    lambda size: self._refusal(connection, wire.Kind.CASE, size) is None,
                )

            done.append(self._owner.ask(take))
            if not done[-1].waiting:
                aside.put_away(damaged, done[-1])
        self._fresh_because = _why_fresh(self._directory)
        return tuple(done)

    def set_aside(self) -> tuple[SetAside, ...]:
        """The databases that were set aside, and what each still holds; a technician's command."""
        self.deliveries.catch_up()
        files = [*aside.damaged(self._directory), *aside.salvaged(self._directory)]
        looked = [self._owner.ask(partial(salvage.look, signer=self._signer, path=file)) for file in files]
        return (*looked, *map(salvage.look_at_log, aside.logs_alone(self._directory)))

    def remove_set_aside(self, one: SetAside) -> None:
        """Delete one of these for good. OSError."""
        aside.remove(self._directory / one.file)
        self._fresh_because = _why_fresh(self._directory)

    def sweep_set_aside(self, now: datetime, days: float) -> tuple[str, ...]:
        """Delete salvaged databases when all in them is settled here, or after so many days; the names.

        `now`: aware, the centre's clock. What was not salvaged stays.
        """

        def is_settled(highest: int) -> bool:
            return self._owner.ask(lambda connection: salvage.is_settled(connection, highest))

        return aside.sweep(self._directory, now, days, is_settled)

    def use_sealing_key(self, key: SealingKey) -> None:
        """Seal what comes from now on to the centre's next key; what is sealed stays as it is."""
        self._sealing_key = key

    def close(self) -> None:
        """May be called twice."""
        self._owner.close()

    def _count_on(self) -> None:
        """A database that takes the place of a damaged one goes on with its numbers; at the next start, if not now."""
        damaged = aside.damaged(self._directory)
        try:
            self._owner.ask(lambda connection: salvage.continue_chain(connection, self._signer, damaged))
        except sqlcipher3.OperationalError as error:
            if not disk_refuses(error):
                raise

    def _seal_attachments(self, draft: Draft) -> Iterator[tuple[wire.Attachment, bytes]]:
        for number, one in enumerate(draft.attachments, start=1):
            aad = attachment_aad(
                terminal=self.terminal, item_id=draft.id, number=number, media_type=one.media_type
            )
            sealed = seal(one.content, self._sealing_key, aad)
            told = wire.Attachment(
                media_type=one.media_type,
                number=number,
                sealed_bytes=len(sealed),
                sealed_sha256=hashlib.sha256(sealed).hexdigest(),
            )
            yield told, sealed

    def _refusal(self, connection: Connection, kind: wire.Kind, size: int) -> NotCommitted | None:
        """Why an item of so many sealed bytes may not be added; None when it may."""
        withdraws = kind is wire.Kind.WITHDRAWAL
        kept_free = SETTLING_BYTES // 2 if withdraws else SETTLING_BYTES
        if self._used_bytes(connection) + on_disk_bytes(size) > self._quota_bytes - kept_free:
            return NotCommitted(Refused.QUOTA)
        if not self._ballast.restore() and not withdraws:
            # What the ballast freed belongs to the acknowledgements, not to new items.
            return NotCommitted(Refused.DISK_FULL, "the disk has no reserve")
        return None

    def _stored_head(self, connection: Connection) -> wire.ChainHead:
        sequence, hash_, signature = connection.execute(
            "select sequence, head_hash, head_signature from ledger"
        ).fetchone()
        if sequence == 0:
            return sign_head(self.terminal, 0, hash_, self._signer.key)
        return wire.ChainHead(sequence=sequence, hash=hash_, signature=bytes(signature))

    def _used_bytes(self, connection: Connection) -> int:
        (pages,) = connection.execute("pragma page_count").fetchone()
        return (int(pages) - transactions.free_pages(connection)) * PAGE_BYTES
