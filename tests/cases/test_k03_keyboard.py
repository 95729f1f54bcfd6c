"""Case K03: no key leaves the terminal, and nobody's typing goes anywhere."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from kiosk.journey.states import State
from screens.key_count import QUIET_S, REPORT_S, KeyCount
from tests.groups import ONE_PROBE
from tests.journeys.window import Window
from tests.screens.probing import probe
from tests.screens.touch_cases import BURST_KEYS, BURST_TEXT, KEYS

pytestmark = pytest.mark.xdist_group(ONE_PROBE)
X_NAMES = {"print": "Print", "menu": "Menu", "escape": "Escape", "tab": "Tab"} | {
    f"f{n}": f"F{n}" for n in range(1, 13)
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return probe("tests.screens.touch_probe", "k03", log=tmp_path_factory.mktemp("display") / "display.log")


@pytest.mark.window
def test_every_key_on_every_screen_opens_nothing_and_presses_nothing(found: dict[str, Any]) -> None:
    assert found["screens"] == sorted(State)
    assert found["settings panel"] is False
    assert found["on the window"] == ["Panel"]
    assert found["acted"] == ["Entered('place_text', masked)", "Pressed(action='help')"]  # the finger after


@pytest.mark.window
def test_closing_is_refused_on_every_screen_but_the_staffs(found: dict[str, Any]) -> None:
    assert found["closing is granted on"] == ["staff_health", "staff_menu"]


@pytest.mark.window
def test_a_burst_writes_nothing_and_is_told_once_with_its_count(found: dict[str, Any]) -> None:
    assert found["written by the burst"] == ""
    assert found["entered"] == [""]
    assert found["keys told"] == [found["keys sent"]]
    assert found["told in all"] == ["UnexpectedKeyboard"]


def test_a_burst_is_told_when_it_is_over_and_an_endless_one_each_minute() -> None:
    count = KeyCount()
    assert count.due(1000.0) == 0
    for number in range(2000):
        count.pressed(1000.0 + number / 2000)
        assert count.due(1000.0 + number / 2000) == 0
    assert count.due(1001.0 - 1 / 2000 + QUIET_S) == 2000
    assert count.due(1010.0) == 0
    told = []
    for second in range(150):
        count.pressed(2000.0 + second)
        told.append(count.due(2000.0 + second))
    assert [keys for keys in told if keys] == [REPORT_S + 1, REPORT_S + 1]


@pytest.mark.window
def test_the_real_terminal_outlives_a_keyboard(window: Window) -> None:
    window.press("action:begin")
    window.until("home")
    pid, states = window.child.pid, list(window.states)
    window.xdotool("key", "--delay", "1", *("+".join(map(x_name, key.split("+"))) for key in KEYS))
    typed = (BURST_TEXT * 200)[:BURST_KEYS]
    window.xdotool("type", "--delay", "0", typed)
    window.request_close()
    window.press("action:help")
    window.wait("an answer to the finger", lambda scene: scene["dialog"])
    assert window.child.pid == pid
    assert window.states == [*states, "home"]  # the dialog, and nothing before it
    log = the_log(window, "UnexpectedKeyboard")
    counts = [int(keys) for keys in re.findall(r"event UnexpectedKeyboard keys=(\d+)", log)]
    assert sum(counts) >= len(typed)
    assert BURST_TEXT[:6] not in log
    assert "Traceback" not in log


def x_name(key: str) -> str:
    return X_NAMES.get(key, key)


def the_log(window: Window, word: str, timeout_s: float = 30.0) -> str:
    deadline_s = time.monotonic() + timeout_s
    file: Path = window.log / "terminal.log"
    while word not in file.read_text("utf-8"):
        assert time.monotonic() < deadline_s, f"the log never says {word}"
        time.sleep(0.1)
    return file.read_text("utf-8")
