"""`python main.py demo`: the whole house on one machine."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kiosk.bench.lock import DemoLock
    from kiosk.bench.smart_cards import CardKind
    from kiosk.bench.stage import Plan, Stage

PROJECT = Path(__file__).resolve().parent.parent.parent
NOT_FINE = 1
TAKEN = 3
NOT_CONFIGURED = 78


@click.command()
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=PROJECT / ".demo",
    show_default=".demo",
    help="Folder for all state, kept between runs: centre.sqlite, the terminal's queue, kiosk.ini, logs.",
)
@click.option(
    "--bench-port",
    type=click.IntRange(0, 65535),
    default=8642,
    show_default=True,
    help="Port of the bench page; a free one when it is taken. 0 lets the system choose.",
)
@click.option("--virtual-display", is_flag=True, help="Use Xvfb even if there is a display.")
@click.option(
    "--card-reader",
    "card_kind",
    type=click.Choice(["sdt", "pcsc"]),
    default="sdt",
    show_default=True,
    help="The resident's reader: sdt reads identity cards; pcsc reads social-security cards, and the bench "
    "page then offers the faults of card, reader and other programs.",
)
@click.option("--no-helper-slot", is_flag=True, help="Leave the smart-card service (pcscd, vpcd) alone.")
@click.option("--terminal", "terminal", default="", hidden=True, help="A command in the terminal's place.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output when all is up.")
def demo(
    into: Path,
    bench_port: int,
    virtual_display: bool,
    card_kind: CardKind,
    no_helper_slot: bool,
    terminal: str,
    as_json: bool,
) -> None:  # the \b below is click's mark for lines that are not joined
    """Put up a terminal with simulated devices, the centre and a bench page to move them.

    Open the bench page in a browser: lay a card on the pad, show a face, tear the network, and touch
    the terminal's screen there. Without a display the terminal draws on a virtual one (Xvfb), which
    the bench page shows.

    All people are invented, and the keys are the demo's own. Ctrl-C ends everything. To begin anew,
    remove the folder of --into.

    \b
    Examples:
      python main.py demo
      python main.py demo --card-reader pcsc
      python main.py demo --json --bench-port 0 --virtual-display

    With --json the object is {"bench": address, "ops": address, "display": ":7", "xvfb": true,
    "terminal_pid": number}, and everything else goes to standard error.

    Exit codes: 0 ended on request, 1 a part did not start or the terminal died too often, 3 another
    demo runs in this folder, 78 set-up or kiosk.ini is not right.
    """  # noqa: D301
    from kiosk.bench.ending import adopt_orphans, end_leftovers
    from kiosk.bench.lock import AlreadyRunningError, DemoLock
    from kiosk.bench.stage import Plan

    if no_helper_slot and card_kind == "pcsc":
        message = (
            "--card-reader pcsc 要用智能卡服务，不能和 --no-helper-slot 一起用"
            " / needs the smart-card service, which --no-helper-slot leaves alone"
        )
        raise click.UsageError(message)
    into = into.resolve()
    plan = Plan(
        PROJECT,
        into,
        bench_port,
        virtual_display,
        not no_helper_slot,
        card_kind,
        terminal=tuple(shlex.split(terminal)),
    )
    try:
        lock = DemoLock(into / "demo.lock")
    except AlreadyRunningError as error:
        _say_to_stderr(
            f"这里已有一个演示在运行（{error.note}），没有改动任何东西",
            f"a demo is already running here ({error.note}), nothing was touched",
        )
        sys.exit(TAKEN)
    adopt_orphans()
    try:
        code = _perform(plan, lock, as_json=as_json)
    finally:
        left = end_leftovers()
        if left:
            _say_to_stderr(f"又结束了 {left} 个残留进程", f"ended {left} more processes that were left")
        lock.close()
    sys.exit(code)


def _perform(plan: Plan, lock: DemoLock, *, as_json: bool) -> int:
    from kiosk.bench.centre import CentreNotStartedError
    from kiosk.bench.display import NoDisplayError
    from kiosk.bench.ending import EndRequest, EndRequestedError
    from kiosk.bench.page_server import PageNotServedError
    from kiosk.bench.stage import NotSetUpError, Stage
    from kiosk.bench.village import NoCardServiceError
    from kiosk.settings import NotConfiguredError

    say = _say_to_stderr if as_json else _say_to_stdout
    with EndRequest() as request:
        try:
            stage = Stage(plan, say, request)
        except EndRequestedError:
            say("已结束", "ended")
            return 0
        except NotSetUpError as error:
            _say_to_stderr(
                f"缺少 {error.missing}，请先运行 make setup", f"{error.missing} missing: run make setup first"
            )
            return NOT_CONFIGURED
        except NotConfiguredError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            return NOT_CONFIGURED
        except NoCardServiceError as error:
            _say_to_stderr(
                f"智能卡服务没有运行，读不了社保卡（{error}）",
                f"the smart-card service does not run, and --card-reader pcsc needs it: {error}",
            )
            return NOT_FINE
        except (NoDisplayError, CentreNotStartedError, PageNotServedError) as error:
            _say_to_stderr(f"没有启动成功，日志在 {plan.folder}", f"{error}, in {plan.folder}")
            return NOT_FINE
        try:
            lock.note(f"pid {os.getpid()}, {stage.page.url}")
            _announce(stage, as_json=as_json)
            wished = stage.run(request)
        finally:
            say("正在结束……", "ending everything...")
            stage.close()
        say("已结束", "ended")
    return 0 if wished else NOT_FINE


def _announce(stage: Stage, *, as_json: bool) -> None:
    if as_json:
        found = {
            "bench": stage.page.url,
            "ops": stage.centre.ops_url,
            "display": stage.display,
            "xvfb": stage.virtual,
            "terminal_pid": stage.keeper.child.pid,
        }
        click.echo(json.dumps(found))
    else:
        click.echo(
            f"\n  试验台 Bench page   {stage.page.url}\n"
            f"  运维页 Ops page     {stage.centre.ops_url}\n"
            "                      浏览器会提示证书：那是演示自己的 / the browser warns: a demo certificate\n"
            f"  数据   State        {stage.folder}\n"
            "  Ctrl-C 结束 / ends everything\n"
        )


def _say_to_stdout(zh: str, en: str) -> None:
    click.echo(f"[demo] {zh} / {en}")


def _say_to_stderr(zh: str, en: str) -> None:
    click.echo(f"[demo] {zh} / {en}", err=True)
