"""How far a case is, for who has its code. Holds nothing personal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from central.database import as_text
from central.lookup import lookup
from central.schema import decisions
from central.whose import issuer
from kiosk.case import parse_case_code
from offline_queue.live_wire import ProgressAnswer


def progress(connection: Connection, typed: str, now: datetime) -> ProgressAnswer | None:
    """None when no case has this code, in whatever way it was typed."""
    code = parse_case_code(typed)
    found = lookup(connection, code) if code else None
    if found is None or code is None:
        return None
    query = select(decisions).where(
        decisions.c.terminal == issuer(code), decisions.c.code == code, decisions.c.decided_at.is_not(None)
    )
    decided = connection.execute(query.order_by(decisions.c.decided_at).limit(1)).one_or_none()
    return ProgressAnswer(
        code=code,
        service=found.service,
        state=found.state,
        received_at_kiosk=found.received_at_kiosk,
        synced_at=found.synced_at,
        registered_at=found.registered_at_centre,
        accepted_at=found.accepted_at,
        decided_at=decided.decided_at if decided else None,
        words_zh=found.words_zh,
        words_en=found.words_en,
        centre_time=as_text(now),
    )
