"""What the centre tells terminals: numbered letters, and the newest number of each inbox."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, String, Text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inboxes",
        Column("terminal", String(4), primary_key=True),
        Column("newest", BigInteger, nullable=False),
    )
    op.create_table(
        "letters",
        Column("terminal", String(4), primary_key=True),
        Column("number", BigInteger, primary_key=True),
        Column("at", String(32), nullable=False),
        Column("content", Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("letters")
    op.drop_table("inboxes")
