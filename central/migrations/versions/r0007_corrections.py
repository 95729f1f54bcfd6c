"""What staff need to settle a refused item, and how they did."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FROM_THE_HEADER = (("item_hash", 64), ("received_at_kiosk", 40), ("clock_quality", 16))


def upgrade() -> None:
    for name, length in _FROM_THE_HEADER:
        op.add_column("refusals", Column(name, String(length), nullable=False, server_default=""))
    op.add_column("refusals", Column("outcome", String(16)))


def downgrade() -> None:
    for name in ("outcome", *(name for name, _length in _FROM_THE_HEADER)):
        op.drop_column("refusals", name)
