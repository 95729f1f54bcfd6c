"""The real terminal in a real window, moved through real pointer input.

A virtual display, the centre's process, the village's simulated hardware and `main.py run` stand as
in the demo; a finger is xdotool. Where things are on the screen the terminal announces itself (demo
only): keys and rectangles, no words.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kiosk.bench.centre import Centre
from kiosk.bench.child import Child
from kiosk.bench.configure import village_ini
from kiosk.bench.display import Size, VirtualDisplay
from kiosk.bench.village import Village
from screens.press import SETTLE_S

PROJECT = Path(__file__).resolve().parents[2]
START_S = 40.0
"""Face models load in this time on two slow cores."""
WAIT_S = 30.0
PANEL = Size(1080, 1920)


def _place(scene: dict[str, Any]) -> tuple[object, ...]:
    """What tells one screen from another."""
    targets = tuple((target["key"], target["enabled"], tuple(target["rect"])) for target in scene["targets"])
    return scene["state"], scene["dialog"], scene["language"], scene["elder"], targets


class Window:
    """One terminal on one display. `close` ends all of it."""

    def __init__(
        self,
        folder: Path,
        size: Size = PANEL,
        ini: dict[tuple[str, str], str] | None = None,
        *,
        use_helper_slot: bool = False,
        centre_options: tuple[str, ...] = (),
        program: Path = PROJECT / "main.py",
    ) -> None:
        self.folder, self._program = folder, program
        self._changed = threading.Condition()
        self._scene: dict[str, Any] = {}
        self._seen_s = 0.0
        self.states: list[str] = []
        self.seen: Callable[[dict[str, Any]], None] = lambda _scene: None
        """Told of every scene: for who does at once what the screen asks."""
        self.decision_s = WAIT_S
        """For a decision about the face; movements take longer, on a machine with much else to do above all."""
        with ExitStack() as stack:
            self.display = VirtualDisplay(size, folder / "display.log")
            stack.callback(self.display.close)
            trust = PROJECT / ".setup" / "trust"
            self.centre = Centre(
                PROJECT, folder / "centre.sqlite", trust, folder / "centre.log", *centre_options
            )
            stack.callback(self.centre.close)
            self.village = Village(
                PROJECT / ".setup" / "faces", self.centre.port, use_helper_slot=use_helper_slot
            )
            stack.callback(self.village.close)
            self.state, self.temp, self.log = folder / "state", folder / "temp", folder / "log"
            self.temp.mkdir()
            self.ini = folder / "kiosk.ini"
            given = {
                **self.village.settings(),
                # The window's terminal runs apart: it tells nobody which movement it asks for (moving_terminal does).
                ("face", "liveness"): "off",
                ("screen", "width_px"): str(size.width),
                ("screen", "height_px"): str(size.height),
                **(ini or {}),
            }
            self.ini.write_text(village_ini(PROJECT, given, self.state), "utf-8")
            self._stack = stack.pop_all()
        self._terminal = ExitStack()
        self.child = self._start()

    def _start(self) -> Child:
        read, write = os.pipe()
        child = Child(
            [
                sys.executable,
                str(self._program),
                "run",
                "--config",
                str(self.ini),
                "--announce-fd",
                str(write),
            ],
            log=self.log / "terminal.log",
            cwd=PROJECT,
            environment={"DISPLAY": self.display.name, "PYTHONUNBUFFERED": "1", "TMPDIR": str(self.temp)},
            pass_fds=(write,),
        )
        os.close(write)
        listener = threading.Thread(target=self._listen, args=(read,))
        listener.start()
        self._terminal.callback(listener.join)
        self._terminal.callback(child.end)
        return child

    def _listen(self, read: int) -> None:
        with os.fdopen(read, encoding="utf-8") as lines:
            for line in lines:
                scene = json.loads(line)
                with self._changed:
                    place = (scene["state"], scene["dialog"])
                    if place != (self._scene.get("state"), self._scene.get("dialog")):
                        self.states.append(scene["state"])
                    self._scene, self._seen_s = scene, time.monotonic()
                    self._changed.notify_all()
                self.seen(scene)

    def wait(
        self, what: str, holds: Callable[[dict[str, Any]], bool], timeout_s: float = WAIT_S
    ) -> dict[str, Any]:
        """The scene, as soon as `holds` is true of it."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._scene) and holds(self._scene), timeout_s):
                state = self._scene.get("state", "nothing")
                targets = [t["key"] for t in self._scene.get("targets", [])]
                message = f"{what}: not within {timeout_s} s; the screen shows {state} with {targets}"
                raise AssertionError(message)
            return self._scene

    def until(self, state: str, timeout_s: float = WAIT_S) -> None:
        self.wait(f"state {state}", lambda scene: scene["state"] == state and not scene["dialog"], timeout_s)

    def target(self, key: str, timeout_s: float = WAIT_S) -> dict[str, Any]:
        """The enabled target with this key."""

        def found(scene: dict[str, Any]) -> dict[str, Any] | None:
            return next((t for t in scene["targets"] if t["key"] == key and t["enabled"]), None)

        target = found(self.wait(key, lambda scene: found(scene) is not None, timeout_s))
        assert target is not None
        return target

    def press(self, key: str, timeout_s: float = WAIT_S, *, taps: int = 1) -> None:
        """Put a finger on the middle of a target and lift it, once the screen has settled.

        Returns when the screen has answered; keys and options answer only in words, which are not seen here.
        """
        while True:
            target = self.target(key, timeout_s)
            rest_s = self._seen_s + SETTLE_S[self._scene["elder"]] + 0.05 - time.monotonic()
            if rest_s <= 0:
                break
            time.sleep(rest_s)
        x, y, w, h = target["rect"]
        before = _place(self._scene)
        self.click(x + w // 2, y + h // 2, taps=taps)
        if key.startswith(("action:", "field:")):
            self.wait(f"an answer to {key}", lambda scene: _place(scene) != before, timeout_s)

    def recognised(self) -> None:
        """The form. A try that a loaded machine did not finish is repeated, as the screen offers; one
        that was compared and not matched is a failure.
        """

        def settled(scene: dict[str, Any]) -> bool:
            return scene["state"] == "form" or any(
                target["key"] == "action:try_face" for target in scene["targets"]
            )

        tries = 0
        while self.wait("a decision about the face", settled, self.decision_s)["state"] != "form":
            tries += 1
            log = (self.log / "terminal.log").read_text("utf-8")
            stalls = len(re.findall(r"a face attempt ended without a comparison: (timed_out|crashed)", log))
            assert stalls == tries, "the face was compared and not matched"
            self.press("action:try_face")

    def hold_staff_corner(self) -> None:
        """Rest a finger on the corner of the first screen until the staff's door is shown."""
        corner = self.wait("the staff's corner", lambda scene: scene["staff_corner"] is not None)[
            "staff_corner"
        ]
        x, y, w, h = corner
        self.xdotool("mousemove", str(x + w // 2), str(y + h // 2), "mousedown", "1")
        try:
            self.until("staff_door")
        finally:
            self.xdotool("mouseup", "1")

    def try_pin(self, pin: str) -> None:
        self.press("field:pin")
        for digit in pin:
            self.press(f"key:text:{digit}")
        self.press("key:done")

    def click(self, x: int, y: int, *, taps: int = 1) -> None:
        """`taps` of an impatient finger, 120 ms apart (case K01)."""
        self.xdotool("mousemove", str(x), str(y), "click", "--repeat", str(taps), "--delay", "120", "1")

    def xdotool(self, *words: str) -> None:
        subprocess.run(
            ["/usr/bin/xdotool", *words],
            env={**os.environ, "DISPLAY": self.display.name},
            check=True,
            timeout=10,
        )

    def request_close(self) -> None:
        """What a window manager sends for alt+F4 or a cross: WM_DELETE_WINDOW."""
        subprocess.run(
            [sys.executable, "-m", "tests.journeys.close_request"],
            env={**os.environ, "DISPLAY": self.display.name},
            cwd=PROJECT,
            check=True,
            timeout=20,
        )

    def type(self, field: str, *keys: str) -> None:
        """Write into a question with the keyboard on the screen."""
        self.press(f"field:{field}")
        for key in keys:
            self.press(key if key.startswith("candidate") else f"key:{key}")
        self.press("key:done")
        self.target(f"field:{field}")

    def screenshot(self, path: Path) -> None:
        subprocess.run(
            ["/usr/bin/import", "-display", self.display.name, "-silent", "-window", "root", str(path)],
            check=True,
            timeout=20,
        )

    @property
    def places(self) -> dict[str, Path]:
        """Where the terminal and its children write."""
        return {"state": self.state, "temp": self.temp, "log": self.log}

    def kill(self) -> None:
        """SIGKILL from outside, as a power cut would."""
        os.kill(self.child.pid, signal.SIGKILL)
        self._terminal.close()

    def restart(self) -> None:
        """The terminal again, on the same state and the same village."""
        with self._changed:
            self._scene = {}
        self.child = self._start()

    def close(self) -> None:
        self._terminal.close()
        self._stack.close()
