"""The live channel: decisions, payment orders, and how many questions a service's department had in a day."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def text(name: str, length: int, *, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, String(length), nullable=null, server_default=default)


def upgrade() -> None:
    op.create_table(
        "decisions",
        text("terminal", 4),
        text("item_id", 36),
        text("code", 32),
        text("asked_at", 32),
        text("decided_at", 32, null=True),
        text("outcome", 24, null=True),
        text("words_zh", 120, default=""),
        text("words_en", 120, default=""),
        PrimaryKeyConstraint("terminal", "item_id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_code", "decisions", ["code"])
    op.create_table(
        "payment_orders",
        text("terminal", 4),
        text("key", 36),
        text("code", 32),
        text("service", 64),
        Column("amount_fen", BigInteger(), nullable=False),
        text("order_number", 40),
        text("created_at", 32),
        text("pay_text", 400, null=True),
        text("expires_at", 40, null=True),
        PrimaryKeyConstraint("terminal", "key", name="pk_payment_orders"),
    )
    op.create_table(
        "department_questions",
        text("terminal", 4),
        text("service", 64),
        text("day", 10),
        Column("asked", BigInteger(), nullable=False),
        PrimaryKeyConstraint("terminal", "service", "day", name="pk_department_questions"),
    )
    op.create_index("ix_department_questions_day", "department_questions", ["day", "service"])


def downgrade() -> None:
    """What was decided stands in the cases; an order that is lost here is still at its provider."""
    for table in ("department_questions", "payment_orders", "decisions"):
        op.drop_table(table)
