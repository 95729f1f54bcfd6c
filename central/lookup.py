"""Where one case stands, for who has its code."""

from __future__ import annotations

from pydantic import BaseModel
from sqlalchemy import Connection, Row, select

from central import open_rechecks
from central.inbox import NOT_RECHECKED, words_of
from central.rechecks import RESIDENT_WORDS, Doubt
from central.schema import cases, items
from central.whose import issuer
from kiosk.case import CaseState
from offline_queue.wire import Kind


class CaseAnswer(BaseModel):
    """Where a case stands, with its four times (RFC 3339 UTC)."""

    code: str
    service: str
    state: str
    received_at_kiosk: str
    synced_at: str | None
    registered_at_centre: str | None
    accepted_at: str | None
    words_zh: str = ""
    words_en: str = ""
    """For the resident, when the state needs more than its name."""


def lookup(connection: Connection, code: str) -> CaseAnswer | None:
    """The case, or `synced` while its item is taken in and waits to be opened.

    An item that is found opened has its case by now: it was opened since the question before.
    """
    query = select(cases).where(cases.c.terminal == issuer(code), cases.c.code == code)
    row = connection.execute(query).one_or_none()
    if row is not None:
        words_zh, words_en = _words(connection, row)
        told = CaseAnswer.model_validate(row, from_attributes=True)
        return told.model_copy(update={"words_zh": words_zh, "words_en": words_en})
    arrived = select(items.c.service, items.c.received_at_kiosk, items.c.registered_at).where(
        items.c.code == code, items.c.kind == Kind.CASE.value
    )
    item = connection.execute(arrived.order_by(items.c.registered_at).limit(1)).one_or_none()
    if item is None:
        return None
    return CaseAnswer(
        code=code,
        service=item.service,
        state=CaseState.SYNCED.value,
        received_at_kiosk=item.received_at_kiosk,
        synced_at=item.registered_at,
        registered_at_centre=None,
        accepted_at=None,
    )


def _words(connection: Connection, row: Row[tuple[object, ...]]) -> tuple[str, str]:
    """For the resident, wherever a case is looked up: what staff or a department said of this state, else what the
    state means, else that a check is not done yet.
    """
    if row.words_zh and row.reason == Doubt.WITHDRAWAL_LATE.value:
        # What the resident asked for since is answered beside what was said.
        late_zh, late_en = RESIDENT_WORDS[Doubt.WITHDRAWAL_LATE]
        return f"{row.words_zh}{late_zh}", f"{row.words_en} {late_en}"
    if row.words_zh:
        return row.words_zh, row.words_en
    words = words_of(CaseState(row.state), row.reason)
    if (
        not words[0]
        and row.state == CaseState.REGISTERED.value
        and open_rechecks.of_case(connection, row.code)
    ):
        return NOT_RECHECKED
    return words
