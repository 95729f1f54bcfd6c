"""The technician's commands for the receipt printer. They work while the terminal runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli import NOT_FINE, config_option, json_option, settings_or_exit, show
from kiosk.print_jobs import acknowledge_command, problem_lines, waiting

if TYPE_CHECKING:
    from drivers.print_journal import JobJournal
    from drivers.receipt_printer.roll import PaperRoll
    from kiosk.settings import Settings


@click.group()
def printer() -> None:
    """Slips that staff should see to, and the paper roll."""


@printer.command("status")
@config_option
@json_option
def printer_status(config: Path, as_json: bool) -> None:
    """Which slips did not come out, or are not known to have, and how much of the roll is used."""
    settings = settings_or_exit(config)
    journal, roll = _journal(settings), _roll(settings)
    jobs, lines = waiting(journal)
    used_cm = round(roll.roll.used_mm / 10)
    low = roll.low_by_estimate()
    problem = journal.problem or roll.problem
    lines += [f"已用纸约 {used_cm} 厘米 / about {used_cm} cm of paper used"]
    lines += ["纸可能快用完 / the roll may be near its end"] if low else []
    lines += problem_lines(problem)
    data = {
        "ok": not (jobs or low or problem),
        "jobs": jobs,
        "used_cm": used_cm,
        "low": low,
        "problem": problem,
    }
    show(as_json, data, lines)
    sys.exit(0 if data["ok"] else NOT_FINE)


@printer.command("new-roll")
@config_option
@json_option
def printer_new_roll(config: Path, as_json: bool) -> None:
    """Count the paper anew: a new roll was put in."""
    roll = _roll(settings_or_exit(config))
    before_cm = round(roll.roll.used_mm / 10)
    roll.renewed()
    words = f"重新开始计数，上一卷用了约 {before_cm} 厘米 / counting anew, about {before_cm} cm of the last roll used"
    data = {"ok": not roll.problem, "used_before_cm": before_cm, "problem": roll.problem}
    show(as_json, data, [f"没有记下 / not recorded: {roll.problem}" if roll.problem else words])
    sys.exit(NOT_FINE if roll.problem else 0)


def _journal(settings: Settings) -> JobJournal:
    from drivers.print_journal import JobJournal
    from kiosk.paper.spool import journal_path

    return JobJournal(journal_path(settings))


def _roll(settings: Settings) -> PaperRoll:
    from kiosk.paper.spool import paper_roll

    return paper_roll(settings)


printer.add_command(
    acknowledge_command(
        _journal,
        "Say that staff have seen to these slips: the resident has one, or needs none. Prints nothing.\n\n"
        "CODES are case codes as `printer status` shows them.",
    )
)
