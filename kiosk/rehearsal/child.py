"""The other side of `kill`: a terminal that says each step of submit and waits to be let go on."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from kiosk.assembly.terminal import Observers, assemble
from kiosk.rehearsal.scenario import Scenario
from kiosk.rehearsal.script import Player
from kiosk.settings import load_text


class LockStep:
    """Writes `step NAME` and blocks until a line comes back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        with self._lock:
            sys.stdout.write(f"step {name}\n")
            sys.stdout.flush()
            sys.stdin.readline()


def run_child(scenario: Scenario, ini: Path) -> None:
    """Play the scenario in lock step. Ends by SIGKILL, or at the end of the script."""
    settings, problems = load_text(ini.read_text("utf-8"), ini.name, ini.parent)
    if settings is None:
        raise SystemExit("; ".join(str(problem) for problem in problems))
    terminal = assemble(settings, Observers(progress=LockStep()))
    try:
        player = Player(terminal, None)
        for step in scenario.steps:
            player.play(step)
    finally:
        terminal.close()
