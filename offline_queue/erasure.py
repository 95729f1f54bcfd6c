"""A withdrawal takes the content of what was not sent before it (rule F12). Run by the owner thread only.

The header stays, for the chain: it goes to the centre alone, before the withdrawal. Whether the centre got the whole
item meanwhile makes no difference to that: it then answers `duplicate`, and the withdrawal finds a registered case.
"""

from __future__ import annotations

from collections import Counter

import sqlcipher3

from offline_queue.database import Ballast, disk_refuses
from offline_queue.records import ItemState
from offline_queue.schema import Connection
from offline_queue.transactions import count, moves

_WITHDRAWN = """select i.sequence, i.sealed_bytes, d.state, d.superseded_by is null, (
    select min(w.sequence) from delivery w
    where w.lane = d.lane and w.kind = 'withdrawal' and w.sequence > d.sequence) as by
    from delivery d join item i using (sequence)
    where d.lane = ? and d.kind = 'case' and i.erased_by is null and by is not null"""


def erase_withdrawn(connection: Connection, lane: str) -> int:
    """Drop body and attachments of each case of the lane that waits before a withdrawal; how many.

    Inside a transaction, once every item has its index row. A refused one is pending again: whatever was wrong with
    its content, there is none any more.
    """
    moved: Counter[str] = Counter()
    found = connection.execute(_WITHDRAWN, (lane,)).fetchall()
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


def empty_log(connection: Connection, ballast: Ballast | None = None) -> bool:
    """Write the emptied pages into the database itself and cut the log, which still holds what they held before.

    `secure_delete` filled them with zeros. False when the disk does not take that now, even with the ballast given up.
    """
    for _attempt in range(2):
        try:
            busy, _pages, _done = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except sqlcipher3.OperationalError as error:
            if not disk_refuses(error):
                raise
            if ballast is None or not ballast.release():
                return False
        else:
            return not busy
    return False
