"""The technician's commands for the receipt printer. They work while the terminal runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli import NOT_FINE, config_option, json_option, settings_or_exit, show

if TYPE_CHECKING:
    from drivers.print_journal import JobEntry, JobJournal
    from drivers.receipt_printer.roll import PaperRoll
    from kiosk.settings import Settings

_STATES = {"unknown": "不知道打出来没有 / not known", "failed": "没有打出来 / did not come out"}


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
    jobs = [_row(entry) for entry in journal.unsettled()]
    used_cm = round(roll.roll.used_mm / 10)
    low = roll.low_by_estimate()
    problem = journal.problem or roll.problem
    lines = [f"{job['code']} {job['at']} {_STATES[job['state']]} {job['cause']}".rstrip() for job in jobs]
    lines += [f"已用纸约 {used_cm} 厘米 / about {used_cm} cm of paper used"]
    lines += ["纸可能快用完 / the roll may be near its end"] if low else []
    lines += [f"打印记录读写不了 / the record cannot be used: {problem}"] if problem else []
    data = {
        "ok": not (jobs or low or problem),
        "jobs": jobs,
        "used_cm": used_cm,
        "low": low,
        "problem": problem,
    }
    show(as_json, data, lines)
    sys.exit(0 if data["ok"] else NOT_FINE)


@printer.command("acknowledge")
@click.argument("codes", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every slip that `printer status` names.")
@config_option
@json_option
def printer_acknowledge(codes: tuple[str, ...], everything: bool, config: Path, as_json: bool) -> None:
    """Say that staff have seen to these slips: the resident has one, or needs none. Prints nothing.

    CODES are case codes as `printer status` shows them.
    """
    if everything is bool(codes):
        message = "name case codes, or use --all"
        raise click.UsageError(message)
    data, lines = acknowledge(settings_or_exit(config), None if everything else codes)
    show(as_json, data, lines)
    sys.exit(0 if data["ok"] else NOT_FINE)


def acknowledge(settings: Settings, codes: Iterable[str] | None) -> tuple[dict[str, Any], list[str]]:
    """The staff's action itself; None for every code. What was done, as an object and as words."""
    from drivers.contract import Failed

    journal = _journal(settings)
    wanted = [entry.job_id for entry in journal.unsettled()] if codes is None else list(dict.fromkeys(codes))
    done = journal.acknowledge(wanted)
    if isinstance(done, Failed):
        words = f"没有记下 / not recorded: {done.reason}"
        return {"ok": False, "acknowledged": [], "unknown_codes": [], "problem": done.reason}, [words]
    strange = [code for code in wanted if code not in done.value]
    lines = [f"{code}: 已处理 / seen to" for code in done.value]
    lines += [f"{code}: 没有这样一张 / no such slip waits" for code in strange]
    problem = journal.problem
    data = {
        "ok": not (strange or problem),
        "acknowledged": list(done.value),
        "unknown_codes": strange,
        "problem": problem,
    }
    return data, lines or [problem or "没有要处理的 / nothing waits"]


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


def _row(entry: JobEntry) -> dict[str, str]:
    at = datetime.fromtimestamp(entry.wall_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"code": entry.job_id, "state": entry.state.value, "at": at, "cause": entry.cause}


def _journal(settings: Settings) -> JobJournal:
    from drivers.print_journal import JobJournal
    from kiosk.paper.spool import journal_path

    return JobJournal(journal_path(settings))


def _roll(settings: Settings) -> PaperRoll:
    from kiosk.paper.spool import paper_roll

    return paper_roll(settings)
