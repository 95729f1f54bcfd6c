"""How often somebody was looked at for one card, over all visits here: leaving and coming back gives no fresh tries.

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
from kiosk.journey.visit import FACE_OF_A_CARD_MAX

TERM_S = 86_400.0
"""A look is forgotten after a day."""
CARDS_MAX = 10_000
"""More than a terminal can read in a day: one card every nine seconds. Beyond it the card that was looked at for the
longest time ago is forgotten."""


class CardLooks:
    """Of one terminal. Safe from several threads."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = monotonic_s
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._seen: dict[bytes, deque[float]] = {}
        """Digest -> when, the latest looks only; the card of the latest look last."""

    def count(self, document: Document) -> None:
        """One more look for this card."""
        with self._lock:
            self._forget()
            card = self._digest(document)
            seen = self._seen.pop(card, deque(maxlen=FACE_OF_A_CARD_MAX))
            seen.append(self._now_s())
            self._seen[card] = seen
            while len(self._seen) > CARDS_MAX:
                del self._seen[next(iter(self._seen))]

    def of(self, document: Document) -> int:
        """Looks within the term, at most `FACE_OF_A_CARD_MAX`."""
        with self._lock:
            self._forget()
            since_s = self._now_s() - TERM_S
            return sum(at_s > since_s for at_s in self._seen.get(self._digest(document), ()))

    def forget(self) -> None:
        """Cards whose latest look was a day ago are forgotten; asked often, since an idle terminal reads no card."""
        with self._lock:
            self._forget()

    def _digest(self, document: Document) -> bytes:
        parts = document.kind.value, document.nationality, document.number
        named = "\0".join(part.strip().upper() for part in parts)
        return hashlib.blake2b(named.encode(), key=self._key, digest_size=16).digest()

    def _forget(self) -> None:
        since_s = self._now_s() - TERM_S
        while self._seen and self._seen[first := next(iter(self._seen))][-1] <= since_s:
            del self._seen[first]
