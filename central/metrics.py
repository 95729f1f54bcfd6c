"""Aggregates for Prometheus. Never a label per terminal: at 600,000 of them that breaks every store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine, func, select

from central import notices
from central.database import utc_now
from central.ops import casebook, fleet
from central.rounds import Rounds
from central.schema import evaluations, items, open_rechecks
from central.settings import CentreSettings

Sample = tuple[str, float]
"""Labels in braces, or nothing, and the value."""


def exposition(engine: Engine, settings: CentreSettings, threads: Iterable[Rounds]) -> str:
    """The text format 0.0.4 of Prometheus. `threads`: of the process that is asked."""
    now = utc_now()
    stand = [one.standing() for one in threads]
    with engine.connect() as connection:
        counts = fleet.counts(connection, settings, now)
        cases = casebook.by_state(connection)
        unopened = select(func.count()).select_from(items).where(items.c.opened_at.is_(None))
        waiting = connection.execute(unopened).scalar_one()
        unchecked = connection.execute(select(func.count()).select_from(open_rechecks)).scalar_one()
        untold = notices.count_for_staff(connection, now)
        rated = connection.execute(select(func.count()).select_from(evaluations)).scalar_one()
    oldest_s = (now - datetime.fromisoformat(counts.oldest_at)).total_seconds() if counts.oldest_at else 0.0
    families: tuple[tuple[str, str, Iterable[Sample]], ...] = (
        (
            "jiujin_terminals",
            "Terminals by state; unknown when silent for three intervals.",
            [(f'{{state="{name}"}}', count) for name, count in counts.by_state.items()],
        ),
        (
            "jiujin_cases",
            "Cases by state.",
            [(f'{{state="{name}"}}', count) for name, count in cases.items()] or [("", 0)],
        ),
        ("jiujin_evaluations", "Evaluations, skipped ones as well.", [("", rated)]),
        ("jiujin_unopened_items", "Items taken in and acknowledged, not opened yet.", [("", waiting)]),
        ("jiujin_open_rechecks", "Re-checks whose register has not answered yet.", [("", unchecked)]),
        (
            "jiujin_persons_untold",
            "Persons for whom somebody acted and whom no message reached: staff tell them.",
            [("", untold)],
        ),
        (
            "jiujin_thread_stuck",
            "1 where a thread of this process fails, begins nothing any more or has ended by itself.",
            [(f'{{thread="{one.name}"}}', one.troubled) for one in stand],
        ),
        (
            "jiujin_thread_stuck_seconds",
            "For how long that has been so; 0 where a thread does its work.",
            [(f'{{thread="{one.name}"}}', one.for_s(now)) for one in stand],
        ),
        (
            "jiujin_thread_failures_total",
            "Turns, or pieces of a turn, that failed in a thread since this process began; they are tried again.",
            [(f'{{thread="{one.name}"}}', one.failures) for one in stand],
        ),
        ("jiujin_refused_items", "Items that the centre did not take.", [("", counts.refused)]),
        ("jiujin_queue_pending", "Items that wait on terminals, as last told.", [("", counts.pending)]),
        ("jiujin_queue_quarantined", "Items in terminals' quarantine.", [("", counts.quarantined)]),
        (
            "jiujin_queue_oldest_seconds",
            "Age of the oldest item that waits on a terminal, unsent or refused.",
            [("", max(0.0, oldest_s))],
        ),
        (
            "jiujin_terminals_unsent",
            "Terminals whose oldest item, unsent or refused, as last told, is older; 72 hours is urgent.",
            [(f'{{over_hours="{hours}"}}', count) for hours, count in counts.unsent_over.items()],
        ),
        (
            "jiujin_revoked_terminals_seen",
            "Revoked terminals that came again in the last day.",
            [("", counts.came_back)],
        ),
        ("jiujin_forked_chains", "Terminals whose identity is in doubt.", [("", counts.forked)]),
    )
    lines: list[str] = []
    for name, words, samples in families:
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{labels} {value:.10g}" for labels, value in samples]
    return "\n".join(lines) + "\n"
