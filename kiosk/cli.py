"""The technician's commands. Each has `--help` that teaches, `--json`, and exit codes for scripts.

Exit codes: 0 fine, 1 the thing looked at is not fine, 2 the command's words are off, 78 not configured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kiosk.settings import Loaded, Settings
    from offline_queue.records import Reconciliation, Salvaged
    from offline_queue.store import Outbox

PROJECT = Path(__file__).resolve().parent.parent
NOT_FINE = 1
NOT_CONFIGURED = 78
"""EX_CONFIG of sysexits.h."""

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=PROJECT / "kiosk.ini",
    show_default="kiosk.ini",
    help="The terminal's settings.",
)


def show(as_json: bool, data: dict[str, Any], lines: Sequence[str]) -> None:
    """Either the object or its words."""
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False))
    else:
        for line in lines:
            click.echo(line)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """就近 Jiujin: a self-service terminal for public services.

    Try `demo` first: a terminal with simulated devices, the centre and a bench page to move them.
    """


@cli.group()
def config() -> None:
    """Look at kiosk.ini."""


@config.command("check")
@config_option
@json_option
def config_check(config: Path, as_json: bool) -> None:
    """Name every wrong value and every unknown key, with its line and what to write instead.

    Whether two sources of kiosk.ini are one camera is seen by what is plugged in here: ask on the terminal itself.
    """
    from kiosk.settings import check
    from kiosk.settings.plugged import problems_here

    problems = (*check(config), *problems_here(config))
    rows = [
        {"file": p.file, "line": p.line, "key": p.key, "message_zh": p.message_zh, "message_en": p.message_en}
        for p in problems
    ]
    fine = [f"{config.name}: 没有问题 / fine"]
    show(as_json, {"ok": not problems, "problems": rows}, [str(p) for p in problems] or fine)
    sys.exit(NOT_FINE if problems else 0)


@cli.command()
@click.argument("name")
@json_option
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=PROJECT / ".demo" / "rehearsal",
    help="Folder for the state, the centre's database and the slip's picture.",
)
def rehearse(name: str, as_json: bool, into: Path) -> None:
    """Play one scripted visit through the real journey, drivers and queue, without a window.

    NAME is a scenario of tests/scenarios (pension_online, pension_offline, report_anonymous,
    face_refused, face_mismatch, sms_code, eid_qr, clerk_assists, under_age, for_another, printer_out,
    smart_card_trouble, killed) or the path of a .toml file.
    """
    from kiosk.rehearsal.places import own_places
    from kiosk.rehearsal.scenario import ScenarioError, find, load

    try:
        scenario = load(find(name, PROJECT / "tests" / "scenarios"))
        with own_places(into / scenario.name) as places:
            # only now: some libraries make temporary files at import
            from kiosk.bench.village import NoCardServiceError
            from kiosk.rehearsal.play import play

            try:
                report = play(scenario, PROJECT, places, quiet=as_json)
            except NoCardServiceError as error:
                message = (
                    f"智能卡服务没有运行 / the smart-card service does not run, which {name} needs: {error}"
                )
                raise click.ClickException(message) from error
    except ScenarioError as error:
        raise click.UsageError(str(error)) from error
    show(as_json, report.to_json(), report.lines())
    sys.exit(0 if report.ok else NOT_FINE)


@cli.command("rehearse-child", hidden=True)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@config_option
def rehearse_child(path: Path, config: Path) -> None:
    """The process that `rehearse killed` kills."""
    from kiosk.rehearsal.child import run_child
    from kiosk.rehearsal.scenario import load

    run_child(load(path), config)


@cli.group()
def catalogue() -> None:
    """Service definitions: list, check, sign."""


@catalogue.command("list")
@config_option
@json_option
def catalogue_list(config: Path, as_json: bool) -> None:
    """Which services load, installed or published by the centre, and why the others do not."""
    from kiosk import keys
    from kiosk.clock import Clock
    from kiosk.published import Published

    settings = settings_or_exit(config)
    state, publisher = settings.terminal.state, keys.public_key(settings.trust.publisher_key)
    published = Published(state, publisher, Clock(state / "clock.json"), settings.terminal.region)
    found = published.load(settings.catalogue.directory)
    services = [
        {"code": d.code, "version": d.definition_version, "title": d.title["zh"]} for d in found.definitions
    ]
    rejected = [
        {"file": r.file, "reason": r.reason, "message_zh": r.message_zh, "message_en": r.message_en}
        for r in found.rejected
    ]
    lines = [f"{s['code']} {s['version']} {s['title']}" for s in services]
    lines += [f"{r['file']}: {r['message_zh']} / {r['message_en']}" for r in rejected]
    show(as_json, {"ok": not found.faulty, "services": services, "rejected": rejected}, lines)
    sys.exit(NOT_FINE if found.faulty else 0)


@catalogue.command("sign")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--key",
    type=click.Path(exists=True, path_type=Path),
    default=PROJECT / ".setup" / "trust" / "publisher.key",
    help="The publisher's Ed25519 key; default: the demo publisher's.",
)
@json_option
def catalogue_sign(files: tuple[Path, ...], key: Path, as_json: bool) -> None:
    """Check each definition and sign it: FILE.json gets FILE.json.sig beside it."""
    from kiosk import keys
    from kiosk.catalogue.publish import PublishError, sign_definition

    private = keys.private_key(key)
    rows: list[dict[str, Any]] = []
    for file in files:
        try:
            sign_definition(file, private)
            rows.append({"file": file.name, "ok": True, "message": "已签名 / signed"})
        except PublishError as error:
            rows.append({"file": file.name, "ok": False, "message": str(error)})
    ok = all(row["ok"] for row in rows)
    show(as_json, {"ok": ok, "files": rows}, [f"{row['file']}: {row['message']}" for row in rows])
    sys.exit(0 if ok else NOT_FINE)


@cli.command("demo-sign", hidden=True)
def demo_sign() -> None:
    """Set-up's last step: sign what is new with the demo keys. What was changed is not signed again."""
    from kiosk.demo import sign_demo

    for line in sign_demo(PROJECT):
        click.echo(line)


