"""Re-checks that a register did not answer: written down with the case, asked again until it does.

Nothing is held up by them: the case is registered meanwhile, and its page, its progress and its trail say so. What
the register says at last moves the case as it would have at the start, or tells staff that it came too late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Update, and_, delete, select, update

from central import inbox, log
from central.bulk import insert_new
from central.contents import newest_case
from central.database import as_text, utc_now, writing
from central.locks import lock_issuers
from central.log import Event
from central.rechecks import STATE_OF, Doubt, Silence, Told
from central.registers import Registers
from central.rounds import Rounds, pause_s
from central.schema import cases, open_rechecks
from central.whose import issuer
from kiosk.case import TRANSITIONS, CaseState
from offline_queue.seal import PrivateKey

AT_ONCE = 50
"""Cases of one round."""
WITHIN_S = 20.0
"""How long a register gets here, where nobody waits."""
_OVER = frozenset({CaseState.WITHDRAWN, CaseState.NOT_ACCEPTED, CaseState.COLLECTED})


def remember(connection: Connection, waiting: Mapping[str, Collection[str]], at: str) -> None:
    """Code -> the registers that did not answer for its newest item; what was open of these cases before is over."""
    if not waiting:
        return
    here = open_rechecks.c.terminal.in_({issuer(code) for code in waiting})
    connection.execute(delete(open_rechecks).where(here, open_rechecks.c.code.in_(waiting)))
    rows = [
        {"terminal": issuer(code), "code": code, "name": name, "since": at, "next_at": at, "tries": 0}
        for code, names in waiting.items()
        for name in names
    ]
    insert_new(connection, open_rechecks, rows)


def of_case(connection: Connection, code: str) -> list[Row[Any]]:
    """What of this case was not checked yet, with since when."""
    here = (open_rechecks.c.terminal == issuer(code)) & (open_rechecks.c.code == code)
    return list(connection.execute(select(open_rechecks).where(here).order_by(open_rechecks.c.name)))


class Asking(Rounds):
    """A thread of one process that asks again; what a register says while the centre ends is asked again as well."""

    def __init__(
        self, engine: Engine, keys: Mapping[str, PrivateKey], registers: Registers, again_s: float
    ) -> None:
        super().__init__("rechecks", again_s)
        self._engine, self._keys, self._registers = engine, keys, registers

    def start(self) -> None:
        if self._registers:
            super().start()

    def round(self, now: datetime) -> int:
        """Ask what is due, at most `AT_ONCE` cases; how many re-checks that was."""
        due = self._claim(now)
        with self._engine.connect() as connection:
            content = newest_case(connection, self._keys, {row.code for row in due})
        told = self._registers.ask(content, WITHIN_S) if content else {}
        by_code: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in due:
            by_code[row.code].append(row)
        for code, rows in by_code.items():
            if self.ending:
                break
            self.alone(partial(self._settle, code, rows, told.get(code)))
        return len(due)

    def _claim(self, now: datetime) -> list[Row[Any]]:
        """The rows that are due and that no other process asks now: their next time is moved on first."""
        query = select(open_rechecks).where(open_rechecks.c.next_at <= as_text(now))
        claimed = []
        with writing(self._engine).begin() as connection:
            for row in connection.execute(query.order_by(open_rechecks.c.next_at).limit(AT_ONCE)).all():
                seen = _this(row) & (open_rechecks.c.next_at == row.next_at)
                moved = self._put_off(seen, row.tries, now + timedelta(seconds=WITHIN_S))
                if connection.execute(moved).rowcount:
                    claimed.append(row)
        return claimed

    def _put_off(self, these: ColumnElement[bool], tries: int, now: datetime) -> Update:
        next_at = as_text(now + timedelta(seconds=pause_s(self.again_s, tries)))
        return update(open_rechecks).where(these).values(next_at=next_at, tries=tries + 1)

    def _settle(self, code: str, rows: Collection[Row[Any]], told: Told | None) -> int:
        now = utc_now()
        at = as_text(now)
        with writing(self._engine).begin() as connection:
            lock_issuers(connection, {issuer(code)})
            here = (cases.c.terminal == issuer(code)) & (cases.c.code == code)
            state = CaseState(connection.execute(select(cases.c.state).where(here)).scalar_one())
            if told is None or state in _OVER:
                # Nobody needs to know any more, or its content is gone and cannot be asked about.
                for row in rows:
                    connection.execute(delete(open_rechecks).where(_this(row)))
                return len(rows)
            for row in rows:
                said = told.get(row.name)
                if said is Silence.UNANSWERED:
                    connection.execute(self._put_off(_this(row), row.tries, now))
                    continue
                if not connection.execute(delete(open_rechecks).where(_this(row))).rowcount:
                    continue  # a newer item of the case was asked about meanwhile
                log.write(connection, at, Event.CASE_RECHECKED, issuer(code), code, row.name)
                if isinstance(said, Doubt):
                    state = _doubt(connection, code, state, said, at)
        return len(rows)


def _doubt(connection: Connection, code: str, state: CaseState, doubt: Doubt, at: str) -> CaseState:
    """The case's state after the doubt, which is told where it moved the case."""
    to = STATE_OF[doubt]
    if to not in TRANSITIONS[state]:
        event = Event.CASE_IN_DOUBT if state is to else Event.RECHECK_TOO_LATE
        log.write(connection, at, event, issuer(code), code, doubt.value)
        return state
    here = (cases.c.terminal == issuer(code)) & (cases.c.code == code)
    moved = update(cases).where(here).values(state=to.value, reason=doubt.value, words_zh="", words_en="")
    connection.execute(moved)
    log.write(connection, at, Event.CASE_IN_DOUBT, issuer(code), code, doubt.value)
    inbox.tell_cases(connection, {issuer(code): [inbox.news(code, to, doubt.value, at)]}, at)
    return to


def _this(row: Row[Any]) -> ColumnElement[bool]:
    table = open_rechecks
    return and_(table.c.terminal == row.terminal, table.c.code == row.code, table.c.name == row.name)
