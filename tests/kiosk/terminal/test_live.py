"""The assembled terminal asks how far a case is: by the centre while it is reached, by itself while it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.bench.centre import Centre
from kiosk.case import parse_case_code
from kiosk.journey import events as ev
from kiosk.journey.states import State
from kiosk.journey.view import Code
from tests.drivers.waiting import wait_until
from tests.kiosk.terminal.hall import NO_CAMERA, PROJECT, REPORT, TRUST, Hall, hall

BY_THE_CENTRE, BY_ITSELF = "中心登记 20", "这台机器自己的记录"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Hall]:
    centre = Centre(PROJECT, tmp_path / "centre.sqlite", TRUST, tmp_path / "centre.log")
    try:
        with hall(tmp_path, centre_port=centre.port, settings=NO_CAMERA) as made:
            yield made
            made.village.set("network", "down")  # whoever waits on a half-open line is let go
    finally:
        centre.close()


def code_of_a_report(running: Hall) -> str:
    """Hand a report in and leave; the code of its slip."""
    running.report_a_problem()
    (shown,) = (block.code for block in running.view.blocks if isinstance(block, Code))
    running.press("finish", "skip", "begin")
    running.play(wait_state="attract")
    code = parse_case_code(shown)
    assert code is not None
    return code


def write(running: Hall, code: str) -> None:
    """From the first screen to a written code."""
    running.press("begin", "progress")
    running.terminal.send(ev.Entered("case_code", code))
    running.play(wait_enabled="look_up")


def asked(running: Hall, code: str) -> str:
    """What the screen says of this code, from the first screen and back to it."""
    write(running, code)
    running.press("look_up")
    running.wait(lambda view: not view.busy, "an answer")
    words = running.words
    running.press("cancel")
    running.play(wait_state="attract")
    return words


def test_a_case_is_found_by_its_code_at_the_centre_and_here_without_it(running: Hall) -> None:
    code = code_of_a_report(running)
    assert wait_until(lambda: BY_THE_CENTRE in asked(running, code))
    running.village.set("network", "down")
    without = asked(running, code)
    assert BY_ITSELF in without
    assert "12345" not in without, "it is found: nobody has to call"
    elsewhere = asked(running, code[:4] + "2" * 12)
    assert "照回执" in elsewhere


def test_nobody_is_held_while_the_line_says_nothing(running: Hall) -> None:
    """Half-open: the look-up waits for its deadline, the screen for nobody."""
    code = code_of_a_report(running)
    running.village.set("network", "half_open")
    write(running, code)
    running.press("look_up")
    running.press("back")
    running.play(wait_state=State.HOME.value)
    running.press(f"service:{REPORT}")
    running.play(wait_state=State.NOTICE.value)