@cli.group()
def queue() -> None:
    """Cases that wait for the centre."""


@queue.command("status")
@config_option
@json_option
def queue_status(config: Path, as_json: bool) -> None:
    """How many cases wait, how long, and what is set aside. The terminal must be stopped."""
    from kiosk.clock import Clock
    from kiosk.surroundings import age_of

    outbox = outbox_or_exit(config)
    try:
        counters = outbox.counters()
    finally:
        outbox.close()
    age = age_of(counters.oldest_pending, Clock(load_or_exit(config).settings.terminal.state / "clock.json"))
    data = {
        "ok": counters.quarantined == 0,
        "pending": counters.pending,
        "pending_bytes": counters.pending_bytes,
        "quarantined": counters.quarantined,
        "acknowledged": counters.acknowledged,
        "oldest_pending_at": counters.oldest_pending_at,
        "oldest_waited_s": int(age.seconds) if age else None,
        "oldest_known": age.exact if age else None,
        "sequence": counters.sequence,
    }
    show(as_json, data, [f"{key}: {value}" for key, value in data.items()])
    sys.exit(0 if data["ok"] else NOT_FINE)


@queue.command("migrate")
@click.option(
    "--to", "version", type=click.IntRange(min=1), help="The version wanted; the newest if left out."
)
@config_option
@json_option
def queue_migrate(version: int | None, config: Path, as_json: bool) -> None:
    """Bring the outbox to another version, forward or back, before another program version is installed.

    No case is lost either way. The terminal must be stopped.
    """
    from kiosk import keys
    from offline_queue.database import migrate_outbox
    from offline_queue.records import StoreError
    from offline_queue.schema import NEWEST

    settings = settings_or_exit(config)
    wanted = version or NEWEST
    try:
        key = keys.database_key(settings.trust.database_key)
        had = migrate_outbox(settings.terminal.state / "outbox", key, wanted)
    except (keys.KeyFileError, StoreError, ValueError) as error:
        click.echo("没有迁移，待送件都还在 / not migrated, every case is still there", err=True)
        click.echo(str(error), err=True)
        sys.exit(NOT_CONFIGURED)
    words = f"待送件数据库：第 {had} 版 → 第 {wanted} 版 / outbox: version {had} → {wanted}"
    show(as_json, {"ok": True, "from": had, "to": wanted}, [words])


