"""A decision on the spot: claimed, asked for, written down once. The case moves by the state machine alone."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Row, select, update

from central import inbox, log, problems
from central.answer_corrections import corrected
from central.database import as_text, insert_or_skip, writing
from central.departments.port import Decision, DecisionQuestion
from central.live import quota
from central.live.turned import turned
from central.locks import lock_issuers
from central.log import Event
from central.opening import open_content
from central.problems import Turned
from central.schema import cases, decisions, items
from central.whose import issuer
from kiosk.case import CasePayload, CaseState, move
from offline_queue.live_wire import DecisionAnswer, DecisionRequest, LiveCode
from offline_queue.seal import PrivateKey
from offline_queue.wire import Item, Kind

CLAIM_S = 60.0
"""So long one question to a department is given before the same may be put again, with the same key."""
S = CaseState
ROAD: dict[str, tuple[CaseState, ...]] = {
    "decided": (S.ACCEPTED, S.DECIDED),
    "accepted": (S.ACCEPTED,),
    "needs_correction": (S.NEEDS_CORRECTION,),
    "needs_clerk": (S.NEEDS_CLERK,),
}
"""From `registered`, by the department's word."""


def claim(
    engine: Engine,
    keys: Mapping[str, PrivateKey],
    quotas: Mapping[str, int],
    services: Container[str],
    request: DecisionRequest,
    now: datetime,
) -> DecisionQuestion | DecisionAnswer | Turned:
    """The question to put, if it is to be put now; else where the case stands, or why not.

    `services`: those with a department.
    """
    with writing(engine).begin() as connection:
        item = connection.execute(
            select(items).where(items.c.terminal == request.terminal, items.c.item_id == request.item_id)
        ).one_or_none()
        if item is None or item.code != request.code or item.kind != Kind.CASE.value:
            return problems.NO_SUCH_CASE
        case = _case(connection, item.code)
        if case is None or case.state != S.REGISTERED.value:
            return _answer(connection, item.code, item.item_id, S.SYNCED if case is None else case.state)
        if item.service not in services:
            return turned(LiveCode.NO_DEPARTMENT)
        content = open_content(Item(**item.header, sealed=item.sealed), keys)
        wait_s = quota.wait_s(connection, quotas, item.service, now)
        if wait_s is not None:
            return turned(LiveCode.QUOTA, wait_s)
        if not isinstance(content, CasePayload) or not _claimed(connection, item, now):
            return _answer(connection, item.code, item.item_id, case.state)
        answers = corrected(connection, keys, content)
        quota.count(connection, request.terminal, item.service, now)
    return DecisionQuestion(
        terminal=item.terminal,
        key=item.item_id,
        code=item.code,
        service=item.service,
        number=content.person.number if content.person else "",
        assurance=content.assurance,
        answers=answers,
    )


def settle(engine: Engine, question: DecisionQuestion, decision: Decision, now: datetime) -> DecisionAnswer:
    """Write the department's word down and move the case. The first word is kept; a case that went another
    way meanwhile (withdrawn, say) stays there, and its trail says so.
    """
    at = as_text(now)
    with writing(engine).begin() as connection:
        lock_issuers(connection, {issuer(question.code)})
        here = (decisions.c.terminal == question.terminal) & (decisions.c.item_id == question.key)
        first = connection.execute(
            update(decisions)
            .where(here, decisions.c.decided_at.is_(None))
            .values(
                decided_at=at,
                outcome=decision.outcome,
                words_zh=decision.words_zh,
                words_en=decision.words_en,
            )
        )
        case = _case(connection, question.code)
        state = S(case.state) if case is not None else S.SYNCED
        if first.rowcount:
            state = _moved(connection, question, decision, state, at)
        return _answer(connection, question.code, question.key, state)


def release(engine: Engine, question: DecisionQuestion, counted_at: datetime, *, never_left: bool) -> None:
    """The department gave no answer and will not give one: it may be asked again at once."""
    here = (decisions.c.terminal == question.terminal) & (decisions.c.item_id == question.key)
    with writing(engine).begin() as connection:
        connection.execute(
            update(decisions).where(here, decisions.c.decided_at.is_(None)).values(asked_at="")
        )
        if never_left:
            quota.take_out(connection, question.terminal, question.service, counted_at)


def _claimed(connection: Connection, item: Row[tuple[object, ...]], now: datetime) -> bool:
    """Whether this caller is the one to ask. Two calls for one case ask once."""
    at = as_text(now)
    if insert_or_skip(
        connection, decisions, terminal=item.terminal, item_id=item.item_id, code=item.code, asked_at=at
    ):
        return True
    stale = as_text(now - timedelta(seconds=CLAIM_S))
    again = (
        update(decisions)
        .where(
            decisions.c.terminal == item.terminal,
            decisions.c.item_id == item.item_id,
            decisions.c.decided_at.is_(None),
            decisions.c.asked_at < stale,
        )
        .values(asked_at=at)
    )
    return connection.execute(again).rowcount == 1


def _moved(
    connection: Connection, question: DecisionQuestion, decision: Decision, state: CaseState, at: str
) -> CaseState:
    if state is not S.REGISTERED:
        detail = f"{decision.outcome} at {state.value}"
        log.write(connection, at, Event.DECISION_TOO_LATE, question.terminal, question.code, detail)
        return state
    changes = {"words_zh": decision.words_zh, "words_en": decision.words_en}
    for step in ROAD[decision.outcome]:
        state = move(state, step)
        if state is S.ACCEPTED:
            changes["accepted_at"] = at
    here = (cases.c.terminal == issuer(question.code)) & (cases.c.code == question.code)
    connection.execute(update(cases).where(here).values(state=state.value, **changes))
    log.write(connection, at, Event.CASE_DECIDED, question.terminal, question.code, decision.outcome)
    # Whoever asked may have gone at the deadline, and a terminal tells residents what it knows without a line too.
    told = inbox.news(question.code, state, None, at)
    if decision.words_zh:
        told = told.model_copy(update={"words_zh": decision.words_zh, "words_en": decision.words_en})
    inbox.tell_cases(connection, {issuer(question.code): [told]}, at)
    return state


def _case(connection: Connection, code: str) -> Row[tuple[object, ...]] | None:
    query = select(cases).where(cases.c.terminal == issuer(code), cases.c.code == code)
    return connection.execute(query).one_or_none()


def _answer(connection: Connection, code: str, item_id: str, state: str) -> DecisionAnswer:
    query = select(decisions.c.decided_at, decisions.c.words_zh, decisions.c.words_en).where(
        decisions.c.terminal == issuer(code), decisions.c.item_id == item_id
    )
    row = connection.execute(query).one_or_none()
    if row is None or row.decided_at is None:
        return DecisionAnswer(code=code, state=state)
    return DecisionAnswer(
        code=code, state=state, decided_at=row.decided_at, words_zh=row.words_zh, words_en=row.words_en
    )
