"""`main.py selftest`: card read, print, capture, frame age, queue fsync, sync round trip."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import click

from drivers.contract import CheckOutcome, Failed
from kiosk.cli import NOT_FINE, config_option, json_option, settings_or_exit, show


@click.command()
@config_option
@json_option
@click.option("--card/--no-card", default=True, help="Ask for a card and read it.")
@click.option(
    "--code/--no-code",
    default=True,
    help="Ask for a printed code and read it, where a code reader is fitted.",
)
@click.option("--print/--no-print", "paper", default=True, help="Print the results.")
@click.option(
    "--card-wait",
    "card_wait_s",
    type=click.FloatRange(1, 300),
    default=30,
    show_default=True,
    help="Seconds.",
)
@click.option(
    "--code-wait",
    "code_wait_s",
    type=click.FloatRange(1, 300),
    default=30,
    show_default=True,
    help="Seconds.",
)
def selftest(
    config: Path,
    *,
    as_json: bool,
    card: bool,
    code: bool,
    paper: bool,
    card_wait_s: float,
    code_wait_s: float,
) -> None:
    """Use every part once, as a visit would, and print the results; what a visit does not use yet is looked at.

    The terminal must be stopped: each device has one owner. Of the card only its kind and its checks
    are told, no picture is kept, and the centre gets an empty batch. Where a key or the queue cannot be
    used, that is told as a failed step, and what needs neither is still tried.

    Exit code 0: every part that is fitted passed (a step that was left out is told as not done).
    1: something failed, or the terminal is running.
    """
    from drivers.print_journal import JobJournal
    from kiosk import __version__
    from kiosk.control import ControlFailure, ask
    from kiosk.local_time import CHINA_TIME
    from kiosk.paper.spool import journal_path
    from kiosk.print_jobs import acknowledge
    from kiosk.selftest import optional
    from kiosk.selftest import steps as s
    from kiosk.selftest.parts import open_parts
    from kiosk.selftest.sheet import JOB_ID, line_of, sheet

    def say(words: str) -> None:
        click.echo(words, err=as_json)

    settings = settings_or_exit(config)
    asked = ask(settings.terminal.state, "health")
    if not (isinstance(asked, Failed) and asked.reason is ControlFailure.NOT_RUNNING):
        click.echo(
            "终端正在运行，请先停下，或用 doctor 看它 / the terminal is running: stop it first, or use doctor",
            err=True,
        )
        sys.exit(NOT_FINE)
    done: list[s.Step] = []
    with contextlib.ExitStack() as stack:
        parts = open_parts(settings, stack)
        devices = parts.devices
        if parts.hindrance is not None:
            done.append(parts.hindrance)
            say(line_of(parts.hindrance))

        def please() -> None:
            say(
                f"请放一张证件在读卡区，等 {card_wait_s:.0f} 秒 / put any card on the pad within {card_wait_s:.0f} s"
            )

        def please_a_code() -> None:
            say(
                f"请把任意一张回执的二维码对着摄像头，等 {code_wait_s:.0f} 秒 / "
                f"hold any slip's QR code before the camera within {code_wait_s:.0f} s"
            )

        made_at = parts.now_utc.astimezone(CHINA_TIME)
        todo: list[Callable[[], s.Step]] = [
            lambda: s.queue_fsync(settings.terminal.state),
            parts.round_trip,
            lambda: s.face_models(devices.face),
            lambda: s.camera_frames(devices.camera),
            lambda: (
                s.card_read(devices.identity_reader, card_wait_s, please)
                if card
                else s.not_done("card_read", "left out")
            ),
            lambda: (
                s.print_sheet(
                    devices.printer,
                    sheet(settings.terminal.number, settings.terminal.station, __version__, made_at, done),
                )
                if paper
                else s.not_done("print", "left out")
            ),
        ]
        # What few terminals have, and what has no step that uses it and is asked how it is; before the paper,
        # which lists it.
        tried = {"card", "face", "camera", "printer", optional.TOKEN, optional.CODE_READER}
        others = [(kind, device) for kind, device in devices.named().items() if kind not in tried]
        more: list[Callable[[], s.Step]] = []
        if (token := devices.token) is not None:
            more.append(lambda: optional.tokens_tried(token))
        if (reader := devices.code_reader) is not None:
            looks = devices.code_camera if code else None
            more.append(lambda: optional.code_read(reader, looks, code_wait_s, please_a_code))
        more += [lambda k=kind, d=device: s.looked_at(k, d) for kind, device in others]  # type: ignore[misc]
        todo[-1:-1] = more
        for number, step in enumerate(todo, 1):
            done.append(step())
            say(f"{number}/{len(todo)}{line_of(done[-1])}")
        if paper and devices.printer is not None:
            # No resident waits for it: whoever asked stands there.
            acknowledge(JobJournal(journal_path(settings)), [JOB_ID])
    ok = not any(step.outcome is CheckOutcome.FAILED for step in done)
    data = {
        "ok": ok,
        "schema": "jiujin.selftest/1",
        "terminal": settings.terminal.number,
        "version": __version__,
        "steps": [step.to_json() for step in done],
    }
    show(as_json, data, ["全部通过 / all passed" if ok else "有不通过的 / something failed"])
    sys.exit(0 if ok else NOT_FINE)
