"""The technician's command for travel documents: one is read, and what of it can be believed is told."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from kiosk import recordings
from kiosk.cli import NOT_FINE, config_option, json_option, settings_or_exit, show

if TYPE_CHECKING:
    from drivers.card_reader.contract import CardFailure, CardRead
    from drivers.card_reader.emrtd.keys import Password
    from drivers.contract import Failed, Ok

_WAIT_S = 60.0
_CONVERSATION_S = 30.0
"""A portrait of 40 kB takes 4 to 8 s at 106 kbit/s, a slow chip with PACE and its keys some more."""
_MARKS = {"passed": "通过 / passed", "failed": "没有通过 / failed", "not_done": "没有做 / not done"}


@click.command("travel-document")
@click.option("--can", "by_can", is_flag=True, help="Ask for the card access number instead of the MRZ.")
@config_option
@json_option
def travel_document(by_can: bool, config: Path, as_json: bool) -> None:
    """Read one passport on the PC/SC reader while the terminal is stopped, and tell each check.

    Asks for what opens the chip: number, birth and expiry from the MRZ, or the CAN. Nothing that is
    typed or read is shown or kept.
    """
    from drivers.card_reader.emrtd.application import TravelDocumentCard
    from drivers.card_reader.emrtd.trust import load_folder
    from drivers.card_reader.pcsc import PcscReader

    settings = settings_or_exit(config)
    card = settings.card_reader
    folder = config.parent / card.csca_folder if card.csca_folder else None
    problems = list(load_folder(folder).problems) if folder is not None else []
    application = TravelDocumentCard(_password(by_can), folder)
    click.echo("请放上护照 / put the document on the reader", err=True)
    with contextlib.ExitStack() as stack:
        recorder = recordings.begin(settings, stack)
        tap = None if recorder is None else recorder.tap("travel_document")
        reader = PcscReader(card.reader_name, (application,), conversation_s=_CONVERSATION_S, tap=tap)
        stack.callback(reader.close)
        data, lines = told(reader.read(_WAIT_S, Event()), problems)
    show(as_json, data, lines)
    sys.exit(0 if data["ok"] else NOT_FINE)


def told(
    outcome: Ok[CardRead] | Failed[CardFailure], problems: list[str]
) -> tuple[dict[str, Any], list[str]]:
    """What was found as an object and as words; nothing of the person is in either."""
    from drivers.contract import Failed
    from drivers.evidence import assurance

    folder = [f"证书目录 / CSCA folder: {problem}" for problem in problems]
    if isinstance(outcome, Failed):
        data = {"ok": False, "reason": outcome.reason.value, "detail": outcome.detail, "folder": problems}
        return data, [*folder, f"没有读到 / not read: {outcome.reason.value} {outcome.detail}".rstrip()]
    read = outcome.value
    checks = [
        {"name": str(check.name), "outcome": check.outcome.value, "detail": check.detail}
        for check in read.evidence
    ]
    level = assurance(read.evidence).name.lower()
    photo = None if read.photo is None else read.photo.format.value
    lines = [f"{check['name']}: {_MARKS[check['outcome']]} {check['detail']}".rstrip() for check in checks]
    lines += [f"照片 / photo: {photo or '没有 / none'}", f"可信程度 / assurance: {level}"]
    return {"ok": True, "checks": checks, "assurance": level, "photo": photo, "folder": problems}, [
        *folder,
        *lines,
    ]


def _password(by_can: bool) -> Password:
    """Typed without an echo, so that it is in no command line and no history."""
    from drivers.card_reader.emrtd.keys import Can, MrzKey

    if by_can:
        return Can(click.prompt("CAN", hide_input=True).strip())
    typed = MrzKey(
        number=click.prompt("护照号码 / number", hide_input=True).strip().upper(),
        birth=click.prompt("出生日期 YYMMDD / birth", hide_input=True).strip(),
        expiry=click.prompt("有效期至 YYMMDD / expiry", hide_input=True).strip(),
    )
    if not typed.well_formed:
        message = "letters and digits for the number, six digits for each date"
        raise click.UsageError(message)
    return typed
