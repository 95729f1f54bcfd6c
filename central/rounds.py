"""A thread of one process that looks again and again for what is due, and does it a little at a time.

Whatever one turn raises ends that turn and not the thread. How each thread stands is there to be read (`Rounds.standing`):
the operations pages and the metrics show one that fails, that is silent or that has ended, and since when.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central.database import utc_now

log = logging.getLogger(__name__)

AGAIN_MAX_S = 3600.0
POLL_S = 5.0
REST_S = 1.0
"""After a turn that failed, however often the thread is woken."""
SILENT_S = 900.0
"""A thread that has begun nothing for so long is stuck: its longest piece, a notice, takes half a minute."""
LOST = (OperationalError, InterfaceError, PoolTimeoutError)
"""The database's trouble (gone, full, no free connection, two that waited for each other) and no piece's: everything waits."""
_PROJECT = Path(__file__).resolve().parents[1]


def pause_s(first_s: float, tries: int) -> float:
    """Before the next try after so many: it doubles, up to an hour."""
    return min(first_s * 2.0 ** min(tries, 20), AGAIN_MAX_S)


class Fares(StrEnum):
    """How a thread fares."""

    OFF = "off"
    """Never begun: there is nothing for it to do at this centre."""
    WELL = "well"
    FAILING = "failing"
    """Its last turn failed, wholly or in a piece; it goes on with the next."""
    SILENT = "silent"
    ENDED = "ended"
    """By itself, which nothing should make it."""


TROUBLED = frozenset({Fares.FAILING, Fares.SILENT, Fares.ENDED})


@dataclass(frozen=True, slots=True)
class Failure:
    """Of one turn or piece. An exception's text may quote a resident and is kept nowhere."""

    at: datetime
    kind: str
    """Class of the exception."""
    place: str
    """File and line of this program."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one thread fares at a moment. `failures`: turns and pieces that failed since the process began."""

    name: str
    fares: Fares
    since: datetime | None
    """Of the first failure without a good turn since; of the last sign of one that is silent; of the end. Else None."""
    failures: int
    last: Failure | None

    @property
    def troubled(self) -> bool:
        return self.fares in TROUBLED

    def for_s(self, now: datetime) -> float:
        """How long it has been in trouble; 0 where it is in none."""
        return max(0.0, (now - self.since).total_seconds()) if self.troubled and self.since else 0.0


class Rounds(ABC):
    """`again_s`: seconds until the first pause after no answer ends. Begins with `start`, and may never be begun."""

    end_s = 2.0
    """How long `close` waits; not for another house that is silent just now."""

    def __init__(self, name: str, again_s: float = POLL_S) -> None:
        self.again_s = again_s
        self.name = name
        self._end = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._told = threading.Lock()
        self._failures = 0
        self._turn_failures = 0
        self._last: Failure | None = None
        self._failing_since: datetime | None = None
        self._ended_at: datetime | None = None
        self._sign_s = time.monotonic()

    @abstractmethod
    def round(self, now: datetime) -> int:
        """Do what is due, a bounded number; how many that was. Any thread's caller may make one by hand."""

    @property
    def ending(self) -> bool:
        return self._end.is_set()

    def standing(self) -> Standing:
        """How the thread fares now. May be asked by any thread."""
        now, silent_s = utc_now(), time.monotonic() - self._sign_s
        with self._told:
            failures, last, since = self._failures, self._last, self._failing_since
        if self._thread is None or self.ending:
            fares, since = Fares.OFF, None
        elif not self._thread.is_alive():
            fares, since = Fares.ENDED, self._ended_at
        elif silent_s > SILENT_S:
            fares, since = Fares.SILENT, now - timedelta(seconds=silent_s)
        else:
            fares = Fares.WELL if since is None else Fares.FAILING
        return Standing(self.name, fares, since, failures, last)

    def start(self) -> None:
        self.sign()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def close(self) -> None:
        """May be called twice."""
        self._end.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=self.end_s)

    def alone(self, piece: Callable[[], int]) -> int:
        """A piece of a turn, and how many it did: 0 where it failed, which is written down while its neighbours go on.

        Raises what `LOST` names: without the database no neighbour would fare better.
        """
        self.sign()
        try:
            return piece()
        except LOST:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one piece does must stay with that piece
            self.failed(error)
            return 0

    def failed(self, error: Exception) -> None:
        """Write down that something of this thread's failed, and tell the log: the same thing once until a good turn."""
        failure = Failure(utc_now(), type(error).__name__, _place(error))
        with self._told:
            before = self._last if self._failing_since is not None else None
            self._failures += 1
            self._turn_failures += 1
            self._last = failure
            self._failing_since = self._failing_since or failure.at
        if before is None or (before.kind, before.place) != (failure.kind, failure.place):
            log.warning(
                "a turn of %s failed, it is tried again: %s at %s", self.name, failure.kind, failure.place
            )

    def sign(self) -> None:
        """Before a piece that may take long: it is not stuck yet."""
        self._sign_s = time.monotonic()

    def _run(self) -> None:
        try:
            while not self.ending:
                self._wake.clear()
                if not self._turn():
                    self._end.wait(REST_S)
                self._wake.wait(min(self.again_s, POLL_S))
        finally:
            self._ended_at = utc_now()

    def _turn(self) -> bool:
        """Rounds until nothing is due; whether all of it went well."""
        with self._told:
            self._turn_failures = 0
        try:
            while not self.ending:
                self.sign()
                if not self.round(utc_now()):
                    break
        except Exception as error:  # noqa: BLE001 - the next turn comes all the same
            self.failed(error)
        with self._told:
            well = not self._turn_failures
            if well and self._failing_since is not None:
                log.warning("%s goes on as it should", self.name)
                self._failing_since = None
        return well


def _place(error: Exception) -> str:
    """Where in this program, as `central/telling.py:120`; never a line's text, which may hold values."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        file = Path(frame.filename)
        if file.is_relative_to(_PROJECT) and not (here := file.relative_to(_PROJECT)).parts[0].startswith(
            "."
        ):
            return f"{here.as_posix()}:{frame.lineno}"
    return "?"
