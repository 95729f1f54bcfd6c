"""When an item's sealed body was erased because it had been kept long enough."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", Column("erased_at", String(32)))


def downgrade() -> None:
    op.drop_column("items", "erased_at")
