"""Notices to persons for whom somebody else acted."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String, text

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        Column("terminal", String(4), nullable=False),
        Column("code", String(32), nullable=False),
        Column("since", String(32), nullable=False),
        Column("next_at", String(32), nullable=False),
        Column("tries", BigInteger, nullable=False),
        Column("outcome", String(16)),
        Column("at", String(32)),
        PrimaryKeyConstraint("terminal", "code", name="pk_notices"),
    )
    waits = text("outcome is null")
    op.create_index("ix_notices_waiting", "notices", ["next_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("ix_notices_outcome", "notices", ["outcome"])


def downgrade() -> None:
    """Whoever was not told yet is not told by the release before."""
    op.drop_table("notices")
