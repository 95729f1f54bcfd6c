"""A withdrawal takes the content of what was not sent before it (rule F12). Run by the owner thread only.

The header stays, for the chain: it goes to the centre alone, before the withdrawal. Whether the centre got the whole
item meanwhile makes no difference to that: it then answers `duplicate`, and the withdrawal finds a registered case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import sqlcipher3

from offline_queue.database import Ballast, disk_refuses
from offline_queue.records import ItemState
from offline_queue.schema import Connection
from offline_queue.transactions import count, free_pages, moves

_Answer = TypeVar("_Answer")
_WITHDRAWN = """select i.sequence, i.sealed_bytes, d.state, d.superseded_by is null, (
    select min(w.sequence) from delivery w where w.lane = d.lane and w.kind = 'withdrawal'
    and (w.vouched or w.sequence = ?2) and w.sequence > d.sequence) as by
    from delivery d join item i using (sequence)
    where d.lane = ?1 and d.kind = 'case' and i.erased_by is null and by is not null"""
_PAGES_AT_ONCE = 1024
"""Given back to the disk in one step, whose log holds as much."""


def erase_withdrawn(
    connection: Connection, lane: str, by: int = 0, mine: Callable[[int], bool] | None = None
) -> int:
    """Drop body and attachments of each case of the lane that waits before a withdrawal; how many.

    `by`: a withdrawal that speaks for its own person only, whose items are those that `mine` says.

    Inside a transaction, once every item has its index row. A refused one is pending again: whatever was wrong with
    its content, there is none any more.
    """
    moved: Counter[str] = Counter()
    rows = connection.execute(_WITHDRAWN, (lane, by)).fetchall()
    found = [row for row in rows if row[4] != by or mine is None or mine(row[0])]
    for sequence, sealed_bytes, state, holds, by in found:
        before = ItemState(state)
        after = ItemState.PENDING if holds else before
        connection.execute(
            "update item set sealed = x'', sealed_bytes = 0, erased_by = ? where sequence = ?", (by, sequence)
        )
        connection.execute("delete from attachment where sequence = ?", (sequence,))
        connection.execute(
            "update delivery set state = ?, erased = 1, duplicate_digest = null where sequence = ?",
            (after.value, sequence),
        )
        moved.update(moves(before, after, 0))
        moved["pending_bytes"] -= sealed_bytes if before is ItemState.PENDING else 0
    count(connection, moved)
    return len(found)


@dataclass(slots=True)
class Eraser:
    """Leaves nothing of what was erased in the files: not in the pages, not in the log that held them before.

    `secure_delete` fills a freed page with zeros, through the log; emptying the log brings them into the database and
    cuts the log off.
    """

    ballast: Ballast
    _owed: bool = True
    """From the start on: a withdrawal may have been cut off between its commit and this."""
    _pages_too: bool = False

    def withdraw(self, connection: Connection, commit: Callable[[], _Answer]) -> _Answer:
        """Commit it; on a full disk with the bytes of the ballast, since it makes room.

        If even they do not take the zeros, the pages are let go as they are and given back to the disk.
        """
        self._owed = True
        try:
            answer = self._tried(commit)
        except sqlcipher3.OperationalError as error:
            if not disk_refuses(error):
                raise
            connection.execute("pragma secure_delete = fast").fetchall()
            try:
                answer = commit()
            finally:
                connection.execute("pragma secure_delete = on").fetchall()
            self._pages_too = True
        self.settle_up(connection, self.ballast)
        return answer

    def _tried(self, commit: Callable[[], _Answer]) -> _Answer:
        try:
            return commit()
        except sqlcipher3.OperationalError as error:
            if not (disk_refuses(error) and self.ballast.release()):
                raise
        return commit()

    def settle_up(self, connection: Connection, ballast: Ballast | None = None) -> None:
        """Do what is owed; where the disk does not take that now, even without the ballast, another time."""
        for _attempt in range(2):
            if not self._owed:
                return
            try:
                self._clean(connection)
            except sqlcipher3.OperationalError as error:
                if not disk_refuses(error):
                    raise
                if ballast is None or not ballast.release():
                    return

    def _clean(self, connection: Connection) -> None:
        before = None
        while self._pages_too and (left := free_pages(connection)) and left != before:
            before = left
            connection.execute(f"pragma incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        (busy, _pages, _done) = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        self._owed = bool(busy)
        self._pages_too = self._pages_too and self._owed
