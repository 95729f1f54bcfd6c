"""How often one card was used for something over all visits here: leaving and coming back begins no fresh count.

So are counted the looks at a face, and the cases that were filed for others.

Counted in memory, by a digest of the document's kind, nationality and number (two states may give out one number) under
a key that is drawn at the start: no number is kept, and after a start it begins anew. The centre counts messages to a
person in the same way (`central.live.sending`).
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

from drivers.card_reader.contract import Document

TERM_S = 86_400.0
"""Each use is forgotten after a day."""
CARDS_MAX = 10_000
"""More than a terminal can read in a day: one card every nine seconds. Beyond it the card that was used
the longest time ago is forgotten."""


class CardCounts:
    """Of one terminal. Safe from several threads. `most`: nobody wants to know of more uses of one card."""

    def __init__(self, most: int, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now_s = most, monotonic_s
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._seen: dict[bytes, deque[float]] = {}
        """Digest -> when, the latest uses only; the card of the latest use last."""

    def count(self, document: Document, about: str = "") -> None:
        """One more use of this card, `about` one service where each has a count of its own."""
        with self._lock:
            self._forget()
            card = self._digest(document, about)
            seen = self._seen.pop(card, deque(maxlen=self._most))
            seen.append(self._now_s())
            self._seen[card] = seen
            while len(self._seen) > CARDS_MAX:
                del self._seen[next(iter(self._seen))]

    def of(self, document: Document, about: str = "") -> int:
        """Uses within the term, at most `most`."""
        with self._lock:
            self._forget()
            since_s = self._now_s() - TERM_S
            return sum(at_s > since_s for at_s in self._seen.get(self._digest(document, about), ()))

    def forget(self) -> None:
        """Cards whose latest use was a day ago are forgotten; asked often, since an idle terminal reads no card."""
        with self._lock:
            self._forget()

    def _digest(self, document: Document, about: str) -> bytes:
        parts = document.kind.value, document.nationality, document.number, about
        named = "\0".join(part.strip().upper() for part in parts)
        return hashlib.blake2b(named.encode(), key=self._key, digest_size=16).digest()

    def _forget(self) -> None:
        since_s = self._now_s() - TERM_S
        while self._seen and self._seen[first := next(iter(self._seen))][-1] <= since_s:
            del self._seen[first]
