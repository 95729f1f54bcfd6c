"""`queue set-aside` and `remove-set-aside`: the files of damaged databases that lie beside the outbox."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from kiosk.cli import NOT_FINE, config_option, json_option, outbox_or_exit, show

if TYPE_CHECKING:
    from offline_queue.records import SetAside

_SALVAGED = "salvaged"
_STATES = {
    "damaged": "还没有抢救，用 queue salvage / not salvaged yet: use queue salvage",
    _SALVAGED: "已抢救 / salvaged",
    "log_alone": "只剩日志，数据库不在了 / only the log is left, its database is gone",
}
_NONE = "没有另存的数据库 / nothing was set aside"


def _line(one: SetAside) -> str:
    size = f"{one.size_bytes / 1024:.0f} KB"
    if one.items is None:
        held = "读不出 / cannot be read"
    else:
        held = (
            f"{one.items} 件，未办结 {one.unsettled} 件，只在这里的 {one.only_here} 件 / "
            f"{one.items} items, {one.unsettled} not settled, {one.only_here} only here"
        )
    return f"{one.file}  {size}  {_STATES[one.state]}；{held}"


@click.command("set-aside")
@config_option
@json_option
def set_aside(config: Path, as_json: bool) -> None:
    """Damaged databases that were set aside: what each holds and whether it was salvaged.

    A salvaged one goes by itself when the centre has settled all that is in it, or after 90 days if something
    of it was lost; one that was not salvaged stays. The terminal must be stopped.
    Exit codes: 0 nothing to do, 1 one waits for `queue salvage`, 78 not configured.
    """
    with closing(outbox_or_exit(config)) as outbox:
        files = outbox.set_aside()
    fine = all(one.state == _SALVAGED for one in files)
    show(as_json, {"ok": fine, "files": [asdict(one) for one in files]}, [*map(_line, files)] or [_NONE])
    sys.exit(0 if fine else NOT_FINE)


@click.command("remove-set-aside")
@click.argument("file")
@click.option("--confirm", metavar="FILE", help="The file's name once more; asked for if left out.")
@click.option(
    "--unsalvaged", is_flag=True, help="Even one that was not salvaged: its cases are gone for good."
)
@config_option
@json_option
def remove_set_aside(file: str, confirm: str | None, unsalvaged: bool, config: Path, as_json: bool) -> None:
    """Delete FILE, one of those that `queue set-aside` lists, with its log. This cannot be undone.

    The terminal must be stopped. Exit codes: 0 deleted, 1 not deleted, 2 not confirmed, 78 not configured.
    """
    with closing(outbox_or_exit(config)) as outbox:
        found = {one.file: one for one in outbox.set_aside()}.get(file)
        if found is None:
            _end(
                as_json,
                "not_found",
                f"没有这个文件，请看 queue set-aside / no such file: see queue set-aside: {file}",
            )
        if found.state != _SALVAGED and not unsalvaged:
            _end(
                as_json,
                "not_salvaged",
                f"{_line(found)}；没有删除，要删请加 --unsalvaged / not deleted: add --unsalvaged",
            )
        if confirm is None:
            click.echo(_line(found), err=True)
            confirm = click.prompt("再输入一次文件名以删除 / type the file's name to delete it", err=True)
        if confirm != file:
            raise click.UsageError("名字不一样，没有删除 / the names differ, nothing was deleted")
        try:
            outbox.remove_set_aside(found)
        except OSError as error:
            _end(as_json, "not_written", f"磁盘不让删 / the disk does not let it go: {error.strerror}")
    words = f"已删除 / deleted: {_line(found)}"
    show(as_json, {"ok": True, "outcome": "deleted", "file": asdict(found)}, [words])


def _end(as_json: bool, outcome: str, words: str) -> NoReturn:
    show(as_json, {"ok": False, "outcome": outcome, "message": words}, [words])
    sys.exit(NOT_FINE)


COMMANDS = (set_aside, remove_set_aside)
