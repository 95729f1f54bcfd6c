"""`python main.py central import`, and what all the commands share that staff use at the centre's own machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from central.imports import Imported

NOT_FINE = 1
NOT_CONFIGURED = 78
"""EX_CONFIG of sysexits.h."""
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


@dataclass(frozen=True, slots=True)
class CentreAt:
    """Where the centre's data and keys are; given before the subcommand."""

    database: str
    trust: Path
    production: bool
    catalogue: Path | None = None


@contextmanager
def database_of(at: CentreAt) -> Iterator[Engine]:
    from central.database import open_database

    engine = open_database(at.database)
    try:
        yield engine
    finally:
        engine.dispose()


def show(as_json: bool, data: dict[str, Any], words: str) -> None:
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else words)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def import_file(at: CentreAt, file: Path, as_json: bool) -> None:
    """Take in a file that a terminal wrote with `queue export`. May be repeated: nothing is taken twice.

    Exit codes: 0 everything is here, 1 the file is not usable or a part was refused, 78 not configured.
    """
    from central.imports import import_export
    from central.trust import TrustError, load_trust
    from offline_queue.export import UNUSABLE_WORDS, Unusable

    try:
        trust = load_trust(at.trust, production=at.production)
    except TrustError as error:
        click.echo(str(error), err=True)
        sys.exit(NOT_CONFIGURED)

    def progress(done: int, total: int) -> None:
        click.echo(f"已导入 / imported {done}/{total}", err=True)

    with database_of(at) as engine:
        done = import_export(engine, trust, file, progress)
    if isinstance(done, Unusable):
        words = UNUSABLE_WORDS[done]
        show(as_json, {"ok": False, "reason": done.value, "message": words}, words)
        sys.exit(NOT_FINE)
    data = {"ok": done.fine, "terminal": done.terminal, "items": done.items, "verdicts": done.verdicts}
    show(as_json, {**data, "for_review": done.for_review}, _words(done))
    sys.exit(0 if done.fine else NOT_FINE)


def _words(done: Imported) -> str:
    counted = [done.verdicts.get(kind, 0) for kind in ("registered", "duplicate")]
    new, known = counted
    left = done.items - new - known
    words = (
        f"终端 {done.terminal}：新收 {new} 件，原已在 {known} 件，未收 {left} 件 / "
        f"terminal {done.terminal}: {new} new, {known} here before, {left} not taken"
    )
    if done.for_review:
        words += "\n终端已吊销，这些件由工作人员核对 / the terminal is revoked: staff confirm these cases"
    return words
