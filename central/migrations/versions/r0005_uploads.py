"""Attachments, part after part."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, SmallInteger, String, text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uploads",
        *_key(),
        Column("carried_by", String(4), nullable=False),
        Column("of_bytes", BigInteger, nullable=False),
        Column("held", BigInteger, nullable=False),
        Column("whole", SmallInteger, nullable=False),
        Column("kept", SmallInteger, nullable=False),
        Column("begun_at", String(32), nullable=False),
        Column("touched_at", String(32), nullable=False),
    )
    unasked = text("kept = 0")
    op.create_index(
        "ix_uploads_unasked", "uploads", ["touched_at"], sqlite_where=unasked, postgresql_where=unasked
    )
    op.create_table(
        "upload_parts",
        *_key(),
        Column("start", BigInteger, primary_key=True),
        Column("part", LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Items that have attachments would lose them, so there must be none."""
    kept = op.get_bind().exec_driver_sql("select count(*) from uploads where kept = 1").scalar_one()
    if kept:
        message = f"{kept} attachments belong to registered items; an older centre cannot keep them"
        raise RuntimeError(message)
    op.drop_table("upload_parts")
    op.drop_table("uploads")


def _key() -> tuple[Column[str], ...]:
    return (
        Column("terminal", String(4), primary_key=True),
        Column("item_id", String(36), primary_key=True),
        Column("sha256", String(64), primary_key=True),
    )
