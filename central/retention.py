"""What is kept for how long (rule F15), and the sweep that ends it. By the centre's clock, given as `now`.

A swept item keeps its header and hash, so that one that is sent again is still a duplicate and no new case.
Every table stands here: under a rule in `RULES`, or in `KEPT` with the reason why nothing sweeps it. A test holds that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Table, delete, select, tuple_, update

from central.database import as_text, writing
from central.health_report import NOTHING_TOLD
from central.schema import (
    businesses,
    cases,
    chain_heads,
    chain_links,
    corrections,
    decisions,
    department_questions,
    evaluations,
    events,
    heartbeats,
    inboxes,
    items,
    letters,
    manifests,
    nonces,
    notices,
    open_rechecks,
    payment_orders,
    persons,
    publications,
    refusals,
    terminals,
    upload_parts,
    uploads,
)
from kiosk.case import CaseState
from offline_queue.wire import Kind

LOOK_ROWS = 20_000
"""Keys that one look for due rows brings at most."""
BATCH_ROWS = 200
"""Rows that end in one transaction: nobody at the door waits for more; of attachments at most 200 MiB are rewritten."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days. Sources: rules F12 and F15 of the domain; the consent record lies within the sealed case.

    `withdrawn`: time for an objection, from the registration of the withdrawal, then the content of a withdrawn case goes. `case`: at least three years.
    `audit`: the log of events, at least six months. `telemetry`: a silent terminal's last state, letters
    that a revoked one will never fetch, and how many questions a department had on a day. `refused`: what the terminal itself settles long before.
    `payment`: three years in which a claim may be brought (Civil Code, article 188); the accounts are the finance
    office's. An order's number follows from its key, so one that is asked for again after that is the provider's old one.
    """

    withdrawn: float = 30.0
    case: float = 1096.0
    audit: float = 1096.0
    telemetry: float = 90.0
    refused: float = 180.0
    payment: float = 1096.0


DEFAULT_RETENTION = Retention()


@dataclass(frozen=True, slots=True)
class Ends:
    """The moments, as text, before which things have been kept long enough."""

    at: str
    withdrawn: str
    case: str
    audit: str
    telemetry: str
    refused: str
    payment: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows of a table end. With `emptied` the row stays and takes these values."""

    table: Table
    due: Callable[[Ends], ColumnElement[bool]]
    emptied: Callable[[str], Mapping[str, Any]] | None = None


def _content_is_over(ends: Ends) -> ColumnElement[bool]:
    """Only what was opened: an item that still waits is nobody's past."""
    # By the code, not by the terminal: who withdrew or completed it elsewhere left items there.
    withdrawn = select(cases.c.code).where(cases.c.state == CaseState.WITHDRAWN.value)
    # The last one counts: an earlier one that another terminal carried withdrew nothing.
    objection = select(items.c.code).where(
        items.c.kind == Kind.WITHDRAWAL.value, items.c.registered_at >= ends.withdrawn
    )
    over = (
        (items.c.registered_at < ends.withdrawn)
        & items.c.code.in_(withdrawn)
        & items.c.code.not_in(objection)
    )
    due = (items.c.registered_at < ends.case) | over
    return items.c.opened_at.is_not(None) & items.c.erased_at.is_(None) & due


def _with_its_content(table: Table) -> Callable[[Ends], ColumnElement[bool]]:
    """What belongs to an item goes when the item's content has gone."""
    erased = select(items.c.item_id).where(
        items.c.terminal == table.c.terminal,
        items.c.item_id == table.c.item_id,
        items.c.erased_at.is_not(None),
    )
    return lambda _ends: erased.exists()


def _with_its_case(table: Table) -> Callable[[Ends], ColumnElement[bool]]:
    """What belongs to a case goes when all of the case's content has gone."""
    here = (items.c.terminal == table.c.terminal) & (items.c.code == table.c.code)
    here &= items.c.kind == Kind.CASE.value
    content = select(items.c.item_id).where(here)
    erased, kept = content.where(items.c.erased_at.is_not(None)), content.where(items.c.erased_at.is_(None))
    return lambda _ends: erased.exists() & ~kept.exists()


_REVOKED = select(terminals.c.terminal).where(terminals.c.revoked_at.is_not(None))

