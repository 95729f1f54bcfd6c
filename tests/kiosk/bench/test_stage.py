"""The demo as one command: up, used, and gone whichever way it ends."""

from __future__ import annotations

import io
import os
import signal
import subprocess
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from PIL import Image

from kiosk.bench.display import Size, VirtualDisplay, size_of
from kiosk.bench.ending import EndRequest, EndRequestedError
from kiosk.bench.stage import NotSetUpError, Plan, Stage, _require_set_up
from kiosk.settings import check
from tests.kiosk.bench.demo_process import PROJECT, XEV, command, running
from tests.kiosk.bench.patience import PATIENCE_S, dead, says, until

pytestmark = pytest.mark.window


def touch(up: dict[str, Any], x: int, y: int) -> None:
    """As the page sends it."""
    answer = httpx.post(f"{up['bench']}click", data={"x": x, "y": y})
    assert answer.status_code == HTTPStatus.NO_CONTENT


def move(up: dict[str, Any], what: str, value: str) -> int:
    return httpx.post(f"{up['bench']}move/{what}", data={"value": value}).status_code


def test_it_is_up_is_used_refuses_a_second_one_and_ctrl_c_ends_all(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running(folder, "--terminal", XEV, display=":4711") as demo:
        assert demo.up["xvfb"] is True
        assert ":4711 没有应答" in demo.said()
        assert ":4711 does not answer" in demo.said()
        assert says(folder / "terminal.log", "MapNotify")
        assert psutil.Process(demo.up["terminal_pid"]).name() == "xev"
        assert sorted(part.name()[:6] for part in demo.parts) == [
            "Xvfb",
            "cupsd",
            "dbus-d",
            "ippeve",
            "python",
            "xev",
        ]
        assert check(folder / "kiosk.ini") == ()

        with Image.open(io.BytesIO(httpx.get(f"{demo.up['bench']}screen.jpg").content)) as picture:
            assert picture.size == (1080, 1920)
        touch(demo.up, 540, 1900)
        assert says(folder / "terminal.log", "root:(540,1900)")
        assert demo.up["ops"].startswith("https://127.0.0.1:")

        before = {file: file.read_bytes() for file in folder.iterdir() if file.suffix in (".ini", ".log")}
        second = subprocess.run(
            command(folder, "--terminal", XEV), capture_output=True, timeout=PATIENCE_S, check=False
        )
        assert (second.returncode, second.stdout) == (3, b"")
        assert f"pid {demo.process.pid}, {demo.up['bench']}" in second.stderr.decode()
        assert {file: file.read_bytes() for file in before} == before
        assert len(demo.alive()) == len(demo.parts)

        assert demo.end(signal.SIGINT) == 0
        assert demo.alive() == []
        assert "that were left" not in demo.said()
        assert size_of(demo.up["display"]) is None
    with running(folder, "--terminal", XEV) as again:
        assert (folder / "terminal.previous.log").exists()
        assert again.end(signal.SIGTERM) == 0
        assert again.alive() == []


def test_a_display_at_hand_is_used_and_outlives_the_demo(tmp_path: Path, display: VirtualDisplay) -> None:
    with running(tmp_path / "demo", "--terminal", XEV, display=display.name) as demo:
        assert (demo.up["display"], demo.up["xvfb"]) == (display.name, False)
        assert "--virtual-display" in demo.said()  # 800x600 is too small for the panel
        assert "Xvfb" not in [part.name() for part in demo.parts]
        assert demo.end(signal.SIGTERM) == 0
    assert size_of(display.name) == Size(800, 600)


def test_a_terminal_that_dies_is_started_again(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running(folder, "--terminal", XEV) as demo:
        os.kill(demo.up["terminal_pid"], signal.SIGKILL)
        assert says(demo.errors, "was ended by signal 9")
        assert says(demo.errors, "the terminal runs again")
        demo.parts = demo.descendants()
        assert until(lambda: "xev" in [part.name() for part in demo.parts])
        assert demo.end(signal.SIGINT) == 0
        assert demo.alive() == []


def test_a_terminal_that_cannot_live_is_given_up(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running(folder, "--terminal", "sh -c 'echo the reason; exit 5'") as demo:
        assert demo.process.wait(PATIENCE_S) == 1
        assert demo.said().count("it is restarted in") == 4
        assert f"{folder / 'terminal.log'}" in demo.said()
        assert "the reason\n" in demo.said()
        assert demo.alive() == []


def test_nothing_is_left_by_a_terminal_that_does_not_obey_and_hides_its_workers(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    stubborn = "trap '' TERM INT HUP; setsid sleep 1000 & sleep 1000 & echo ready; while :; do sleep 1; done"
    with running(folder, "--terminal", f'sh -c "{stubborn}"') as demo:
        assert says(folder / "terminal.log", "ready")
        assert until(lambda: [part.name() for part in demo.descendants()].count("sleep") >= 2)
        demo.parts = demo.descendants()
        demo.process.send_signal(signal.SIGINT)
        demo.process.send_signal(signal.SIGINT)  # an impatient second Ctrl-C changes nothing
        assert demo.process.wait(PATIENCE_S) == 0
        assert demo.alive() == []
        assert "more processes that were left" in demo.said()


def test_a_demo_that_is_killed_takes_its_parts_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running(folder, "--terminal", XEV) as demo:
        assert demo.end(signal.SIGKILL) == -signal.SIGKILL
        assert until(lambda: demo.alive() == [])
    with running(folder, "--terminal", XEV) as again:
        assert again.end(signal.SIGINT) == 0


def test_the_terminal_itself_appears_takes_a_touch_and_is_replaced_when_it_is_killed(tmp_path: Path) -> None:
    with running(tmp_path / "demo") as demo:
        screen = f"{demo.up['bench']}screen.jpg"

        def offers_to_begin() -> bool:
            """Is the wide blue button of the first screen there, at its left end, beside its words?"""
            with Image.open(io.BytesIO(httpx.get(screen).content)) as picture:
                pixel = picture.convert("RGB").getpixel((120, 1620))
                assert isinstance(pixel, tuple)
                return pixel[2] > pixel[0] + 60

        assert until(offers_to_begin)
        touch(demo.up, 540, 1620)
        assert until(lambda: not offers_to_begin())
        assert until(lambda: move(demo.up, "stop", "camera") == HTTPStatus.SEE_OTHER), "its child is found"
        assert move(demo.up, "kill", "document_camera") == HTTPStatus.CONFLICT, "it has none"
        workers = psutil.Process(demo.up["terminal_pid"]).children(recursive=True)
        os.kill(demo.up["terminal_pid"], signal.SIGKILL)
        assert says(demo.errors, "the terminal runs again")
        assert all(dead(worker) for worker in workers)
        assert until(offers_to_begin)
        demo.parts = demo.descendants()
        assert demo.end(signal.SIGINT) == 0
        assert demo.alive() == []
        assert "that were left" not in demo.said()


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_a_wish_to_end_while_it_starts_is_heard_and_nothing_is_left(tmp_path: Path, step: int) -> None:
    said: list[str] = []

    def say(zh: str, _en: str) -> None:
        said.append(zh)
        if zh.startswith(f"{step}/5"):
            signal.raise_signal(signal.SIGTERM)

    plan = Plan(PROJECT, tmp_path, bench_port=0, virtual_display=True, helper_slot=False)
    former = signal.getsignal(signal.SIGTERM)
    children = set(psutil.Process().children(recursive=True))
    with EndRequest() as request, pytest.raises(EndRequestedError):
        Stage(plan, say, request)
    assert len(said) == step
    assert set(psutil.Process().children(recursive=True)) == children
    assert signal.getsignal(signal.SIGTERM) is former


def test_what_set_up_brings_is_named_when_it_is_missing(tmp_path: Path) -> None:
    _require_set_up(PROJECT)
    with pytest.raises(NotSetUpError, match=r"^xvfb$"):
        _require_set_up(PROJECT, lambda program: None if program == "Xvfb" else f"/usr/bin/{program}")
    with pytest.raises(NotSetUpError, match=r"^\.setup/trust \.setup/faces$"):
        _require_set_up(tmp_path)
