"""The tables at their birth. Frozen: what changed since stands in later revisions."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Text,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def text(name: str, length: int, *, null: bool = False) -> Column[str]:
    return Column(name, String(length), nullable=null)


def upgrade() -> None:
    op.create_table(
        "cases",
        text("terminal", 4),
        text("code", 32),
        text("service", 64),
        text("state", 24),
        text("received_at_kiosk", 40),
        text("clock_quality", 16),
        text("synced_at", 32, null=True),
        text("registered_at_centre", 32, null=True),
        text("accepted_at", 32, null=True),
        PrimaryKeyConstraint("terminal", "code", name="pk_cases"),
    )
    op.create_index("ix_cases_registered_at_centre", "cases", ["registered_at_centre"])
    op.create_index("ix_cases_state", "cases", ["state"])
    op.create_table(
        "chain_heads",
        text("terminal", 4),
        Column("head_sequence", BigInteger(), nullable=False),
        text("head_hash", 64),
        text("head_signed_at", 32),
        Column("highest_sequence", BigInteger(), nullable=False),
        Column("links", BigInteger(), nullable=False),
        text("forked_at", 32, null=True),
        Column("fork_detail", Text(), nullable=True),
        PrimaryKeyConstraint("terminal", name="pk_chain_heads"),
    )
    op.create_table(
        "chain_links",
        text("terminal", 4),
        Column("sequence", BigInteger(), nullable=False),
        text("item_hash", 64),
        text("previous_hash", 64),
        text("item_id", 36),
        PrimaryKeyConstraint("terminal", "sequence", "item_hash", name="pk_chain_links"),
    )
    op.create_table(
        "evaluations",
        text("terminal", 4),
        text("code", 32),
        text("service", 64),
        Column("level", SmallInteger(), nullable=True),
        text("registered_at", 32),
        PrimaryKeyConstraint("terminal", "code", name="pk_evaluations"),
    )
    op.create_table(
        "events",
        text("terminal", 4),
        text("id", 36),
        text("at", 32),
        text("code", 32, null=True),
        text("event", 48),
        text("detail", 200),
        PrimaryKeyConstraint("terminal", "id", name="pk_events"),
    )
    op.create_index("ix_events_code", "events", ["code"])
    op.create_table(
        "heartbeats",
        text("terminal", 4),
        text("state", 24),
        text("sent_at", 32),
        text("heard_at", 32),
        Column("body", JSON(), nullable=False),
        PrimaryKeyConstraint("terminal", name="pk_heartbeats"),
    )
    op.create_table(
        "items",
        text("terminal", 4),
        text("item_id", 36),
        text("carried_by", 4),
        text("code", 32),
        text("kind", 16),
        text("service", 64),
        text("definition_version", 32),
        Column("sequence", BigInteger(), nullable=False),
        text("previous_hash", 64),
        text("item_hash", 64),
        text("verdict", 16),
        text("received_at_kiosk", 40),
        text("clock_quality", 16),
        text("registered_at", 32),
        Column("header", JSON(), nullable=False),
        Column("sealed", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("terminal", "item_id", name="pk_items"),
    )
    op.create_table(
        "refusals",
        text("terminal", 4),
        text("item_id", 36),
        text("code", 32),
        text("kind", 16),
        text("service", 64),
        text("verdict", 16),
        text("reason", 64),
        text("first_at", 32),
        text("last_at", 32),
        Column("times", BigInteger(), nullable=False),
        PrimaryKeyConstraint("terminal", "item_id", name="pk_refusals"),
    )
    op.create_table(
        "terminals",
        text("terminal", 4),
        text("name", 64),
        Column("public_key", LargeBinary(length=32), nullable=False),
        text("enrolled_at", 32),
        text("revoked_at", 32, null=True),
        text("seen_at", 32, null=True),
        PrimaryKeyConstraint("terminal", name="pk_terminals"),
    )


def downgrade() -> None:
    """The first revision has nothing before it."""
    message = "0001 cannot be undone"
    raise NotImplementedError(message)
