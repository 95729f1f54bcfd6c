"""How far each terminal's inbox was given out: a cursor beyond it tells that a backup was restored."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inboxes", Column("served", BigInteger, nullable=False, server_default="0"))
    # What was given before is not known: all of it, so that no terminal looks as if it were ahead.
    op.execute("update inboxes set served = newest")


def downgrade() -> None:
    op.drop_column("inboxes", "served")
