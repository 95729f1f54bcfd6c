"""Sends the notices of `central.notices`, to the number that the service's department has on record.

No number is kept; it is asked for when a message is about to go. What may have been sent is never sent again by itself.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, select, update

from central import log
from central.cases import states_of
from central.contents import is_kept, newest_case
from central.database import as_text, utc_now, writing
from central.departments.line import Failure, Line, NoReply, lines_of
from central.departments.port import Departments, Handed, MessageQuestion, R, RecordQuestion, Records
from central.form import is_time
from central.live.sending import RECORD, mobile_of
from central.log import Event
from central.notices import Outcome, here
from central.rechecks import CHINA_TIME, Published
from central.rounds import Rounds, pause_s
from central.schema import notices
from central.whose import issuer
from kiosk.case import CasePayload, CaseState
from offline_queue.seal import PrivateKey

AT_ONCE = 20
"""Cases of one round."""
WITHIN_S = 10.0
"""How long a department and the gateway get here, where nobody waits."""
NATIONAL_HOTLINE = "12345"
"""The government's service line, for a service whose definition is not here."""

_EVENTS: Mapping[Outcome, Event] = {
    Outcome.SENT: Event.PERSON_TOLD,
    Outcome.UNKNOWN: Event.PERSON_TOLD_UNSURE,
    Outcome.NO_PHONE: Event.PERSON_NOT_TOLD,
    Outcome.NO_WAY: Event.PERSON_NOT_TOLD,
    Outcome.REFUSED: Event.PERSON_NOT_TOLD,
}
"""What the case's trail says. Nothing of a notice that nobody needs: the withdrawal stands there."""


def text_of(case: CasePayload, definitions: Published) -> str:
    """What the phone shows: that something was done, when, and whom to ask. A phone may have a new owner, so nobody's
    name, no number of a card, not which service, and no code: whoever has a case's code may look it up.
    """
    definition = definitions.get((case.service, case.definition_version))
    hotline = definition.hotline if definition is not None else NATIONAL_HOTLINE
    day = _day(case)
    on_zh, on_en = (f"{day.month} 月 {day.day} 日，", f" on {day}") if day is not None else ("", "")
    return (
        f"{on_zh}有人在就近政务终端上替您办了一件事。您知道这件事就不用理会；不知道，请拨打 {hotline} 或到窗口询问。"
        f"Somebody did something for you at a public service terminal{on_en}. "
        f"If you know of it, do nothing; if not, call {hotline} or ask at a counter."
    )


def _day(case: CasePayload) -> date | None:
    """In China; None where the terminal's clock was not sure."""
    if case.clock_quality != "synced" or not is_time(case.received_at_kiosk):
        return None
    return datetime.fromisoformat(case.received_at_kiosk).astimezone(CHINA_TIME).date()


