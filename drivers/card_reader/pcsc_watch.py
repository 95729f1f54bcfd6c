"""What is on a reader, by `SCardGetStatusChange`. Every call may block as long as pcscd does.

pyscard's monitors are not used: their threads end without a word when pcscd restarts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from smartcard import scard

from drivers.card_reader.contract import CardFailure
from drivers.card_reader.pcsc_codes import NO_READERS, SECURITY_VIOLATION, SUCCESS, TIMEOUT, failure, settled
from drivers.contract import Failed, Ok

_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 30.0
_REFUSALS: Final = 3
"""A service that ends answers so once (measured); one that refuses this user, each time."""
_PLUG_AND_PLAY: Final = "\\\\?PnP?\\Notification"
"""A pseudo-reader that changes when a reader comes or goes."""
_MODULE_SLOT: Final = re.compile(r"\b(P?SAM|SIM)\d*\b", re.IGNORECASE)
"""Slots of security modules and SIM cards are readers of their own in PC/SC; no resident's card is in them."""


@dataclass(frozen=True, slots=True)
class Pad:
    """What the service said last. `insertion` changes with every card put in or pulled out.

    `in_use`: another program is connected to the card.
    """

    reader: str | None
    present: bool = False
    insertion: int = 0
    in_use: bool = field(default=False, compare=False)


def choose(names: Iterable[str], wanted: str, other: str = "") -> str | None:
    """The first reader whose name contains `wanted` ("" takes any) and not `other` (unless that is "").

    The slot of a security module is taken only by a `wanted` that names it.
    """
    for name in names:
        slot = _MODULE_SLOT.search(name)
        named = slot is not None and slot[0].lower() in wanted.lower()
        if wanted in name and not (other and other in name) and (slot is None or named):
            return name
    return None


class Watcher:
    """Looks at the reader that `choose` names.

    Lists the readers each time, since a reader that is plugged in together with another may be
    missed by a notification. A lost service is asked again with a new context after 0.5 s, then
    twice as long each time, at most 30 s. It counts as refusing this user after three refusals in a row.
    """

    def __init__(self, wanted: str, other: str = "") -> None:
        self._wanted = wanted
        self._other = other
        self._context: int | None = None
        self._retry_s = _FIRST_RETRY_S
        self._next_try_s = 0.0
        self._refusals = 0
        self._seen: tuple[str, int] = ("", scard.SCARD_STATE_UNAWARE)

    @property
    def context(self) -> int | None:
        """The one context of this process; None while the service is lost."""
        return self._context

    def look(self, wait_s: float) -> Ok[Pad] | Failed[CardFailure]:
        """What is on the reader, after a change or `wait_s` at most; `SERVICE_LOST`, `SERVICE_REFUSED` or the pad."""
        if self._context is None and (failed := self._establish()) is not None:
            return failed
        code, listed = settled(scard.SCardListReaders(self._context, []))
        if code not in (SUCCESS, NO_READERS):
            return self._lost(code, "list readers")
        name = choose(listed[0] if code == SUCCESS else [], self._wanted, self._other)
        # Asked whether a known state has changed, pcsc-lite waits 1 ms even if it is to wait for nothing.
        known = self._seen[1] if wait_s and self._seen[0] == name else scard.SCARD_STATE_UNAWARE
        watched = [] if name is None else [(name, known)]
        watched.append((_PLUG_AND_PLAY, scard.SCARD_STATE_UNAWARE))
        code, rest = settled(scard.SCardGetStatusChange(self._context, round(wait_s * 1000), watched))
        if code not in (SUCCESS, TIMEOUT):
            found = failure(code, "status")
            return Ok(Pad(None)) if found.reason is CardFailure.READER_LOST else self._lost(code, "status")
        self._retry_s = _FIRST_RETRY_S
        if name is None:
            return Ok(Pad(None))
        state = rest[0][0][1]
        self._seen = (name, state & ~scard.SCARD_STATE_CHANGED)
        if state & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            return Ok(Pad(None))
        in_use = bool(state & (scard.SCARD_STATE_INUSE | scard.SCARD_STATE_EXCLUSIVE))
        return Ok(Pad(name, bool(state & scard.SCARD_STATE_PRESENT), state >> 16, in_use))

    def release(self) -> None:
        """Give the context back: pcscd has 200 for the whole machine."""
        context, self._context = self._context, None
        if context is not None:
            scard.SCardReleaseContext(context)  # fails only when the service is gone: nothing to give back

    def _establish(self) -> Failed[CardFailure] | None:
        if time.monotonic() < self._next_try_s:
            return Failed(self._lost_as, "waiting before the next try")
        code, rest = settled(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
        self._refusals = self._refusals + 1 if code == SECURITY_VIOLATION else 0
        if code != SUCCESS:
            return self._lost(code, "establish context")
        self._context = rest[0]
        self._seen = ("", scard.SCARD_STATE_UNAWARE)
        return None

    def _lost(self, code: int, step: str) -> Failed[CardFailure]:
        """Whatever the code, a context that failed is not used again."""
        self.release()
        self._next_try_s = time.monotonic() + self._retry_s
        self._retry_s = min(self._retry_s * 2, _LONGEST_RETRY_S)
        return Failed(self._lost_as, f"{step}: 0x{code:08X}")

    @property
    def _lost_as(self) -> CardFailure:
        return CardFailure.SERVICE_REFUSED if self._refusals >= _REFUSALS else CardFailure.SERVICE_LOST
