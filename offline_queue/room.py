"""How much room an outbox still has, asked before anybody types. Numbers only; no I/O.

Two limits hold: the quota, of which a share is kept for what settles the waiting items, and the disk, on which
a new item lies twice for a moment, in the log and in the database.
"""

from __future__ import annotations

PAGE_BYTES = 1024
"""Small: a commit writes whole pages, and a sealed record with its header fills two of these."""
RESERVE_SHARE = 0.1
"""Of the quota: no new visit begins in it (domain rule F18: everything stops at 90 %)."""
SETTLING_BYTES = 64 * PAGE_BYTES
"""Of the quota, never given to an item, so that verdicts can always be written. Half of it is open to withdrawals,
which make room."""
SHORT_BYTES = 96 * 1024 * 1024
"""Spare on the disk: below it (twice the largest item, and something) what the log and the free pages take is given
back, so that an outbox that was emptied does not fill a disk."""
LOG_KEPT_BYTES = 1024 * 1024
"""As much is left to both: emptying the log at every question would wear the storage."""
_PAGES_OF_ONE = 32
"""Begun pages of an item with all its attachments, and its index rows."""
_SEALS_BYTES = 32 * PAGE_BYTES
"""What `wire.ATTACHMENTS_MAX` + 1 seals add at most, besides what a compression that does not compress adds."""
_MARGIN = 16
"""One part in so many of the room is not promised: page headers, page maps, frames of the log."""


def on_disk_bytes(sealed_bytes: int) -> int:
    """What an item takes of the quota: a page holds 4 bytes less than it has, and every 205th is a map (1 %)."""
    return sealed_bytes + sealed_bytes // 64 + _PAGES_OF_ONE * PAGE_BYTES


def room_bytes(quota_bytes: int, used_bytes: int, spare_bytes: int, reusable_bytes: int) -> int:
    """The largest draft, payload and attachments in the clear, that a visit begun now may end in; 0: none.

    `spare_bytes`: free on the disk besides the reserve. `reusable_bytes`: free inside of the database.
    """
    if used_bytes > quota_bytes * (1 - RESERVE_SHARE) - SETTLING_BYTES:
        return 0
    of_quota = quota_bytes - SETTLING_BYTES - used_bytes
    # All of it goes to the log; the database grows by what it has no free pages for.
    of_disk = min(spare_bytes, (spare_bytes + reusable_bytes) // 2)
    free_bytes = min(of_quota, of_disk) - _PAGES_OF_ONE * PAGE_BYTES - _SEALS_BYTES
    return max(0, free_bytes - free_bytes // _MARGIN)
