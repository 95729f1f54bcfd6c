"""The second step: what the door has taken in and acknowledged is opened and applied to its case.

An item waits while `opened_at` is null. One transaction opens some items of one terminal, applies them and
marks them, so a process killed anywhere leaves them waiting or done, and any process goes on with them. The
registers that a case is to be checked against are asked before it: no lock is held while another house thinks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select, update

from central import chain, duplicates, inbox, notices, open_rechecks, persons, replays, uploads
from central.cases import Desk
from central.chain import Link
from central.database import as_text, utc_now, writing
from central.duplicates import NO_BUSINESSES, Businesses, Claim
from central.form import Reason
from central.locks import lock_issuers
from central.opening import Content, open_content
from central.persons import NO_PERSONS, Persons
from central.rechecks import NO_RECHECKS, NOTHING_FOUND, Rechecks, Told
from central.registers import NO_REGISTERS, Registers
from central.retention import sweep
from central.rounds import LOST, Rounds
from central.schema import items
from central.verdicts import settle_refused
from central.whose import arrival, issuer, known_before
from kiosk.case import CasePayload, CaseState
from offline_queue.inbox_wire import CaseNews
from offline_queue.seal import PrivateKey
from offline_queue.wire import Item, Kind

log = logging.getLogger(__name__)

STEP_ITEMS = 100
"""Items of one transaction."""
RETENTION_EVERY_S = 86_400.0
"""How often a process ends what has been kept long enough; the first time at its start."""
UNASKED_EVERY_S = 3600.0
"""How often uploads are looked for that no item asked for, and nonces that no request can have any more."""
REGISTERS_WAITED_S = 2.0
"""How long a resident's case, or a step of a backlog, waits for all its registers together."""
GIVE_WAY_S = 1.0
"""How long a step waits for a quiet moment at the door: in a peak the door goes first, but not for ever."""


