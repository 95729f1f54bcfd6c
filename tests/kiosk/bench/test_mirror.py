"""The mirror shows what a real X client draws, and a click reaches it."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from kiosk.bench.child import Child
from kiosk.bench.display import VirtualDisplay
from kiosk.bench.mirror import Snapshots, mirror_of
from kiosk.bench.web import ScreenUnseenError
from tests.kiosk.bench.patience import PATIENCE_S, says, until


@contextmanager
def client(display: VirtualDisplay, tmp_path: Path, *command: str) -> Iterator[Path]:
    """A program on the display; yields its log."""
    child = Child(
        ["stdbuf", "-oL", *command],
        log=tmp_path / "client.log",
        cwd=tmp_path,
        environment={"DISPLAY": display.name},
    )
    yield child.log
    child.end()


def test_the_picture_shows_what_a_client_draws_where_it_draws_it(
    display: VirtualDisplay, tmp_path: Path
) -> None:
    mirror = mirror_of(display.name)

    def green(x: int, y: int) -> bool:
        with Image.open(io.BytesIO(mirror.screenshot())) as picture:
            assert (picture.format, picture.size) == ("JPEG", (800, 600))
            pixel = picture.convert("RGB").getpixel((x, y))
            assert isinstance(pixel, tuple)
            return pixel[1] > 200 and pixel[0] < 60 and pixel[2] < 60

    assert not green(390, 240)
    with client(
        display, tmp_path, "xmessage", "-bg", "#00ff00", "-geometry", "300x200+100+50", "-buttons", "", "."
    ):
        assert until(lambda: green(390, 240))
        assert not green(410, 240)
        assert not green(390, 260)
    assert until(lambda: not green(390, 240))


def test_a_click_reaches_the_client_at_its_place_with_the_first_button(
    display: VirtualDisplay, tmp_path: Path
) -> None:
    mirror = mirror_of(display.name)
    with client(display, tmp_path, "xev", "-geometry", "200x150+100+50") as log:
        assert says(log, "MapNotify")
        mirror.click(170, 90)
        assert says(log, "ButtonRelease")
        presses = re.findall(r"ButtonPress.*\n.*root:\((\d+),(\d+)\),\n.*button (\d)", log.read_text())
    assert presses == [("170", "90", "1")]


def test_a_display_that_is_gone_is_an_error_that_says_so(display: VirtualDisplay) -> None:
    mirror = mirror_of(display.name)
    display.close()
    with pytest.raises(ScreenUnseenError, match="unable to open X server"):
        mirror.screenshot()
    with pytest.raises(ScreenUnseenError, match="open display"):
        mirror.click(1, 1)


class Camera:
    """Counts its pictures; `now_s` is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.taken = 0
        self.snapshots = Snapshots(self.shoot, fresh_s=0.15, clock=lambda: self.now_s)

    def shoot(self) -> bytes:
        self.taken += 1
        self.now_s += 1.0  # a slow machine: longer than a picture stays fresh
        return b"picture %d" % self.taken


def test_a_picture_is_shared_while_it_is_fresh_counted_from_when_it_was_there() -> None:
    camera = Camera()
    assert camera.snapshots.latest() == b"picture 1"
    camera.now_s += 0.14
    assert camera.snapshots.latest() == b"picture 1"
    camera.now_s += 0.02
    assert camera.snapshots.latest() == b"picture 2"


def test_after_a_click_the_next_picture_is_new() -> None:
    camera = Camera()
    camera.snapshots.latest()
    camera.snapshots.forget()
    assert camera.snapshots.latest() == b"picture 2"


def test_a_failed_picture_is_not_kept() -> None:
    answers = iter([b"first", None, b"third"])

    def shoot() -> bytes:
        answer = next(answers)
        if answer is None:
            raise ScreenUnseenError
        return answer

    snapshots = Snapshots(shoot, fresh_s=0.0)
    assert snapshots.latest() == b"first"
    with pytest.raises(ScreenUnseenError):
        snapshots.latest()
    assert snapshots.latest() == b"third"


def test_browsers_that_ask_at_once_get_one_picture() -> None:
    shooting, go_on = threading.Event(), threading.Event()
    taken: list[int] = []

    def shoot() -> bytes:
        taken.append(1)
        shooting.set()
        assert go_on.wait(PATIENCE_S)
        return b"one"

    snapshots = Snapshots(shoot, clock=lambda: 0.0)
    seen: list[bytes] = []
    browsers = [threading.Thread(target=lambda: seen.append(snapshots.latest())) for _ in range(3)]
    for browser in browsers:
        browser.start()
    assert shooting.wait(PATIENCE_S)
    go_on.set()
    for browser in browsers:
        browser.join()
    assert (seen, len(taken)) == ([b"one"] * 3, 1)
