"""The window is always a way: with a slip that says where and what for, and nothing of the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from drivers.contract import Cause, Outcome
from drivers.receipt_printer.contract import PrintReport
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import action
from kiosk.paper.receipt import FORBIDDEN_BEFORE_ACCEPTANCE, lines_of
from kiosk.paper.window_slip import window_slip
from kiosk.rehearsal.script import words_of
from tests.kiosk.journey.visits import CODE, NAME, NUMBER, visit, world

NOW = datetime(2026, 11, 25, 9, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
WINDOW = visit(State.WINDOW)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_slip_says_where_what_for_and_what_to_bring_and_names_nobody(language: str) -> None:
    slip = window_slip(replace(WINDOW, language=language), world().place, NOW)
    told = "\n".join(lines_of(slip))
    for words in (
        "到窗口办理",
        "清河镇便民服务站",
        "养老待遇资格认证",
        "身份证",
        "12345",
        "2026-11-25 09:12",
        "不是回执",
    ):
        assert words in told
    assert ("no receipt" in told) is (language == "en")
    for personal in (NAME, NAME[0] + "*", NUMBER, NUMBER[-4:], CODE):
        assert personal not in told
    for promise in FORBIDDEN_BEFORE_ACCEPTANCE:
        assert promise not in told
    assert slip.counted_as == "", "it is no slip of a case, so that none is missed by it"


@pytest.mark.parametrize("outcome", Outcome)
def test_it_is_printed_once_whatever_became_of_it(outcome: Outcome) -> None:
    printing, effects = step(WINDOW, ev.Pressed("print_slip"), world())
    assert [type(effect) for effect in effects] == [fx.PrintWindowSlip]
    assert step(printing, ev.Pressed("print_slip"), world()) == (printing, ())
    waits = action(present(printing, world()), "print_slip")
    assert waits is not None
    assert (waits.enabled, waits.reason) == (False, "正在打印")
    after, _ = step(printing, ev.WindowSlipAnswered(PrintReport(outcome, Cause.PRINTER_ERROR)), world())
    assert step(after, ev.Pressed("print_slip"), world()) == (after, ())
    words = words_of(present(after, world()))
    assert ("请带好" in words) is (outcome is Outcome.DONE)
    assert ("请记下" in words) is (outcome is not Outcome.DONE)
    assert after.printed is None, "the slip of a case has its own outcome"


def test_without_a_printer_the_screen_serves_alone() -> None:
    without = replace(world(), printer_ready=False)
    offered = action(present(WINDOW, without), "print_slip")
    assert offered is not None
    assert (offered.enabled, offered.reason) == (False, "打印机暂时不能用")
    assert step(WINDOW, ev.Pressed("print_slip"), without) == (WINDOW, ())
    finish = action(present(WINDOW, without), "finish")
    assert finish is not None
    assert finish.enabled


def test_its_late_answer_is_not_taken_for_the_slip_of_a_case() -> None:
    shown = visit(State.RESULT)
    assert step(shown, ev.WindowSlipAnswered(PrintReport(Outcome.DONE)), world()) == (shown, ())
