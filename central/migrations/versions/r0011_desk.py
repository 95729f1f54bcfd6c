"""What staff and departments do to a case: words for its resident, re-checks that wait; who revoked a terminal."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, String

revision = "0011"
down_revision = "0014"
branch_labels = None
depends_on = None

_OF_CASES = ("words_zh", "words_en")
_OF_TERMINALS = {"revoked_by": 32, "revoked_why": 120, "revoked_seen_at": 32, "revoked_seen_from": 64}


def upgrade() -> None:
    op.create_table(
        "open_rechecks",
        Column("terminal", String(4), primary_key=True),
        Column("code", String(32), primary_key=True),
        Column("name", String(64), primary_key=True),
        Column("since", String(32), nullable=False),
        Column("next_at", String(32), nullable=False),
        Column("tries", BigInteger, nullable=False),
    )
    op.create_index("ix_open_rechecks_next_at", "open_rechecks", ["next_at"])
    for name in _OF_CASES:
        op.add_column("cases", Column(name, String(200), nullable=False, server_default=""))
        # A department's words were shown from its decision; from now on a case has its words in one place.
        op.execute(
            f"update cases set {name} = coalesce((select {name} from decisions where"  # noqa: S608 - a name from above
            " decisions.terminal = cases.terminal and decisions.code = cases.code and decided_at is not null"
            " order by decided_at limit 1), '') where state in"
            " ('accepted', 'decided', 'needs_correction', 'needs_clerk')"
        )
    for name, length in _OF_TERMINALS.items():
        op.add_column("terminals", Column(name, String(length)))
    op.add_column("terminals", Column("revoked_seen_times", BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    for name in ("revoked_seen_times", *_OF_TERMINALS):
        op.drop_column("terminals", name)
    for name in _OF_CASES:
        op.drop_column("cases", name)
    op.drop_table("open_rechecks")