class Work(Rounds):
    """The steps of one process, and a thread that makes them; it looks for what another process left behind as well."""

    end_s = 15.0
    """A step is not broken off."""

    def __init__(
        self,
        engine: Engine,
        keys: Mapping[str, PrivateKey],
        rechecks: Rechecks = NO_RECHECKS,
        registers: Registers = NO_REGISTERS,
        businesses: Businesses = NO_BUSINESSES,
        known: Persons = NO_PERSONS,
    ) -> None:
        super().__init__("opening")
        self._engine = engine
        self._businesses = businesses
        self._persons = known
        self._older: persons.Place | None = persons.BEGINNING if known.keys else None
        self._registers = registers
        self._rechecks = rechecks
        self._keys = keys
        self._quiet = threading.Event()
        self._quiet.set()
        self._at_the_door = 0
        self._lock = threading.Lock()
        self._retention_due_s = self._unasked_due_s = time.monotonic()

    @contextmanager
    def at_the_door(self) -> Iterator[None]:
        """While the block lasts, steps give way."""
        with self._lock:
            self._at_the_door += 1
            self._quiet.clear()
        try:
            yield
        finally:
            with self._lock:
                self._at_the_door -= 1
                if not self._at_the_door:
                    self._quiet.set()

    def close(self) -> None:
        self._end.set()
        self._quiet.set()
        super().close()

    def round(self, now: datetime) -> int:
        """Open what waits, sweep what is due, and enter some persons of before; 0 when nothing is left of it."""
        self.all()
        self._sweep_if_due(now)
        return self.alone(self._enter_older)

    def now(self, item_ids: Mapping[str, Collection[str]]) -> bool:
        """Open these items (terminal -> ids) at once, since somebody waits for them; False when it must wait."""
        try:
            for terminal, ids in item_ids.items():
                self._open(terminal, ids)
        except Exception as error:  # noqa: BLE001 - the answer to the terminal does not hang on it
            # They are taken in and acknowledged: the thread tries again.
            self.failed(error)
            self.wake()
            return False
        return True

    def all(self) -> int:
        """Open everything that waits; how many that was. A terminal whose items cannot be opened holds up no other."""
        with self._engine.connect() as connection:
            waiting = select(items.c.terminal).where(items.c.opened_at.is_(None)).distinct()
            terminals = list(connection.execute(waiting).scalars())
        return sum(self.alone(partial(self._all_of, terminal)) for terminal in terminals)

    def _all_of(self, terminal: str) -> int:
        done = 0
        while self._may_go_on():
            opened = self._open(terminal)
            done += opened
            if opened < STEP_ITEMS:
                break
        return done

    def _open(self, terminal: str, ids: Collection[str] | None = None) -> int:
        """A step; when one of its items cannot be applied, each alone, and that one is left to a clerk."""
        answered = ids is not None
        try:
            return self.step(terminal, ids, answered=answered)
        except LOST:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one item does must stay with that item
            self.failed(error)
            log.error("a step of terminal %s ended by %s", terminal, type(error).__name__)
        return sum(self._alone(terminal, one, answered=answered) for one in self._waiting(terminal, ids))

    def _alone(self, terminal: str, item_id: str, *, answered: bool) -> int:
        try:
            return self.step(terminal, [item_id], answered=answered)
        except LOST:
            raise
        except Exception as error:  # noqa: BLE001 - see `_open`; its text may quote the content
            log.error("item %s cannot be applied: %s", item_id, type(error).__name__)
            return self.step(terminal, [item_id], answered=answered, usable=False)

    def _waiting(self, terminal: str, ids: Collection[str] | None) -> list[str]:
        """In their order."""
        query = select(items.c.item_id).where(items.c.terminal == terminal, items.c.opened_at.is_(None))
        if ids is not None:
            query = query.where(items.c.item_id.in_(ids))
        with self._engine.connect() as connection:
            return list(connection.execute(query.order_by(items.c.sequence).limit(STEP_ITEMS)).scalars())

    def step(
        self,
        terminal: str,
        ids: Collection[str] | None = None,
        *,
        answered: bool = False,
        usable: bool = True,
    ) -> int:
        """Open up to `STEP_ITEMS` waiting items that this terminal issued, or those named; how many.

        `answered`: who brought them reads their states in the answer. Not `usable`: a clerk takes them up.
        """
        query = select(items).where(items.c.terminal == terminal, items.c.opened_at.is_(None))
        query = query.order_by(items.c.sequence)
        query = query.limit(STEP_ITEMS) if ids is None else query.where(items.c.item_id.in_(ids))
        told: Mapping[str, Told] = {}
        if self._registers and usable:
            # Only what was asked about is opened: what arrives meanwhile is the next step's.
            asked, told = self._ask_registers(query)
            query = query.where(items.c.item_id.in_(asked))
        at = as_text(utc_now())
        # Another process may be at some of a backlog: it does those.
        query = query.with_for_update(skip_locked=ids is None)
        with writing(self._engine).begin() as connection:
            rows = connection.execute(query).all()
            if not rows:
                return 0
            findings, desk, second = self._apply(connection, rows, at, told, usable=usable)
            links = [
                Link(r.sequence, r.item_hash, r.previous_hash, r.item_id)
                for r in rows
                if r.carried_by == terminal
            ]
            if links:
                chain.take_links(connection, terminal, links, at)
            settle_refused(connection, [(row.carried_by, row.item_id) for row in rows], "registered")
            _mark(connection, terminal, [row.item_id for row in rows], findings, at)
            news = _to_tell(rows, desk, at, answered=answered)
            for code in second:
                suspected = inbox.news(code, CaseState.DUPLICATE_SUSPECTED, None, at)
                news.setdefault(issuer(code), []).append(suspected)
            inbox.tell_cases(connection, news, at)
        return len(rows)

    def _ask_registers(self, query: Select[Any]) -> tuple[Collection[str], Mapping[str, Told]]:
        """The items that wait, and what registers say of the cases among them, by item id."""
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        found = {
            row.item_id: open_content(Item(**row.header, sealed=row.sealed), self._keys)
            for row in rows
            if row.kind == Kind.CASE.value
        }
        named = {
            id_: case for id_, case in found.items() if isinstance(case, CasePayload) and case.recheck_at_sync
        }
        return [row.item_id for row in rows], self._registers.ask(named, REGISTERS_WAITED_S)

    def _apply(
        self,
        connection: Connection,
        rows: Collection[Row[Any]],
        at: str,
        told: Mapping[str, Told],
        *,
        usable: bool,
    ) -> tuple[dict[str, Reason], Desk, Collection[str]]:
        """Let the items act on their cases: item id -> reason for those that cannot be used; the cases after it;
        cases here before that turn out to be a second one.
        """
        codes = {row.code for row in rows}
        lock_issuers(connection, {issuer(code) for code in codes})
        acting = {row.code for row in rows if row.kind != Kind.EVALUATION.value}
        desk = Desk.load(connection, codes, at, known_before(connection, acting, self._keys))
        findings: dict[str, Reason] = {}
        waiting: dict[str, Collection[str]] = {}
        by_agents: set[str] = set()
        named: list[CasePayload] = []
        claims = self._claims(connection, rows, desk) if usable else ()
        same = duplicates.compare(connection, claims, at)
        for row in rows:
            content = (
                self._content(connection, row) if usable or row.erased_at is not None else Reason.PAYLOAD
            )
            if isinstance(content, Reason):
                findings[row.item_id] = content
            found_out = NOTHING_FOUND
            if isinstance(content, CasePayload):
                found_out = self._rechecks.of(content, utc_now(), told.get(row.item_id, {}))
                found_out = replace(found_out, duplicate_of=same.second.get(row.code))
                waiting[row.code] = found_out.unanswered
                if content.agent is not None:
                    by_agents.add(row.code)
            desk.apply(arrival(row), content, found_out)
            if isinstance(content, CasePayload) and persons.is_for(arrival(row), content, desk.known):
                named.append(content)
        desk.store(connection)
        persons.enter(connection, self._persons, named)
        notices.remember(connection, by_agents, at)
        if self._registers:
            open_rechecks.remember(connection, waiting, at)
        return findings, desk, same.moved

    def _claims(self, connection: Connection, rows: Collection[Row[Any]], desk: Desk) -> Iterator[Claim]:
        """Of the cases that are new here: the first item of each."""
        seen = set(desk.states)
        for row in rows:
            if row.kind != Kind.CASE.value or row.code in seen:
                continue
            seen.add(row.code)
            if self._businesses.concern(row.service, row.definition_version):
                content = self._content(connection, row)
                if isinstance(content, CasePayload) and (
                    claim := self._businesses.claim(content, row.received_at_kiosk)
                ):
                    yield claim

    def _content(self, connection: Connection, row: Row[Any]) -> Content | Reason:
        if row.erased_at is not None:
            return Reason.ERASED
        item = Item(**row.header, sealed=row.sealed)
        return uploads.fault(connection, item, self._keys) or open_content(item, self._keys)

    def _sweep_if_due(self, now: datetime) -> None:
        """A sweep that failed stays due, so that it is seen to fail until it does not."""
        if time.monotonic() >= self._retention_due_s:
            self.alone(partial(self._sweep_retention, now))
        if time.monotonic() >= self._unasked_due_s:
            self.alone(partial(self._sweep_unasked, now))

    def _sweep_retention(self, now: datetime) -> int:
        ended = sweep(self._engine, now, go_on=self._may_go_on)
        self._retention_due_s = time.monotonic() + RETENTION_EVERY_S
        return ended.total()

    def _sweep_unasked(self, now: datetime) -> int:
        dropped = uploads.sweep(self._engine, now)
        replays.sweep(self._engine, now)
        self._unasked_due_s = time.monotonic() + UNASKED_EVERY_S
        return dropped

    def _enter_older(self) -> int:
        """Once from beginning to end in the life of a process: what comes later is entered as it is opened."""
        if self._older is not None and self._may_go_on():
            self._older = persons.enter_older(self._engine, self._keys, self._persons, self._older)
        return int(self._older is not None)

    def _may_go_on(self) -> bool:
        """After a quiet moment at the door; False once the process is to end."""
        self.sign()
        self._quiet.wait(GIVE_WAY_S)
        return not self.ending


def _to_tell(rows: Collection[Row[Any]], desk: Desk, at: str, *, answered: bool) -> dict[str, list[CaseNews]]:
    """Terminal -> the cases that moved, for who did not read it in the answer to the batch.

    An answer tells a state and no words, so a doubt is always told.
    """
    carriers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.kind != Kind.EVALUATION.value and row.code in desk.states:
            carriers[row.code].add(row.carried_by)
    moved = [
        (
            code,
            {issuer(code), *brought, *desk.asked_from[code]}
            - (brought if answered and not desk.reasons.get(code) else set()),
        )
        for code, brought in carriers.items()
    ]
    return inbox.gather(moved, desk.states, desk.reasons, at)


def _mark(
    connection: Connection, terminal: str, ids: Collection[str], findings: Mapping[str, Reason], at: str
) -> None:
    here = items.c.terminal == terminal
    connection.execute(update(items).where(here, items.c.item_id.in_(ids)).values(opened_at=at))
    for item_id, reason in findings.items():
        connection.execute(update(items).where(here, items.c.item_id == item_id).values(finding=reason.value))
