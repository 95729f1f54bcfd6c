"""`queue refused`, `show`, `resend`, `give-back` and `export`: what a technician does with cases that are stuck."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk.case import parse_case_code
from kiosk.cli import NOT_FINE, config_option, json_option, load_or_exit, outbox_or_exit, show
from kiosk.repair import RETURNED_WORDS, GiveBack

if TYPE_CHECKING:
    from offline_queue.records import ItemSummary

_UNKNOWN = "没有这一件 / there is no such item"
_NOT_WRITTEN = "磁盘写不进去，请腾出空间再试 / the disk does not take it, please free space and try again"
_ERASED = " 送达前已撤回，内容已抹去 / withdrawn before it was sent, its content is erased"
_PROGRESS_EVERY = 100
_GIVE_BACK = {
    GiveBack.DONE: "已退还 / given back",
    GiveBack.NOT_REFUSED: _UNKNOWN,
    GiveBack.REPLACED: "已有新的一件代替它，请处理新的那件 / another item took its place, please see to that one",
    GiveBack.NOT_WRITTEN: _NOT_WRITTEN,
}


def _row(item: ItemSummary) -> dict[str, Any]:
    return {**asdict(item), "kind": item.kind.value, "state": item.state.value}


@click.command("refused")
@config_option
@json_option
def refused(config: Path, as_json: bool) -> None:
    """What the centre did not take, with its words. The terminal must be stopped."""
    with closing(outbox_or_exit(config)) as outbox:
        items = outbox.deliveries.quarantined()
    lines = [f"{item.sequence} {item.lane} {item.service}: {item.reason}" for item in items]
    fine = ["没有被退回的件 / nothing was refused"]
    show(as_json, {"ok": not items, "items": [_row(item) for item in items]}, lines or fine)
    sys.exit(NOT_FINE if items else 0)


@click.command("show")
@click.argument("code")
@config_option
@json_option
def show_case(code: str, config: Path, as_json: bool) -> None:
    """Where the case with this CODE stands, as far as this terminal was told. The terminal must be stopped."""
    lane = parse_case_code(code)
    if lane is None:
        raise click.UsageError("编号不正确 / this is no case code")
    with closing(outbox_or_exit(config)) as outbox:
        items, news = outbox.find(lane), outbox.deliveries.news(lane)
    lines = [
        f"{item.sequence} {item.kind.value} {item.state.value} {item.case_state}{_ERASED if item.erased else ''}"
        for item in items
    ]
    if news is not None:
        lines.append(f"{news.at} {news.state} {news.words_zh} / {news.words_en}")
    told = news.model_dump() if news is not None else None
    data = {"ok": bool(items), "items": [_row(item) for item in items], "news": told}
    show(as_json, data, lines or ["本机没有这个编号 / this terminal does not know this code"])
    sys.exit(0 if items else NOT_FINE)


@click.command("resend")
@click.argument("sequence", type=int, required=False)
@click.option("--all", "every", is_flag=True, help="All refused items.")
@click.option("--reason", metavar="TEXT", help="Those whose reason, as `queue refused` tells it, holds TEXT.")
@config_option
@json_option
def resend(sequence: int | None, every: bool, reason: str | None, config: Path, as_json: bool) -> None:
    """Send refused items again, after the centre was put right: the one with this number, --all, or by --reason.

    `queue refused` lists them. Sent again is not lost: the centre answers what it has already with `duplicate`.
    The terminal must be stopped; they go when it starts.
    Exit codes: 0 they will be sent, 1 there are none such or the disk does not take it, 2 neither a number
    nor an option, 78 not configured.
    """
    if (sequence is None) is not (every or reason is not None):
        raise click.UsageError(
            "请给出一个序号，或 --all，或 --reason / give one number, or --all, or --reason"
        )
    if reason is not None and not reason.strip():
        raise click.UsageError("--reason 不能为空 / --reason must not be empty; --all takes all")
    with closing(outbox_or_exit(config)) as outbox:
        wanted = [
            item.sequence
            for item in outbox.deliveries.quarantined()
            if sequence in (None, item.sequence) and (reason is None or reason in item.reason)
        ]
        resent = outbox.deliveries.requeue(*wanted)
    lines = {None: _NOT_WRITTEN, 0: _UNKNOWN}
    told = lines.get(resent, f"{resent} 件会再次送出 / {resent} will be sent again")
    show(as_json, {"ok": bool(resent), "resent": resent or 0, "message": told}, [told])
    sys.exit(0 if resent else NOT_FINE)


@click.command("give-back")
@click.argument("sequence", type=int)
@click.option("--words", default=RETURNED_WORDS, show_default=True, help="What the resident was told.")
@config_option
@json_option
def give_back(sequence: int, words: str, config: Path, as_json: bool) -> None:
    """Close a refused item for good: its sealed content is erased, its number stays known.

    The terminal must be stopped.
    """
    from kiosk import repair
    from kiosk.clock import Clock

    clock = Clock(load_or_exit(config).settings.terminal.state / "clock.json")
    with closing(outbox_or_exit(config)) as outbox:
        found = {item.sequence: item for item in outbox.deliveries.quarantined()}.get(sequence)
        outcome = repair.give_back(outbox, found, words, clock) if found else repair.GiveBack.NOT_REFUSED
    done, told = outcome is repair.GiveBack.DONE, _GIVE_BACK[outcome]
    show(as_json, {"ok": done, "outcome": outcome.value, "message": told}, [told])
    sys.exit(0 if done else NOT_FINE)


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@config_option
@json_option
def export(file: Path, config: Path, as_json: bool) -> None:
    """Write everything that the centre does not have into FILE, as on a USB stick, for `central import`.

    It stays sealed and stays here too, until the centre acknowledges it. The terminal must be stopped.
    Exit codes: 0 written, 1 the stick does not take it, 78 not configured.
    """
    from kiosk import keys
    from offline_queue.export import Heading, write_export
    from offline_queue.wire import Attachment, Item

    settings = load_or_exit(config).settings
    with closing(outbox_or_exit(config)) as outbox:
        counters = outbox.counters()
        total = counters.pending + counters.quarantined
        made_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        heading = Heading(terminal=outbox.terminal, head=outbox.head(), made_at=made_at)

        def progress(done: int) -> None:
            if done % _PROGRESS_EVERY == 0 or done == total:
                click.echo(f"已写出 / written {done}/{total}", err=True)

        def load(item: Item, told: Attachment) -> bytes | None:
            return deliveries.attachment(item.sequence, told.number)

        key, deliveries = keys.private_key(settings.trust.terminal_key), outbox.deliveries
        try:
            written = write_export(file, heading, deliveries.unsettled(), key, progress, load)
        except OSError as error:
            words = f"写不进去，请换一个U盘 / cannot be written, try another stick: {type(error).__name__}"
            show(as_json, {"ok": False, "items": 0, "message": words}, [words])
            sys.exit(NOT_FINE)
    # A damaged row, or one with a damaged attachment, is not written: what is missing is told, never passed over.
    fine = written == total
    words = f"写出 {written} 件，共 {total} 件 / {written} of {total} items written to {file.name}"
    show(as_json, {"ok": fine, "items": written, "of": total, "file": str(file)}, [words])
    sys.exit(0 if fine else NOT_FINE)


COMMANDS = (export, give_back, refused, resend, show_case)