@queue.command("verify")
@config_option
@json_option
def queue_verify(config: Path, as_json: bool) -> None:
    """Walk the chain and name the first broken link. The terminal must be stopped."""
    outbox = outbox_or_exit(config)
    try:
        report = outbox.verify()
        compared = outbox.deliveries.reconciliation()
    finally:
        outbox.close()
    broken = report.first_broken
    where = None if broken is None else {"sequence": broken.sequence, "what": broken.broken.value}
    words = "链条完整 / the chain is whole"
    if broken is not None:
        words = f"第 {broken.sequence} 件断了 / broken at {broken.sequence}: {broken.broken.value}"
    fine = report.whole and compared.whole
    data = {"ok": fine, "checked": report.checked, "broken": where, "centre": _told_by_the_centre(compared)}
    show(as_json, data, [words, _centre_words(compared)])
    sys.exit(0 if fine else NOT_FINE)


def _told_by_the_centre(compared: Reconciliation) -> dict[str, Any]:
    signed = compared.counter_signature
    return {
        "asked_at": compared.asked_at or None,
        "missing": compared.missing,
        "differing": compared.differing,
        "counter_signed": {"at": signed.at, "sequence": signed.head_sequence} if signed else None,
    }


def _centre_words(compared: Reconciliation) -> str:
    if compared.missing:
        return f"中心少了 {compared.missing} 件签收过的 / the centre has lost {compared.missing} that it acknowledged"
    if compared.differing:
        return "中心所存与本机不同 / the centre holds other items than this terminal"
    if compared.counter_signature is None:
        return "还没有和中心对过账 / not reconciled with the centre yet"
    signed = compared.counter_signature
    return (
        f"中心 {signed.at} 签字：到第 {signed.head_sequence} 件都在 / "
        f"the centre signed at {signed.at} that it holds all up to {signed.head_sequence}"
    )


@queue.command("salvage")
@config_option
@json_option
def queue_salvage(config: Path, as_json: bool) -> None:
    """Recover the cases of a damaged database that was set aside. May be repeated. The terminal must be stopped."""
    outbox = outbox_or_exit(config)
    try:
        salvaged = outbox.salvage()
    finally:
        outbox.close()
    lines = [_salvage_words(one) for one in salvaged]
    fine = all(one.readable and not one.lost and not one.waiting for one in salvaged)
    data = {"ok": fine, "files": [asdict(one) for one in salvaged]}
    show(as_json, data, lines or ["没有搁置的数据库 / nothing was set aside"])
    sys.exit(0 if fine else NOT_FINE)


def _salvage_words(one: Salvaged) -> str:
    if not one.readable:
        return f"{one.file}：读不出，文件已保留 / cannot be read; the file is kept"
    return (
        f"{one.file}：找回 {one.recovered} 件，原已在库 {one.already} 件，暂放不下 {one.waiting} 件，找不回 {one.lost} 件 / "
        f"recovered {one.recovered}, here before {one.already}, no room yet {one.waiting}, lost {one.lost}"
    )


def load_or_exit(config: Path) -> Loaded:
    """The settings and what was wrong with them; none usable ends the program, and why is told.

    Root goes on as the terminal's own user: what is written from here on belongs to the terminal.
    """
    from kiosk.acting import act_as_owner
    from kiosk.settings import NotConfiguredError, load
    from kiosk.settings.model import TerminalSection

    kept = config.parent / TerminalSection().state
    try:
        acting = act_as_owner(kept)
        loaded = load(config, kept / "kiosk.last-good.ini")
        acting = act_as_owner(loaded.settings.terminal.state) or acting
        if acting:
            click.echo(
                f"以 {acting} 的身份运行 / acting as {acting}, who owns the terminal's folder", err=True
            )
        return loaded
    except NotConfiguredError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(NOT_CONFIGURED)


def settings_or_exit(config: Path) -> Settings:
    """The settings to serve with; what was wrong goes to standard error."""
    loaded = load_or_exit(config)
    show_problems(loaded)
    return loaded.settings


def show_problems(loaded: Loaded) -> None:
    """What was wrong with the file, on standard error."""
    for problem in loaded.problems:
        click.echo(str(problem), err=True)


def outbox_or_exit(config: Path) -> Outbox:
    """The outbox of a stopped terminal; what stands against it ends the program, in words."""
    from kiosk import keys
    from offline_queue.records import StoreError
    from offline_queue.store import Outbox

    settings = settings_or_exit(config)
    try:
        return Outbox.open(
            settings.terminal.state / "outbox",
            terminal=settings.terminal.number,
            database_key=keys.database_key(settings.trust.database_key),
            signing_key=keys.private_key(settings.trust.terminal_key),
            sealing_key=keys.sealing_key(settings.centre.sealing_key),
        )
    except (keys.KeyFileError, StoreError) as error:
        click.echo(str(error), err=True)
        sys.exit(NOT_CONFIGURED)
