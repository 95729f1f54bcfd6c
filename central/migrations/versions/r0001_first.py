"""The tables at their birth. Later revisions are written by hand and leave this one alone."""

from __future__ import annotations

from alembic import op

from central.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table. Freeze this list when revision 0002 comes."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """The first revision has nothing before it."""
    message = "0001 cannot be undone"
    raise NotImplementedError(message)
