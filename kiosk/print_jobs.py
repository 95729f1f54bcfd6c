"""Print jobs that staff should see to, slips and documents alike: named, and acknowledged."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli import NOT_FINE, config_option, json_option, settings_or_exit, show

if TYPE_CHECKING:
    from drivers.print_journal import JobEntry, JobJournal
    from kiosk.settings import Settings

    JournalOf = Callable[[Settings], JobJournal]

_STATES = {"unknown": "不知道打出来没有 / not known", "failed": "没有打出来 / did not come out"}


def waiting(journal: JobJournal) -> tuple[list[dict[str, str]], list[str]]:
    """The jobs that wait for staff, as objects and as words."""
    jobs = [_row(entry) for entry in journal.unsettled()]
    return jobs, [
        f"{job['code']} {job['at']} {_STATES[job['state']]} {job['cause']}".rstrip() for job in jobs
    ]


def problem_lines(problem: str) -> list[str]:
    """What is said of a record that cannot be used; nothing of one that can."""
    return [f"打印记录读写不了 / the record cannot be used: {problem}"] if problem else []


def acknowledge(journal: JobJournal, codes: Iterable[str] | None) -> tuple[dict[str, Any], list[str]]:
    """The staff's action itself; None for every code. What was done, as an object and as words."""
    from drivers.contract import Failed

    wanted = [entry.job_id for entry in journal.unsettled()] if codes is None else list(dict.fromkeys(codes))
    done = journal.acknowledge(wanted)
    if isinstance(done, Failed):
        words = f"没有记下 / not recorded: {done.reason}"
        return {"ok": False, "acknowledged": [], "unknown_codes": [], "problem": done.reason}, [words]
    strange = [code for code in wanted if code not in done.value]
    lines = [f"{code}: 已处理 / seen to" for code in done.value]
    lines += [f"{code}: 没有这样的打印 / no such print waits" for code in strange]
    problem = journal.problem
    data = {
        "ok": not (strange or problem),
        "acknowledged": list(done.value),
        "unknown_codes": strange,
        "problem": problem,
    }
    return data, lines or [problem or "没有要处理的 / nothing waits"]


def acknowledge_command(journal_of: JournalOf, words: str) -> click.Command:
    """The command `acknowledge` of a printer's group; `words` are its help."""

    @click.command("acknowledge", help=words)
    @click.argument("codes", nargs=-1)
    @click.option("--all", "everything", is_flag=True, help="Every one that `status` names.")
    @config_option
    @json_option
    def command(codes: tuple[str, ...], everything: bool, config: Path, as_json: bool) -> None:
        if everything is bool(codes):
            message = "name codes, or use --all"
            raise click.UsageError(message)
        data, lines = acknowledge(journal_of(settings_or_exit(config)), None if everything else codes)
        show(as_json, data, lines)
        sys.exit(0 if data["ok"] else NOT_FINE)

    return command


def _row(entry: JobEntry) -> dict[str, str]:
    at = datetime.fromtimestamp(entry.wall_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"code": entry.job_id, "state": entry.state.value, "at": at, "cause": entry.cause}
