"""The line to one department: bounded in time and number, and nothing that comes over it is believed.

Questions run on threads of the line, never on those that take in batches: a department that is silent
costs its own callers their time and nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from central.departments.breaker import Breaker
from central.departments.port import Department, NotConnectedError, Question, R, TurnedDown, read_reply

log = logging.getLogger(__name__)
T = TypeVar("T")

AT_ONCE_MAX = 16
"""Questions under way to one department, those left behind at their deadline as well."""
BUSY_RETRY_S = 5.0


class Failure(StrEnum):
    """Why a department gave nothing that can be used."""

    SILENT = "silent"
    ERROR = "error"
    GARBAGE = "garbage"
    REFUSED = "refused"
    OVER_QUOTA = "over_quota"
    BUSY = "busy"
    """All of the line's threads are taken."""
    RESTING = "resting"
    """It failed several times and is left alone for a while."""
    UNREACHED = "unreached"
    """There is no connection to it."""


NOT_BEGUN = frozenset({Failure.BUSY, Failure.RESTING})
"""The job of `Line.within` was not begun."""
NEVER_LEFT = NOT_BEGUN | {Failure.UNREACHED}
"""The department has not seen the question; after any other failure it may have."""


@dataclass(frozen=True, slots=True)
class NoReply:
    """`retry_after_s` where it is known when to ask again."""

    failure: Failure
    retry_after_s: float | None = None

    @property
    def never_left(self) -> bool:
        return self.failure in NEVER_LEFT


class Line:
    """To one department, for one process."""

    def __init__(
        self,
        name: str,
        department: Department,
        *,
        breaker: Breaker | None = None,
        at_once_max: int = AT_ONCE_MAX,
    ) -> None:
        self._name = name
        self._department = department
        self._breaker = breaker or Breaker()
        self._free = threading.Semaphore(at_once_max)

    def ask(self, question: Question, wanted: type[R], deadline_s: float) -> R | NoReply:
        """Blocks as long as the department does: call it inside `within`."""
        try:
            raw = self._department.ask(question, deadline_s)
        except NotConnectedError:
            log.warning("department %s is not reached", self._name)
            self._breaker.failed()
            return NoReply(Failure.UNREACHED)
        except Exception as defect:  # noqa: BLE001 - another house's fault must stay there
            # Its text may quote the question.
            log.warning("department %s failed: %s", self._name, type(defect).__name__)
            self._breaker.failed()
            return NoReply(Failure.ERROR)
        reply = read_reply(raw, wanted)
        if reply is None:
            log.warning("department %s answered in another form", self._name)
            self._breaker.failed()
            return NoReply(Failure.GARBAGE)
        self._breaker.answered()
        if isinstance(reply, TurnedDown):
            over = reply.retry_after_s is not None
            return NoReply(Failure.OVER_QUOTA if over else Failure.REFUSED, reply.retry_after_s)
        return reply

    async def within(self, job: Callable[[], T], deadline_s: float) -> T | NoReply:
        """Do the job on a thread of the line. At the deadline the caller goes on; the job is not stopped, so
        that what it learns late is still written down.
        """
        if not self._free.acquire(blocking=False):
            return NoReply(Failure.BUSY, BUSY_RETRY_S)
        resting_s = self._breaker.resting_s()
        if resting_s > 0:
            self._free.release()
            return NoReply(Failure.RESTING, resting_s)
        loop = asyncio.get_running_loop()
        came: asyncio.Future[T] = loop.create_future()
        threading.Thread(
            target=self._run, args=(job, loop, came), name=f"department-{self._name}", daemon=True
        ).start()
        await asyncio.wait({came}, timeout=deadline_s)
        if came.done():
            return came.result()
        came.cancel()
        self._breaker.failed()
        return NoReply(Failure.SILENT)

    def _run(self, job: Callable[[], T], loop: asyncio.AbstractEventLoop, came: asyncio.Future[T]) -> None:
        tell: Callable[[], None]
        try:
            value = job()
            tell = lambda: _unless_left(came, lambda: came.set_result(value))  # noqa: E731 - one of two
        except Exception as defect:  # noqa: BLE001 - raised again where the job is waited for
            kept = defect
            log.warning("a question to department %s ended by %s", self._name, type(defect).__name__)
            tell = lambda: _unless_left(came, lambda: came.set_exception(kept))  # noqa: E731 - the other
        finally:
            self._free.release()
        with contextlib.suppress(RuntimeError):  # the centre ended meanwhile: nobody waits
            loop.call_soon_threadsafe(tell)


def _unless_left(came: asyncio.Future[T], tell: Callable[[], None]) -> None:
    if not came.done():
        tell()
