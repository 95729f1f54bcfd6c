"""Keyed digests of what is personal: of what a case is about, and of who filed it.

Digests that find a second case about the same business, and tell a thief nothing.

What makes business the same (a person and a year, a bill) is a short text that could be guessed by trying
all of them, so it is digested with a key that is never written anywhere and is made anew each day. The day
before is still recognised; after a restart nothing is, and the centre alone finds the duplicate.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

DAY_NS = 24 * 3600 * 1_000_000_000
_KEYS_KEPT = 2


class DuplicateKeys:
    """The keys of today and of the day before. Days are counted from boot: no wall clock is asked."""

    def __init__(self, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._keys: dict[int, bytes] = {}

    def digest(self, business: str) -> bytes:
        """32 bytes, by today's key."""
        return self.digests(business)[0]

    def digests(self, business: str) -> tuple[bytes, ...]:
        """By each key that is still known, today's first."""
        return tuple(hmac.digest(key, business.encode(), "sha256") for key in self._known())

    def _known(self) -> list[bytes]:
        today = self._now_ns() // DAY_NS
        with self._lock:
            kept = {day: key for day, key in self._keys.items() if today - day < _KEYS_KEPT}
            kept.setdefault(today, secrets.token_bytes(32))
            self._keys = kept
            return [kept[day] for day in sorted(kept, reverse=True)]


_FILERS_MAX = 20_000


class Filers:
    """Who filed which item that was not acknowledged yet: digests by such keys, in memory alone.

    They tell whether somebody who comes back is the one who came before. After a restart, or two days, nobody is.
    """

    def __init__(self, keys: DuplicateKeys) -> None:
        self._keys = keys
        self._lock = threading.Lock()
        self._digests: OrderedDict[int, bytes] = OrderedDict()

    def remember(self, sequence: int, person: str) -> None:
        """Of an item that is committed."""
        digest = self._keys.digest(person)
        with self._lock:
            self._digests[sequence] = digest
            while len(self._digests) > _FILERS_MAX:
                self._digests.popitem(last=False)

    def is_of(self, sequence: int, person: str) -> bool:
        """Whether this person filed the item, for sure."""
        with self._lock:
            digest = self._digests.get(sequence)
        return digest is not None and digest in self._keys.digests(person)

    def forget(self, sequence: int) -> None:
        """The item is settled."""
        with self._lock:
            self._digests.pop(sequence, None)
