"""Telling the person for whom somebody else acted: once a case. What waits, what came of it, and what staff do.

The wish is written in the transaction that opens the case, also where a doubt stands: that is when it matters most.
`central.telling` sends it. Whom no message reaches staff tell: the case's page, the list of them and a metric say so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, select, update

from central import log
from central.bulk import insert_new
from central.database import as_text, utc_now, writing
from central.log import Event
from central.schema import notices
from central.staff_words import Signed
from central.whose import issuer


class Outcome(StrEnum):
    """What came of a notice; null in the table while it waits."""

    SENT = "sent"
    """The gateway has it. Whether a phone got it, nobody can say."""
    UNKNOWN = "unknown"
    """Written before the gateway is asked: it may have been sent."""
    NO_PHONE = "no_phone"
    NO_WAY = "no_way"
    """No gateway, or no department here that knows the person's number and tells it."""
    REFUSED = "refused"
    """By the gateway, for good."""
    NOT_NEEDED = "not_needed"
    """The case was withdrawn before anybody could be told, or its content has gone."""
    BY_STAFF = "by_staff"


STAFF_TELLS = (Outcome.UNKNOWN, Outcome.NO_PHONE, Outcome.NO_WAY, Outcome.REFUSED)
WORDS: Mapping[str | None, tuple[str, str]] = {
    None: ("有人代办，还没有告知本人，正在联系", "Filed by another person; the person is being told"),
    Outcome.SENT: (
        "有人代办，已给本人登记的手机发了短信",
        "Filed by another person; a message went to the person's registered phone",
    ),
    Outcome.UNKNOWN: (
        "有人代办，给本人的短信不知道发出去没有，请工作人员告知本人",
        "Filed by another person; whether the message went out is unknown: please tell the person",
    ),
    Outcome.NO_PHONE: (
        "有人代办，本人没有登记手机，请工作人员告知本人",
        "Filed by another person, who has no phone on record: please tell the person",
    ),
    Outcome.NO_WAY: (
        "有人代办，本中心发不了这件事的短信，请工作人员告知本人",
        "Filed by another person; this centre cannot send a message about it: please tell the person",
    ),
    Outcome.REFUSED: (
        "有人代办，短信没有被接收，请工作人员告知本人",
        "Filed by another person; the message was refused: please tell the person",
    ),
    Outcome.NOT_NEEDED: (
        "有人代办，告知之前办件已撤回",
        "Filed by another person; withdrawn before anybody was told",
    ),
    Outcome.BY_STAFF: ("有人代办，工作人员已告知本人", "Filed by another person; staff told the person"),
}


WAITS_S = 86_400.0
"""So long a department or the gateway may be silent before staff are asked to tell the person."""
_UNREACHED = notices.c.outcome.in_([one.value for one in STAFF_TELLS])
_WAITS = notices.c.outcome.is_(None)


def remember(connection: Connection, codes: Collection[str], at: str) -> None:
    """Once for each case, whatever comes of it again later."""
    rows = [
        {"terminal": issuer(code), "code": code, "since": at, "next_at": at, "tries": 0}
        for code in sorted(codes)
    ]
    if rows:
        insert_new(connection, notices, rows)


def of_case(connection: Connection, code: str) -> Row[Any] | None:
    """How its notice stands; None where nobody acted for another."""
    return connection.execute(select(notices).where(here(code))).one_or_none()


def _staffs(now: datetime) -> ColumnElement[bool]:
    return _UNREACHED | (_WAITS & (notices.c.since < as_text(now - timedelta(seconds=WAITS_S))))


def for_staff(connection: Connection, now: datetime, limit: int) -> list[Row[Any]]:
    """Those whom no message reached, or not within `WAITS_S`, the oldest first."""
    query = select(notices).where(_staffs(now))
    return list(connection.execute(query.order_by(notices.c.since, notices.c.code).limit(limit)))


def count_for_staff(connection: Connection, now: datetime) -> int:
    query = select(func.count()).select_from(notices).where(_staffs(now))
    return int(connection.execute(query).scalar_one())


def told_by_staff(engine: Engine, code: str, signed: Signed) -> bool:
    """Write down that staff told the person; False where nobody is to be told any more."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        open_ = here(code) & (_UNREACHED | _WAITS)
        done = update(notices).where(open_).values(outcome=Outcome.BY_STAFF.value, at=at)
        if not connection.execute(done).rowcount:
            return False
        log.write(connection, at, Event.PERSON_TOLD, issuer(code), code, str(signed))
    return True


def here(code: str) -> ColumnElement[bool]:
    """This case's row."""
    return (notices.c.terminal == issuer(code)) & (notices.c.code == code)
