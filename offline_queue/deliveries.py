"""The outbox as the sender and a technician see it: what goes next, what became of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

import sqlcipher3

from offline_queue import inbox, intake, reconcile, transactions, wire
from offline_queue.database import Ballast, disk_refuses
from offline_queue.duplicates import Filers
from offline_queue.inbox_wire import CaseNews, Letter, Reference
from offline_queue.intake import Signer
from offline_queue.manifest import Manifest, ManifestAnswer
from offline_queue.owner import Owner
from offline_queue.records import ItemState, ItemSummary, Reconciliation, Settlement
from offline_queue.schema import Connection

EXPORT_CHUNK = 100
"""Items that an export holds in memory."""


class Deliveries:
    """Reached as `Outbox.deliveries`. All methods may be called from any thread."""

    def __init__(self, owner: Owner, ballast: Ballast, signer: Signer, filers: Filers) -> None:
        self._owner = owner
        self._filers = filers
        self._ballast = ballast
        self._signer = signer

    def catch_up(self) -> bool:
        """Index what is new; False when the disk does not take that (it then stays where it is, safe)."""
        try:
            self._owner.ask(lambda connection: intake.catch_up(connection, self._signer))
        except sqlcipher3.OperationalError as error:
            if not disk_refuses(error):
                raise
            return False
        return True

    def next_batch(
        self, *, held_lanes: Collection[str], items_max: int, bytes_max: int, whole: Collection[int] = ()
    ) -> tuple[wire.Item, ...]:
        """What may be sent now: see `transactions.sendable`."""
        self.catch_up()
        items, damaged = self._owner.ask(
            lambda connection: transactions.sendable(
                connection, self._signer.terminal, held_lanes, items_max, bytes_max, whole
            )
        )
        if damaged:
            self.settle(damaged)
        return items

    def next_to_upload(self, *, held_lanes: Collection[str], whole: Collection[int]) -> wire.Item | None:
        """What waits for its attachments only: see `transactions.next_to_upload`."""
        return self._owner.ask(
            lambda connection: transactions.next_to_upload(
                connection, self._signer.terminal, held_lanes, whole
            )
        )

    def attachment(self, sequence: int, number: int) -> bytes | None:
        """One sealed attachment; None when it is not there."""
        return self._owner.ask(lambda connection: transactions.attachment(connection, sequence, number))

    def note_attempt(self, sequences: Sequence[int]) -> bool:
        """Count a try; False when the disk does not take it (the try may be made all the same)."""
        return self._write(lambda connection: transactions.note_attempt(connection, sequences))

    def settle(self, settlements: Iterable[Settlement]) -> bool:
        """Write verdicts down; False when the disk does not take it even with the ballast given up."""
        wanted = tuple(settlements)
        written = self._write(lambda connection: transactions.settle(connection, wanted)) or self._write(
            lambda connection: transactions.settle_sparingly(connection, wanted)
        )
        for one in wanted:
            if written and one.state in (ItemState.ACKNOWLEDGED, ItemState.CLOSED):
                self._filers.forget(one.sequence)
        return written

    def forget(self, registered_before: str) -> bool:
        """Drop index rows that nobody looks up any more: see `transactions.forget`. RFC 3339, the centre's time."""
        return self._write(lambda connection: transactions.forget(connection, registered_before))

    def quarantined(self) -> tuple[ItemSummary, ...]:
        """What needs a person, with the centre's words."""
        self.catch_up()
        return self._owner.ask(
            lambda connection: transactions.summaries(connection, "state = 'quarantined'", ())
        )

    def give_back(self, sequence: int, words: str) -> bool:
        """Close a refused item that the resident takes back; False when it is not in quarantine.

        One that its withdrawal took out of quarantine counts as there until the centre has answered again. Its
        body is erased. No time is kept with it: the terminal's own may be years off.
        """
        self.catch_up()
        where = (
            "sequence = ? and (state = 'quarantined' or state = 'pending' and erased = 1 and verdict <> '')"
        )
        if not self._owner.ask(lambda connection: transactions.summaries(connection, where, (sequence,))):
            return False
        returned = Settlement(sequence, ItemState.CLOSED, transactions.RETURNED, words)
        return self.settle([returned])

    def unsettled(self) -> Iterator[wire.Item]:
        """Everything that the centre does not have as far as is known here, for an export."""
        after: int | None = 0
        while after is not None:
            items, after = self._owner.ask(partial(self._unsettled, after))
            yield from items

    def _unsettled(self, after: int, connection: Connection) -> tuple[list[wire.Item], int | None]:
        return transactions.unsettled(connection, self._signer.terminal, after, EXPORT_CHUNK)

    def requeue(self, *sequences: int) -> int | None:
        """Send quarantined items again after the centre was put right: how many; the others are not in quarantine.

        In one transaction; None when the disk does not take it.
        """
        done: list[int] = []
        written = self._write(lambda connection: done.append(transactions.requeue(connection, sequences)))
        return done[-1] if written else None

    def manifest(self, head: wire.ChainHead) -> Manifest:
        """What the centre acknowledged, for it to compare with what it holds."""
        return self._owner.ask(lambda connection: reconcile.build(connection, self._signer.terminal, head))

    def keep_reconciliation(self, answer: ManifestAnswer) -> bool:
        """Write the centre's word down; False when the disk does not take it."""
        return self._write(lambda connection: reconcile.keep(connection, answer))

    def reconciliation(self) -> Reconciliation:
        """The centre's last word on what it holds."""
        return self._owner.ask(reconcile.kept)

    def inbox_cursor(self) -> int | None:
        """The number of the last letter applied; None before the first."""
        return self._owner.ask(inbox.cursor_of)

    def apply_letters(self, letters: Sequence[Letter]) -> bool:
        """Apply letters that were found good, each exactly once; False when the disk does not take it."""
        return self._write(lambda connection: inbox.apply(connection, letters))

    def news(self, lane: str) -> CaseNews | None:
        """The centre's last letter about a case, with its words for the resident."""
        return self._owner.ask(lambda connection: inbox.news_of(connection, lane))

    def unread_letters(self) -> int:
        """How many letters were passed over because a newer centre wrote them."""
        return self._owner.ask(
            lambda connection: int(connection.execute("select unread from inbox").fetchone()[0])
        )

    def references(self) -> tuple[Reference, ...]:
        """The newest definitions and settings that the centre has published, as far as it told."""
        return self._owner.ask(inbox.references)

    def _write(self, write: Callable[[Connection], object]) -> bool:
        def caught_up(connection: Connection) -> None:
            intake.catch_up(connection, self._signer)
            write(connection)

        for _attempt in range(2):
            try:
                self._owner.ask(caught_up)
            except sqlcipher3.OperationalError as error:
                if not disk_refuses(error):
                    raise
                if not self._ballast.release():
                    return False
            else:
                return True
        return False