class Telling(Rounds):
    """A thread of one process that sends what waits. `again_s`: the first pause after no answer."""

    def __init__(
        self,
        engine: Engine,
        keys: Mapping[str, PrivateKey],
        departments: Departments,
        definitions: Published,
        again_s: float,
    ) -> None:
        super().__init__("notices", again_s)
        self._engine, self._keys, self._definitions = engine, keys, definitions
        self._lines = lines_of(departments)
        gateway = departments.messages
        self._gateway = Line("messages", gateway) if gateway is not None else None

    def round(self, now: datetime) -> int:
        """Tell those that are due, at most `AT_ONCE`; how many that was."""
        waits = notices.c.outcome.is_(None) & (notices.c.next_at <= as_text(now))
        query = select(notices).where(waits).order_by(notices.c.next_at).limit(AT_ONCE)
        with self._engine.connect() as connection:
            due = connection.execute(query).all()
        done = 0
        for row in due:
            if self.ending:
                break
            done += self.alone(partial(self._one, row))
        return done

    def _one(self, row: Row[Any]) -> int:
        if not self._claim(row, utc_now()):
            return 0
        self._settle(row)
        return 1

    def _claim(self, row: Row[Any], now: datetime) -> bool:
        """Whether no other process has it: its next time is moved on by more than one row takes."""
        next_at = now + timedelta(seconds=2 * WITHIN_S + pause_s(self.again_s, row.tries))
        mine = _stands(row.code, None) & (notices.c.next_at == row.next_at)
        moved = update(notices).where(mine).values(next_at=as_text(next_at), tries=row.tries + 1)
        with writing(self._engine).begin() as connection:
            return bool(connection.execute(moved).rowcount)

    def _settle(self, row: Row[Any]) -> None:
        with self._engine.connect() as connection:
            case = newest_case(connection, self._keys, {row.code}).get(row.code)
            state = states_of(connection, {row.code}).get(row.code)
            kept = is_kept(connection, row.code)
        if not kept or state is None or state is CaseState.WITHDRAWN:
            self._ends(row.code, Outcome.NOT_NEEDED)
        elif case is None:
            self._again(row)  # its key may come back; after a day staff are asked
        else:
            self._tell(row, case)

    def _tell(self, row: Row[Any], case: CasePayload) -> None:
        line, gateway, person = self._lines.get(case.service), self._gateway, case.person
        if line is None or gateway is None or person is None:
            self._ends(row.code, Outcome.NO_WAY)
            return
        found = _ask(line, RecordQuestion(case.service, person.number, (RECORD,)), Records)
        if isinstance(found, NoReply):
            if found.failure is Failure.REFUSED:
                self._ends(row.code, Outcome.NO_WAY)
            else:
                self._again(row)
            return
        mobile = mobile_of(found)
        if mobile is None:
            self._ends(row.code, Outcome.NO_PHONE)
            return
        if not self._may_be_sent(row.code):
            return  # staff told the person meanwhile
        handed = _ask(gateway, MessageQuestion(mobile, text_of(case, self._definitions)), Handed)
        match handed:
            case Handed():
                self._ends(row.code, Outcome.SENT, Outcome.UNKNOWN, handed.reference)
            case NoReply(Failure.REFUSED):
                self._ends(row.code, Outcome.REFUSED, Outcome.UNKNOWN)
            case NoReply(failure) if handed.never_left or failure is Failure.OVER_QUOTA:
                self._again(row, Outcome.UNKNOWN)
            case _:
                self._ends(row.code, Outcome.UNKNOWN, Outcome.UNKNOWN)

    def _again(self, row: Row[Any], stands: Outcome | None = None) -> None:
        """Nothing, as in `_ends`, where another outcome stands by now: staff's, or another process's."""
        next_at = as_text(utc_now() + timedelta(seconds=pause_s(self.again_s, row.tries)))
        values = {"outcome": None, "at": None, "next_at": next_at}
        with writing(self._engine).begin() as connection:
            connection.execute(update(notices).where(_stands(row.code, stands)).values(**values))

    def _may_be_sent(self, code: str) -> bool:
        """Written before the gateway is asked, so that a process that is killed sends nothing twice."""
        values = {"outcome": Outcome.UNKNOWN.value, "at": as_text(utc_now())}
        with writing(self._engine).begin() as connection:
            waits = _stands(code, None)
            return bool(connection.execute(update(notices).where(waits).values(**values)).rowcount)

    def _ends(self, code: str, outcome: Outcome, stands: Outcome | None = None, reference: str = "") -> None:
        """`stands`: what must stand there for it, None before the gateway is asked."""
        at = as_text(utc_now())
        with writing(self._engine).begin() as connection:
            ended = update(notices).where(_stands(code, stands)).values(outcome=outcome.value, at=at)
            if not connection.execute(ended).rowcount:
                return
            event = _EVENTS.get(outcome)
            if event is not None:
                detail = f"message {reference}" if outcome is Outcome.SENT else outcome.value
                log.write(connection, at, event, issuer(code), code, detail)


def _stands(code: str, outcome: Outcome | None) -> ColumnElement[bool]:
    """This case's row while this is its outcome."""
    column = notices.c.outcome
    return here(code) & (column.is_(None) if outcome is None else column == outcome.value)


def _ask(line: Line, question: RecordQuestion | MessageQuestion, wanted: type[R]) -> R | NoReply:
    (reply,) = line.begin([question], wanted, WITHIN_S).collect(time.monotonic() + WITHIN_S)
    return reply
