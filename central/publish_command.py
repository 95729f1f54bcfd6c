"""`central publish-definition`, `publish-configuration`, `spread`, `roll-back`, `publications`: story O3, by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from central.desk_command import NOT_FINE, CentreAt, database_of, json_option, show

if TYPE_CHECKING:
    from central.publications import Done, NotDone, Subject

F = TypeVar("F", bound=Callable[..., Any])
subject_argument = click.argument("subject", type=click.Choice(["definitions", "configuration"]))


def _by(command: F) -> F:
    return click.option("--by", required=True, help="Role or staff number, never a name.")(command)


def _canary(command: F) -> F:
    return click.option(
        "--canary",
        "percent",
        type=click.FloatRange(0.01, 100),
        default=5.0,
        show_default=True,
        help="Share of the terminals that get it first; at least one does.",
    )(command)


@click.command("publish-definition")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--publisher",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public key whose signature the terminals trust; by default publisher.pub in the trust folder.",
)
@_by
@_canary
@json_option
@click.pass_obj
def publish_definition(
    at: CentreAt, files: tuple[Path, ...], publisher: Path | None, by: str, percent: float, as_json: bool
) -> None:
    """Publish signed definition FILES (FILE.json with FILE.json.sig beside it): first to a few terminals.

    Each takes the place of the published one with the same code; the others stay. What a terminal would refuse (a
    bad signature, a broken rule, a fixture that comes out otherwise) is refused here. Then look at `central
    publications`, and `central spread definitions` or `central roll-back definitions`.

    Exit codes: 0 published, 1 refused.
    """
    from central.publications import publish
    from kiosk.catalogue.bundle import Bundle, SignedFile, read_bundle
    from kiosk.catalogue.load import Rejection, code_of, read_signed
    from kiosk.keys import public_key

    key = public_key(publisher or at.trust / "publisher.pub")
    rejected = [found for file in files if isinstance(found := read_signed(file, key), Rejection)]
    if rejected:
        lines = [f"{one.file}: {one.message_zh} / {one.message_en}" for one in rejected]
        show(as_json, {"ok": False, "reason": "refused", "files": lines}, "\n".join(lines))
        sys.exit(NOT_FINE)

    def make(former: str | None) -> str:
        known = read_bundle(former) if former else None
        new = [SignedFile.read(file) for file in files]
        codes, names = {code_of(one.text) for one in new}, {one.name for one in new}
        kept = [one for one in (known.files if known else ()) if code_of(one.text) not in codes]
        together = [one for one in kept if one.name not in names] + new
        return Bundle(files=tuple(sorted(together, key=lambda one: one.name))).to_text()

    with database_of(at) as engine:
        _tell(publish(engine, "definitions", make, by, percent), as_json)


@click.command("publish-configuration")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_by
@_canary
@json_option
@click.pass_obj
def publish_configuration(at: CentreAt, file: Path, by: str, percent: float, as_json: bool) -> None:
    """Publish settings for all terminals: FILE is JSON, {"schema": "jiujin.configuration/1", "settings": {"section.key": "value"}}.

    Only a few keys can be set from afar; they are named when another one is found. The whole set takes the place of
    the one before: a key that is left out is again what each kiosk.ini says.

    Exit codes: 0 published, 1 refused.
    """
    from central.publications import publish
    from kiosk.settings.from_afar import problems_of, read_configuration

    text = file.read_text("utf-8-sig", errors="replace")
    configuration = read_configuration(text)
    lines = (
        [f"{file.name}: 格式不正确，见 --help / not in the agreed form: see --help"]
        if configuration is None
        else [str(problem) for problem in problems_of(configuration.settings, file.name)]
    )
    if configuration is None or lines:
        show(as_json, {"ok": False, "reason": "refused", "problems": lines}, "\n".join(lines))
        sys.exit(NOT_FINE)
    content = configuration.model_dump_json(by_alias=True)
    with database_of(at) as engine:
        _tell(publish(engine, "configuration", lambda _former: content, by, percent), as_json)


@click.command("spread")
@subject_argument
@click.option("--anyway", is_flag=True, help="Also when some of the first terminals have not spoken yet.")
@_by
@json_option
@click.pass_obj
def spread_command(at: CentreAt, subject: Subject, anyway: bool, by: str, as_json: bool) -> None:
    """Give what the first terminals took to all others. Refused while one of them refuses it.

    Exit codes: 0 spread, 1 not.
    """
    from central.publications import spread

    with database_of(at) as engine:
        _tell(spread(engine, subject, by, anyway=anyway), as_json)


@click.command("roll-back")
@subject_argument
@_by
@json_option
@click.pass_obj
def roll_back_command(at: CentreAt, subject: Subject, by: str, as_json: bool) -> None:
    """Take the newest publication back: all who got it get the one before again, from their next visit on.

    Exit codes: 0 done, 1 there is nothing to take back.
    """
    from central.publications import roll_back
    from kiosk.catalogue.bundle import Bundle

    empty = {
        "definitions": Bundle(files=()).to_text(),
        "configuration": json.dumps({"schema": "jiujin.configuration/1", "settings": {}}),
    }
    with database_of(at) as engine:
        _tell(roll_back(engine, subject, empty[subject], by), as_json)


@click.command("publications")
@json_option
@click.pass_obj
def publications_command(at: CentreAt, as_json: bool) -> None:
    """Show what is published and how the terminals that were told take it.

    Exit codes: 0 nobody refuses, 1 somebody does.
    """
    from central.publications import overview

    with database_of(at) as engine:
        found = overview(engine)
    data = [
        {
            "subject": row.subject,
            "version": row.version,
            "state": row.state,
            "published_at": row.published_at,
            "taken": len(uptake.taken),
            "waiting": len(uptake.waiting),
            "refused": uptake.refused,
        }
        for row, uptake in found
    ]
    lines = [
        f"{one['subject']} {one['version']} {one['state']}：已采用 {one['taken']}，等待 {one['waiting']}，拒绝 "
        f"{len(one['refused'])} / taken {one['taken']}, waiting {one['waiting']}, refused {one['refused']}"
        for one in data
    ]
    words = "\n".join(lines) or "没有发布过 / nothing is published"
    fine = not any(uptake.refused for _, uptake in found)
    show(as_json, {"ok": fine, "publications": data}, words)
    sys.exit(0 if fine else NOT_FINE)


def _tell(done: Done | NotDone, as_json: bool) -> None:
    from central.publications import WORDS, NotDone

    if isinstance(done, NotDone):
        show(as_json, {"ok": False, "reason": done.value, "message": WORDS[done]}, WORDS[done])
        sys.exit(NOT_FINE)
    told = _some(done.told)
    words = (
        f"{done.subject} {done.version}（{done.state.value}）：已通知 {len(done.told)} 台 {told} / "
        f"{len(done.told)} terminals are told"
    )
    data = {"subject": done.subject, "version": done.version, "state": done.state.value}
    show(as_json, {"ok": True, **data, "told": list(done.told)}, words)


def _some(names: Sequence[str]) -> str:
    return " ".join(names[:10]) + (" …" if len(names) > 10 else "")


COMMANDS = (
    publish_definition,
    publish_configuration,
    spread_command,
    roll_back_command,
    publications_command,
)
