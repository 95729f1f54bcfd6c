"""What the centre published for its terminals: definitions, configuration."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, BigInteger, Column, PrimaryKeyConstraint, String, Text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publications",
        Column("terminal", String(4), nullable=False),
        Column("subject", String(16), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("content", Text, nullable=False),
        Column("state", String(16), nullable=False),
        Column("canaries", JSON, nullable=False),
        Column("published_at", String(32), nullable=False),
        PrimaryKeyConstraint("terminal", "subject", "version", name="pk_publications"),
    )
    op.create_index("ix_publications_sha256", "publications", ["sha256"])


def downgrade() -> None:
    """The terminals keep what they have."""
    op.drop_table("publications")
