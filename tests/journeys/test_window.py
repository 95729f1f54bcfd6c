"""The window itself: it stays, it ends when told, and it forgets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.groups import FACES
from tests.journeys.test_visits import PENSION, REPORT, pension_until_result, registered
from tests.journeys.window import PROJECT, Window

pytestmark = pytest.mark.window


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Window]:
    """A terminal with the shortest patience that may be set."""
    given = {("screen", "idle_warn_s"): "20", ("screen", "idle_countdown_s"): "20"}
    made = Window(tmp_path, ini=given)
    try:
        yield made
    finally:
        made.close()


def test_no_key_and_no_other_button_gets_out_of_the_window(window: Window) -> None:
    window.until("attract")
    for keys in ("Escape", "F1", "F11", "F12", "alt+F4", "ctrl+c", "ctrl+e", "ctrl+q"):
        window.xdotool("key", keys)
    window.xdotool("mousemove", "540", "700", "click", "3")
    window.xdotool("mousemove", "540", "700", "click", "2")
    window.press("action:help")
    window.wait("the dialog", lambda scene: scene["dialog"])
    assert "home" not in window.states
    window.press("action:close")
    window.until("attract")


def test_language_and_large_type_are_one_touch_away_and_end_with_the_visit(window: Window) -> None:
    window.press("action:begin")
    window.press("action:language")
    window.wait("English", lambda scene: scene["language"] == "en")
    window.press("action:elder")
    window.wait("large type", lambda scene: scene["elder"])
    window.press(PENSION)
    window.press("action:back")
    window.until("home")
    window.press("action:cancel")
    window.wait("a fresh start", lambda scene: scene["language"] == "zh" and not scene["elder"])


def test_an_abandoned_visit_is_wiped_with_what_was_being_written(impatient: Window) -> None:
    window = impatient
    window.press("action:begin")
    window.press(REPORT)
    window.press("action:next")
    window.press("action:next")
    window.press("option:category=light")
    window.press("action:next")
    window.press("field:place_text")
    for letter in "sanlicun":
        window.press(f"key:{letter}")
    window.press("candidate:0")
    window.wait("the warning", lambda scene: scene["dialog"], timeout_s=60)
    assert all(target["key"].startswith("action:") for target in window.wait("", lambda _: True)["targets"])
    window.until("ended", timeout_s=60)
    window.until("attract")
    window.press("action:begin")
    window.press(REPORT)
    window.press("action:next")
    window.press("action:next")
    assert window.target("option:category=light")
    window.press("action:next")
    assert window.target("option:category=light"), "the old answer let the page go on"


@pytest.mark.xdist_group(FACES)
def test_killed_after_the_promise_the_case_arrives_once(window: Window) -> None:
    window.village.set("network", "down")
    pension_until_result(window, on_record=False)
    window.kill()
    window.village.set("network", "up")
    window.restart()
    window.until("attract")
    assert registered(window, 1)


def test_ends_in_good_order_with_all_its_children(window: Window) -> None:
    window.until("attract")
    process = psutil.Process(window.child.pid)
    children = process.children(recursive=True)
    assert children
    assert window.child.end() == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """A terminal that serves while others are started beside it."""
    made = Window(tmp_path_factory.mktemp("standing"))
    try:
        made.until("attract")
        yield made
    finally:
        made.close()


def run(*options: str, ini: Path, display: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROJECT / "main.py"), "run", "--config", str(ini), *options],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=PROJECT,
    )


def in_service(standing: Window) -> str:
    """Its settings as a real terminal's: not a demonstration, and nothing in it that only one may have."""
    text = standing.ini.read_text("utf-8").replace("demo = true", "demo = false")
    only_in_a_demo = ("photo_decoder", "helper_kind")
    return "\n".join(line for line in text.splitlines() if not line.startswith(only_in_a_demo))


def test_without_a_display_it_says_so(standing: Window) -> None:
    text = standing.ini.read_text("utf-8").replace(str(standing.state), str(standing.folder / "other"))
    ini = standing.folder / "other.ini"
    ini.write_text(text, "utf-8")
    done = run(ini=ini)
    assert done.returncode == 1
    assert "没有可用的显示器" in done.stderr
    assert "no display" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_terminal_on_the_same_state_is_told_so(standing: Window) -> None:
    done = run(ini=standing.ini, display=standing.display.name)
    assert done.returncode == 78
    assert "Traceback" not in done.stderr


def test_the_sight_of_the_screen_is_for_the_demo_only(standing: Window) -> None:
    text = in_service(standing)
    ini = standing.folder / "service.ini"
    ini.write_text(text, "utf-8")
    done = run("--announce-fd", "1", ini=ini, display=standing.display.name)
    assert done.returncode == 78
    assert "demo only" in done.stderr
    assert done.stdout == ""


def test_demo_keys_do_not_serve(standing: Window) -> None:
    text = in_service(standing)
    ini = standing.folder / "service.ini"
    ini.write_text(text.replace(str(standing.state), str(standing.folder / "other")), "utf-8")
    done = run(ini=ini, display=standing.display.name)
    assert done.returncode == 78
    assert "demo = true" in done.stderr
