"""The technician's commands for documents: check, print, see to what went wrong, try with a virtual printer."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kiosk.cli import NOT_CONFIGURED, NOT_FINE, PROJECT, config_option, json_option, settings_or_exit, show
from kiosk.print_jobs import acknowledge_command, problem_lines, waiting

if TYPE_CHECKING:
    from drivers.contract import Failed, Ok
    from drivers.document_printer.contract import DocumentReport
    from drivers.print_journal import JobJournal
    from kiosk.documents.office import DocumentOffice
    from kiosk.documents.refusal import Refusal
    from kiosk.settings import Settings

FAULTS = ("none", "jam", "jam-after-a-page", "no-paper", "abort", "nothing")
_OUTCOMES = {
    "done": ("打印机确认已打出", "printed, by the printer's own word"),
    "failed": ("没有打出", "not printed"),
    "unknown": ("不知道有没有打出：看出纸口，不要重印", "not known: look at the tray, do not print again"),
}
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_authorisation = click.option(
    "--authorisation", type=_file, required=True, help="The centre's signed authorisation (JSON)."
)


@click.group()
def document() -> None:
    """Documents that are printed once, on A4, with the centre's authorisation.

    A document needs two words: its issuer's signature inside the PDF, under the root of
    kiosk.ini [document_printer], and the centre's authorisation that names its SHA-256.
    Exit codes: 0 fine, 1 refused, failed or not known, 78 not configured.
    """


@document.command("check")
@click.argument("file", type=_file)
@_authorisation
@config_option
@json_option
def check(file: Path, authorisation: Path, config: Path, as_json: bool) -> None:
    """Say whether FILE would be printed, and if not, why. Nothing is printed or recorded."""
    from drivers.contract import Failed

    with _office(settings_or_exit(config)) as office:
        found = office.verify(file.read_bytes(), authorisation.read_bytes())
    if isinstance(found, Failed):
        _end(found, as_json)
    allowed, pages = found.value
    data = {"ok": True, "case_code": allowed.case_code, "authorisation": allowed.id, "pages": pages}
    show(as_json, data, [f"{file.name}: {pages} 页，可以打印 / {pages} pages, may be printed"])


@document.command("print")
@click.argument("file", type=_file)
@_authorisation
@config_option
@json_option
def print_(file: Path, authorisation: Path, config: Path, as_json: bool) -> None:
    """Check FILE, print it on the A4 printer, and wait for the printer's word.

    An authorisation is used from the first byte on, however the job ends. If the end is not known,
    look whether the page lies in the tray; another print needs another authorisation of the centre.
    """
    settings = settings_or_exit(config)
    if settings.document_printer.queue == "none":
        click.echo("kiosk.ini [document_printer] queue = none: 没有 A4 打印机 / no A4 printer", err=True)
        sys.exit(NOT_CONFIGURED)
    with _office(settings) as office:
        ended = office.print_document(file.read_bytes(), authorisation.read_bytes())
    _end(ended, as_json)


@document.command("status")
@config_option
@json_option
def status(config: Path, as_json: bool) -> None:
    """Which documents did not come out, or are not known to have. Works while the terminal runs."""
    journal = _journal(settings_or_exit(config))
    jobs, lines = waiting(journal)
    lines += problem_lines(journal.problem)
    data = {"ok": not (jobs or journal.problem), "jobs": jobs, "problem": journal.problem}
    show(as_json, data, lines or ["没有要处理的 / nothing waits"])
    sys.exit(0 if data["ok"] else NOT_FINE)


@document.command("demo")
@click.option(
    "--into", type=click.Path(path_type=Path), default=PROJECT / ".demo" / "document", help="Folder."
)
@click.option(
    "--fault", type=click.Choice(FAULTS), default="none", show_default=True, help="What the printer does."
)
@config_option
@json_option
def demo(into: Path, fault: str, config: Path, as_json: bool) -> None:
    """Try the whole way on this machine: a demo document, a print service and a printer of our own.

    Needs the packages and demo keys of set-up. What came out lies in the folder as paper.pdf and paper.png.
    """
    from drivers.document_printer.simulated import Fault
    from kiosk import keys
    from kiosk.documents.demo import try_out

    try:
        ended = try_out(settings_or_exit(config), into, Fault(fault))
    except keys.KeyFileError as error:
        click.echo(str(error), err=True)
        sys.exit(NOT_CONFIGURED)
    _end(ended, as_json)


def _journal(settings: Settings) -> JobJournal:
    from drivers.print_journal import JobJournal
    from kiosk.paper.spool import document_journal_path

    return JobJournal(document_journal_path(settings))


document.add_command(
    acknowledge_command(
        _journal,
        "Say that staff have seen to these documents: somebody looked at the tray and told the centre. "
        "Prints nothing.\n\nCODES are authorisations as `document status` shows them.",
    )
)


@contextlib.contextmanager
def _office(settings: Settings) -> Iterator[DocumentOffice]:
    from drivers.document_printer.cups_printer import CupsPrinter
    from kiosk import keys
    from kiosk.clock import Clock
    from kiosk.documents.authorisation import Ledger
    from kiosk.documents.office import DocumentCheck, DocumentOffice
    from kiosk.paper.spool import document_journal_path

    a4, state = settings.document_printer, settings.terminal.state
    try:
        if not settings.terminal.demo:
            keys.refuse_demo(a4.root, settings.centre.acknowledgement_key)
        centre_keys = keys.public_keys(settings.centre.acknowledgement_key)
    except keys.KeyFileError as error:
        click.echo(str(error), err=True)
        sys.exit(NOT_CONFIGURED)
    printer = CupsPrinter(a4.queue, document_journal_path(settings), server=a4.server, identity=a4.identity)
    clock = Clock(state / "clock.json")
    try:
        yield DocumentOffice(
            printer,
            DocumentCheck(a4.root),
            Ledger(state / "document-ledger.jsonl"),
            centre_keys,
            settings.terminal.number,
            lambda: clock.now().wall_utc,
        )
    finally:
        printer.close()


def _end(ended: Ok[DocumentReport] | Failed[Refusal] | Failed[str], as_json: bool) -> NoReturn:
    """Show how it ended, and leave with the exit code."""
    from drivers.contract import Failed, Outcome
    from kiosk.documents.refusal import WORDS, Refusal
    from kiosk.health import CAUSES

    if isinstance(ended, Failed):
        zh, en = WORDS[ended.reason] if isinstance(ended.reason, Refusal) else (ended.reason, ended.reason)
        data: dict[str, Any] = {"ok": False, "refused": str(ended.reason), "detail": ended.detail}
        show(as_json, data, [f"拒绝打印：{zh} / refused: {en} {ended.detail}".rstrip()])
        sys.exit(NOT_FINE)
    report = ended.value
    data = {
        "ok": report.outcome is Outcome.DONE,
        "outcome": report.outcome.value,
        "cause": report.cause.value if report.cause else None,
        "detail": report.detail,
        "pages_printed": report.pages_printed,
        "spool_wiped": report.wiped,
    }
    lines = [" / ".join(_OUTCOMES[report.outcome.value])]
    if report.cause is not None:
        text = CAUSES[report.cause.value]
        lines += [f"{text.technician[lang]}：{text.action[lang]}" for lang in ("zh", "en")]
    if report.detail:
        lines.append(report.detail)
    show(as_json, data, lines)
    sys.exit(0 if data["ok"] else NOT_FINE)
