"""What each terminal's last manifest said."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, SmallInteger, String

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "manifests",
        Column("terminal", String(4), primary_key=True),
        Column("at", String(32), nullable=False),
        Column("told", BigInteger, nullable=False),
        Column("missing", BigInteger, nullable=False),
        Column("differing", SmallInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("manifests")
