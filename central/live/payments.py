"""Payment orders: one a key, with its number stored before the provider is asked (rule F19)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, select, update

from central.database import as_text, insert_or_skip, writing
from central.departments.port import Order, OrderQuestion
from central.live.turned import turned
from central.problems import NO_SUCH_CASE, Turned
from central.schema import payment_orders
from central.whose import issuer
from kiosk.case import parse_case_code
from offline_queue.live_wire import LiveCode, PaymentOrder, PaymentRequest

ORDERS = uuid.UUID("5b0c2f0e-6a3d-4c57-9d0e-3f4a1c8e7b21")
"""The name space of order numbers; never to be changed: the providers know the numbers."""


def order_number_of(terminal: str, key: str) -> str:
    """Always the same for a terminal's key: a centre restored from a backup asks the provider for the order it knows."""
    return f"{terminal}-{uuid.uuid5(ORDERS, f'{terminal}/{key}').hex}"


def begin(engine: Engine, request: PaymentRequest, now: datetime) -> PaymentOrder | OrderQuestion | Turned:
    """The order that is there, or the question to the provider: after a crash the same one again.

    The case comes later: a resident pays before he submits.
    """
    if parse_case_code(request.code) != request.code or issuer(request.code) != request.terminal:
        return NO_SUCH_CASE
    said = {"code": request.code, "service": request.service, "amount_fen": request.amount_fen}
    with writing(engine).begin() as connection:
        insert_or_skip(
            connection,
            payment_orders,
            terminal=request.terminal,
            key=request.key,
            order_number=order_number_of(request.terminal, request.key),
            created_at=as_text(now),
            **said,
        )
        row = _row(connection, request.terminal, request.key)
    if {name: getattr(row, name) for name in said} != said:
        return turned(LiveCode.CONFLICT)
    if row.pay_text is not None:
        return _order(row, now)
    return OrderQuestion(row.order_number, row.service, row.amount_fen)


def settle(engine: Engine, request: PaymentRequest, order: Order, now: datetime) -> PaymentOrder:
    """Keep what the provider said first, and answer that."""
    here = (payment_orders.c.terminal == request.terminal) & (payment_orders.c.key == request.key)
    told = {"pay_text": order.pay_text, "expires_at": as_text(order.expires_at)}
    with writing(engine).begin() as connection:
        connection.execute(
            update(payment_orders).where(here, payment_orders.c.pay_text.is_(None)).values(**told)
        )
        return _order(_row(connection, request.terminal, request.key), now)


def _row(connection: Connection, terminal: str, key: str) -> Row[tuple[object, ...]]:
    here = (payment_orders.c.terminal == terminal) & (payment_orders.c.key == key)
    return connection.execute(select(payment_orders).where(here)).one()


def _order(row: Row[tuple[object, ...]], now: datetime) -> PaymentOrder:
    """An order that nobody can pay any more stays the order of its key: it may have been paid in its last second, so
    the provider is never asked for a second one under it.
    """
    is_open = as_text(now) < row.expires_at
    return PaymentOrder(
        key=row.key,
        order=row.order_number,
        amount_fen=row.amount_fen,
        state="open" if is_open else "expired",
        pay_text=row.pay_text if is_open else "",
        expires_at=row.expires_at,
    )
