"""Why a case waits for a clerk or for its resident."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", Column("reason", String(64)))


def downgrade() -> None:
    op.drop_column("cases", "reason")
