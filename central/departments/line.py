"""The line to one department: bounded in time and number, and nothing that comes over it is believed.

Questions run on threads of the line, never on those that take in batches: a department that is silent
costs its own callers their time and nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from central.departments.breaker import Breaker
from central.departments.port import (
    Department,
    Departments,
    NotConnectedError,
    Question,
    R,
    TurnedDown,
    read_reply,
)

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

    def begin(self, questions: Sequence[Question], wanted: type[R], each_s: float) -> Asked[R]:
        """Put many questions, as many at once as the line has threads for; `each_s` is the time of one.

        For callers that hold a thread already; the replies are collected from what is returned.
        """
        asked = Asked(self, self._breaker, questions, wanted, each_s)
        for _ in questions:
            if not self._free.acquire(blocking=False):
                break
            asked.one_more(f"department-{self._name}", self._free.release)
        return asked

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


def lines_of(departments: Departments) -> dict[str, Line]:
    """Service -> the line to who answers for it: one a department, whatever number of services it answers for."""
    of: dict[int, Line] = {}
    return {
        service: of.setdefault(id(department), Line(service, department))
        for service, department in departments.by_service.items()
    }


class Asked(Generic[R]):
    """Questions under way, begun by `Line.begin`."""

    def __init__(
        self, line: Line, breaker: Breaker, questions: Sequence[Question], wanted: type[R], each_s: float
    ) -> None:
        self._line, self._breaker = line, breaker
        self._questions, self._each_s = questions, each_s
        self._wanted: type[R] = wanted
        self._waiting = deque(range(len(questions)))
        self._came: dict[int, R | NoReply] = {}
        self._asking: set[int] = set()
        self._changed = threading.Condition()
        self._threads = 0
        self._left = False

    def one_more(self, name: str, ended: Callable[[], object]) -> None:
        """Another thread for those that wait."""
        with self._changed:
            self._threads += 1
        threading.Thread(target=self._work, args=(ended,), name=name, daemon=True).start()

    def collect(self, until_s: float) -> list[R | NoReply]:
        """One reply to each question, in their order, at the latest at this time of the monotonic clock.

        Those that are under way then are not stopped, and nobody hears what they bring.
        """
        with self._changed:
            while self._threads and (left_s := until_s - time.monotonic()) > 0:
                self._changed.wait(left_s)
            self._left = True
            silent = set(self._asking)
            told = dict(self._came)
        for _ in silent:
            self._breaker.failed()
        return [
            told.get(place, NoReply(Failure.SILENT if place in silent else Failure.BUSY))
            for place in range(len(self._questions))
        ]

    def _work(self, ended: Callable[[], object]) -> None:
        try:
            while (place := self._next()) is not None:
                resting_s = self._breaker.resting_s()
                reply = (
                    NoReply(Failure.RESTING, resting_s)
                    if resting_s > 0
                    else self._line.ask(self._questions[place], self._wanted, self._each_s)
                )
                with self._changed:
                    self._asking.discard(place)
                    self._came[place] = reply
        finally:
            ended()
            with self._changed:
                self._threads -= 1
                self._changed.notify_all()

    def _next(self) -> int | None:
        with self._changed:
            if self._left or not self._waiting:
                return None
            place = self._waiting.popleft()
            self._asking.add(place)
            return place


def _unless_left(came: asyncio.Future[T], tell: Callable[[], None]) -> None:
    if not came.done():
        tell()
