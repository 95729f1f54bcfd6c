"""`main.py staff`: the PIN of the staff menu, set by who has the machine's shell."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kiosk.cli import NOT_FINE, config_option, json_option, settings_or_exit, show
from kiosk.events import Noticed
from kiosk.staff.answers import Door, DoorAnswer
from kiosk.staff.door import StaffDoor
from kiosk.staff.pin import WORDS, weakness

DOOR_WORDS = {
    DoorAnswer.SHUT: "PIN 已设，可以试 / a PIN is set and may be tried",
    DoorAnswer.LOCKED: "锁住了 / locked",
    DoorAnswer.NO_PIN: "还没有设 PIN：python main.py staff set-pin / no PIN is set",
    DoorAnswer.BROKEN: "PIN 或试错次数读不出来，请重设 / the PIN or its count cannot be read, set it again",
}


@click.group()
def staff() -> None:
    """The staff menu behind the corner of the first screen."""


@staff.command("set-pin")
@config_option
@json_option
def set_pin(config: Path, as_json: bool) -> None:
    """Ask for a new PIN twice, without showing it. Wrong tries and a lock are forgotten."""
    door = _door(config)
    pin = _asked("新的 PIN / new PIN")
    weak = weakness(pin)
    if weak is not None:
        _end(as_json, weak.value, *WORDS[weak])
    if pin != _asked("再输一遍 / once more"):
        _end(as_json, "different", "两遍不一样，没有改", "the two differ, nothing is changed")
    try:
        door.set_pin(pin)
    except OSError as error:
        _end(
            as_json,
            "disk",
            "磁盘写不进去，没有改",
            f"the disk refuses ({error.strerror}), nothing is changed",
        )
    show(as_json, {"ok": True}, ["PIN 已设 / the PIN is set"])


@staff.command("status")
@config_option
@json_option
def status(config: Path, as_json: bool) -> None:
    """How the door stands: no PIN, locked for how long, or ready."""
    stands: Door = _door(config).look()
    fine = stands.answer is DoorAnswer.SHUT
    data = {"ok": fine, "door": stands.answer.value, "locked_s": stands.locked_s, "tries_left": stands.left}
    seconds = f" ({stands.locked_s} s)" if stands.locked_s else ""
    show(as_json, data, [DOOR_WORDS[stands.answer] + seconds])
    sys.exit(0 if fine else NOT_FINE)


def _door(config: Path) -> StaffDoor:
    return StaffDoor(settings_or_exit(config).terminal.state, Noticed().tell)


def _asked(words: str) -> str:
    """From the terminal without echo; the question goes to standard error, so that JSON stays alone."""
    answer: str = click.prompt(words, hide_input=True, err=True, default="", show_default=False)
    return answer


def _end(as_json: bool, reason: str, zh: str, en: str) -> None:
    show(as_json, {"ok": False, "reason": reason, "message_zh": zh, "message_en": en}, [f"{zh} / {en}"])
    sys.exit(NOT_FINE)
