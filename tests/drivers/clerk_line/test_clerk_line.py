"""The line to the clerks' desk, over a real wire: one word, or none; and the desk forgets the pictures each time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.clerk_line.contract import ClerkAnswer, ClerkFailure, ClerkQuestion, ClerkWord
from drivers.clerk_line.over_http import HttpClerkLine
from drivers.clerk_line.simulated import DeskFault, SimulatedDesk
from drivers.contract import Failed, Ok
from tests.drivers.waiting import PATIENCE_S

QUESTION = ClerkQuestion("0142", "0142K7QF93WDXM2A", b"card photo", b"live picture")


@pytest.fixture
def desk() -> Iterator[SimulatedDesk]:
    made = SimulatedDesk()
    yield made
    made.close()


@pytest.fixture
def line(desk: SimulatedDesk) -> Iterator[HttpClerkLine]:
    made = HttpClerkLine(desk.address, None, demo=True)
    yield made
    made.close()


def ask(line: HttpClerkLine, cancel: threading.Event | None = None, deadline_s: float = PATIENCE_S) -> object:
    return line.ask(QUESTION, deadline_s, cancel or threading.Event())


@pytest.mark.parametrize("word", ClerkWord)
def test_the_clerks_word_comes_and_the_desk_forgets(
    desk: SimulatedDesk, line: HttpClerkLine, word: ClerkWord
) -> None:
    desk.says = word
    assert ask(line) == Ok(ClerkAnswer(word, "C12"))
    assert desk.asked == 1
    assert desk.held == ()


def test_the_desk_sees_both_pictures_and_no_name_while_nobody_has_answered(
    desk: SimulatedDesk, line: HttpClerkLine
) -> None:
    desk.says = None
    cancel, came = threading.Event(), []
    asking = threading.Thread(target=lambda: came.append(ask(line, cancel)), daemon=True)
    asking.start()
    assert desk.wait_held(1, PATIENCE_S)
    assert desk.held[0] == QUESTION
    cancel.set()
    asking.join(PATIENCE_S)
    assert came == [Failed(ClerkFailure.CANCELLED)]
    assert desk.held == (), "whoever leaves takes the pictures away"


def test_a_desk_that_does_not_answer_in_time_has_nothing_left(
    desk: SimulatedDesk, line: HttpClerkLine
) -> None:
    desk.says = None
    assert ask(line, deadline_s=3.0) == Failed(ClerkFailure.TIMED_OUT)
    assert desk.asked == 1
    assert desk.held == ()


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (DeskFault.NOBODY_FREE, ClerkFailure.NOBODY_FREE),
        (DeskFault.ERROR, ClerkFailure.UNREADABLE),
        (DeskFault.GARBAGE, ClerkFailure.UNREADABLE),
    ],
)
def test_what_else_the_desk_does_is_no_word(
    desk: SimulatedDesk, line: HttpClerkLine, fault: DeskFault, failure: ClerkFailure
) -> None:
    desk.fault = fault
    assert ask(line) == Failed(failure)


@pytest.mark.parametrize("clerk", ["", "x" * 21, "<b>"])
def test_a_word_of_nobody_is_none(desk: SimulatedDesk, line: HttpClerkLine, clerk: str) -> None:
    desk.clerk = clerk
    assert ask(line) == Failed(ClerkFailure.UNREADABLE)
    assert desk.held == ()


def test_nobody_at_the_far_end(desk: SimulatedDesk, line: HttpClerkLine) -> None:
    desk.close()
    assert ask(line) == Failed(ClerkFailure.UNREACHED)


def test_pictures_leave_by_tls_alone_but_in_a_demonstration(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="https"):
        HttpClerkLine("http://127.0.0.1:1", None)
    with pytest.raises(OSError, match="No such file"):
        HttpClerkLine("https://127.0.0.1:1", tmp_path / "nothing.pem")


def test_nothing_of_a_question_is_in_a_repr() -> None:
    assert "picture" not in repr(QUESTION)
