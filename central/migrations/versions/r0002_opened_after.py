"""Items are opened after they are taken in: what is there already has been opened."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String, text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", Column("opened_at", String(32)))
    op.add_column("items", Column("finding", String(64)))
    op.execute("update items set opened_at = registered_at")
    op.drop_column("items", "verdict")
    op.create_index("ix_items_code", "items", ["code"])
    waits = text("opened_at is null")
    op.create_index(
        "ix_items_waiting", "items", ["terminal", "sequence"], sqlite_where=waits, postgresql_where=waits
    )


def downgrade() -> None:
    """Items that wait would count as applied, so there must be none."""
    waiting = op.get_bind().exec_driver_sql("select count(*) from items where opened_at is null").scalar_one()
    if waiting:
        message = f"{waiting} items are not opened yet; let the centre finish first"
        raise RuntimeError(message)
    op.drop_index("ix_items_waiting", "items")
    op.drop_index("ix_items_code", "items")
    op.add_column("items", Column("verdict", String(16), nullable=False, server_default="registered"))
    op.drop_column("items", "finding")
    op.drop_column("items", "opened_at")
