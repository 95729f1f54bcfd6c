"""Where one case stands, for who has its code."""

from __future__ import annotations

from pydantic import BaseModel
from sqlalchemy import Connection, select

from central.inbox import words_of
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
        words_zh, words_en = words_of(CaseState(row.state), row.reason)
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
