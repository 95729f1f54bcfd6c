"""Which cases are about the same business, and what staff corrected."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, LargeBinary, String

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "businesses",
        Column("terminal", String(4), primary_key=True),
        Column("code", String(32), primary_key=True),
        Column("digest", String(64), nullable=False),
        Column("received_at", String(40), nullable=False),
    )
    op.create_index("ix_businesses_digest", "businesses", ["digest"])
    op.create_table(
        "corrections",
        Column("terminal", String(4), primary_key=True),
        Column("id", String(36), primary_key=True),
        Column("code", String(32), nullable=False),
        Column("field", String(64), nullable=False),
        Column("by", String(32), nullable=False),
        Column("at", String(32), nullable=False),
        Column("sealed", LargeBinary, nullable=False),
    )
    op.create_index("ix_corrections_code", "corrections", ["code"])


def downgrade() -> None:
    op.drop_table("corrections")
    op.drop_table("businesses")
