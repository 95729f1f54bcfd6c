"""Nonces of signed requests, for an hour: a request that is played again is told from its first time."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, String

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nonces",
        Column("terminal", String(4), nullable=False),
        Column("nonce", String(64), nullable=False),
        Column("at", String(32), nullable=False),
        PrimaryKeyConstraint("terminal", "nonce", name="pk_nonces"),
    )
    if op.get_context().dialect.name == "postgresql":
        # Not in the log: after a crash it is empty, so one request in flight might be played again. It costs no flush.
        op.execute("alter table nonces set unlogged")


def downgrade() -> None:
    op.drop_table("nonces")
