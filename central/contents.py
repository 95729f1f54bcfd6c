"""The content of cases that the centre has, opened in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from central.form import Reason
from central.opening import Content, open_content
from central.schema import items
from central.whose import issuer
from kiosk.case import CasePayload
from offline_queue.seal import PrivateKey
from offline_queue.wire import Item, Kind


def newest_case(
    connection: Connection, keys: Mapping[str, PrivateKey], codes: Collection[str]
) -> dict[str, CasePayload]:
    """Code -> the newest that came and opens; a case whose content was erased or cannot be used is not in it."""
    if not codes:
        return {}
    query = select(items).where(_kept(codes)).order_by(items.c.registered_at, items.c.sequence)
    found = ((row.code, open_row(row, keys)) for row in connection.execute(query))
    return {code: content for code, content in found if isinstance(content, CasePayload)}


def is_kept(connection: Connection, code: str) -> bool:
    """Whether content of this case is here, though it may not open just now: a key can be missing after a restore."""
    return connection.execute(select(items.c.item_id).where(_kept({code})).limit(1)).first() is not None


def _kept(codes: Collection[str]) -> ColumnElement[bool]:
    return and_(
        items.c.terminal.in_({issuer(code) for code in codes}),
        items.c.code.in_(codes),
        items.c.kind == Kind.CASE.value,
        items.c.erased_at.is_(None),
        items.c.finding.is_(None),
    )


def open_row(row: Row[Any], keys: Mapping[str, PrivateKey]) -> Content | Reason:
    """What a row of `items` holds."""
    return open_content(Item(**row.header, sealed=row.sealed), keys)