RULES: tuple[Rule, ...] = (
    Rule(items, _content_is_over, lambda at: {"sealed": b"", "erased_at": at}),
    # After the items, so that all of a case goes on one day; parts before the row that tells of them.
    Rule(upload_parts, _with_its_content(upload_parts)),
    Rule(uploads, _with_its_content(uploads)),  # those that no item asked for: `uploads.sweep`
    Rule(decisions, _with_its_content(decisions)),
    Rule(corrections, _with_its_case(corrections)),
    Rule(businesses, _with_its_case(businesses)),
    Rule(persons, _with_its_case(persons)),
    # The register itself stays (code, service, state and times): a slip may be asked about for life.
    Rule(
        cases,
        lambda ends: (cases.c.words_zh != "") & _with_its_case(cases)(ends),
        lambda _at: {"words_zh": "", "words_en": ""},
    ),
    # Most of them end with their answer: `central.open_rechecks`.
    Rule(open_rechecks, _with_its_case(open_rechecks)),
    Rule(notices, _with_its_case(notices)),
    Rule(events, lambda ends: events.c.at < ends.audit),
    Rule(evaluations, lambda ends: evaluations.c.registered_at < ends.case),
    Rule(refusals, lambda ends: refusals.c.last_at < ends.refused),
    # The row stays: that the terminal was ever heard is no telemetry.
    Rule(
        heartbeats,
        lambda ends: (heartbeats.c.heard_at < ends.telemetry) & (heartbeats.c.state != "unknown"),
        lambda _at: {"state": "unknown", "body": NOTHING_TOLD},
    ),
    Rule(letters, lambda ends: (letters.c.at < ends.telemetry) & letters.c.terminal.in_(_REVOKED)),
    Rule(payment_orders, lambda ends: payment_orders.c.created_at < ends.payment),
    # A day of China's calendar against a moment in UTC: a few hours more or less of 90 days.
    Rule(department_questions, lambda ends: department_questions.c.day < ends.telemetry[:10]),
)

KEPT: Mapping[Table, str] = {
    terminals: "the directory: a revoked terminal must stay known, and old case codes name it; one row each",
    chain_heads: "one row a terminal",
    chain_links: "the proof that nothing was left out (F16); hashes and numbers, as long as the items' headers",
    nonces: "an hour, by `central.replays.sweep`",
    publications: "what counted when, to go back to and to judge a case by; a few a year, nothing personal",
    inboxes: "one row a terminal, the place of its next letter",
    manifests: "one row a terminal, its last comparison",
}
"""Tables that no rule here ends, and why."""


def go_on_always() -> bool:
    """For a sweep that nothing interrupts."""
    return True


def sweep(
    engine: Engine,
    now: datetime,
    kept: Retention = DEFAULT_RETENTION,
    go_on: Callable[[], bool] = go_on_always,
) -> Counter[str]:
    """End what has been kept long enough; table -> rows. May run anywhere, any number of times.

    A few rows to a transaction, so that a killed sweep has done what it did. `go_on` is asked before each; False ends it.
    """

    def before(days: float) -> str:
        return as_text(now - timedelta(days=days))

    ends = Ends(
        at=as_text(now),
        withdrawn=before(kept.withdrawn),
        case=before(kept.case),
        audit=before(kept.audit),
        telemetry=before(kept.telemetry),
        refused=before(kept.refused),
        payment=before(kept.payment),
    )
    ended: Counter[str] = Counter()
    for rule in RULES:
        rows = _apply(engine, rule, ends, go_on)
        if rows:
            ended[rule.table.name] += rows
    return ended


def _apply(engine: Engine, rule: Rule, ends: Ends, go_on: Callable[[], bool]) -> int:
    keys = tuple(rule.table.primary_key)
    ended = 0
    while go_on():
        with engine.connect() as connection:
            found = connection.execute(select(*keys).where(rule.due(ends)).limit(LOOK_ROWS)).all()
        # In one order, so that two processes that sweep at the same time never wait for each other in a circle.
        due = sorted(tuple(row) for row in found)
        for start in range(0, len(due), BATCH_ROWS):
            if not go_on():
                return ended
            ended += _end(engine, rule, due[start : start + BATCH_ROWS], ends)
        if len(found) < LOOK_ROWS:
            return ended
    return ended


def _end(engine: Engine, rule: Rule, keys: Sequence[tuple[Any, ...]], ends: Ends) -> int:
    # Asked once more: a row may have been touched since it was looked for.
    here = tuple_(*rule.table.primary_key).in_(keys) & rule.due(ends)
    statement = (
        delete(rule.table).where(here)
        if rule.emptied is None
        else update(rule.table).where(here).values(**rule.emptied(ends.at))
    )
    with writing(engine).begin() as connection:
        return int(connection.execute(statement).rowcount)
