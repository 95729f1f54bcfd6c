"""Aggregates for Prometheus. Never a label per terminal: at 600,000 of them that breaks every store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from central import schema
from central.settings import CentreSettings


def exposition(engine: Engine, settings: CentreSettings) -> str:
    """The text format 0.0.4 of Prometheus."""
    silent_before = (datetime.now(UTC) - timedelta(seconds=settings.silent_after_s)).isoformat()
    lines: list[str] = []

    def family(name: str, words: str, rows: list[tuple[str, str, int]]) -> None:
        lines.append(f"# HELP {name} {words}")
        lines.append(f"# TYPE {name} gauge")
        lines.extend(
            f'{name}{{{label}="{value}"}} {count}' if label else f"{name} {count}"
            for label, value, count in rows
        )

    with engine.connect() as connection:
        by_state = connection.execute(
            select(schema.cases.c.state, func.count()).group_by(schema.cases.c.state)
        ).all()
        family("jiujin_cases", "Cases by state.", [("state", s, n) for s, n in by_state] or [("", "", 0)])
        evaluations = connection.execute(select(func.count()).select_from(schema.evaluations)).scalar_one()
        family("jiujin_evaluations", "Evaluations, skipped ones as well.", [("", "", evaluations)])
        refused = connection.execute(select(func.count()).select_from(schema.refusals)).scalar_one()
        family("jiujin_refused_items", "Items that were not taken.", [("", "", refused)])
        heard = connection.execute(
            select(schema.heartbeats.c.state, func.count())
            .where(schema.heartbeats.c.heard_at >= silent_before)
            .group_by(schema.heartbeats.c.state)
        ).all()
        total = connection.execute(select(func.count()).select_from(schema.terminals)).scalar_one()
        unknown = total - sum(n for _, n in heard)
        family(
            "jiujin_terminals",
            "Terminals by state; unknown when silent for three intervals.",
            [("state", s, n) for s, n in heard] + [("state", "unknown", unknown)],
        )
        forked = connection.execute(
            select(func.count())
            .select_from(schema.chain_heads)
            .where(schema.chain_heads.c.forked_at.is_not(None))
        ).scalar_one()
        family("jiujin_forked_chains", "Terminals whose chain contradicts itself.", [("", "", forked)])
    return "\n".join(lines) + "\n"
