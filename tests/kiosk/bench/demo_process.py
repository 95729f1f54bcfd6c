"""`python main.py demo` as a process of its own, looked at from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.kiosk.bench.patience import PATIENCE_S, dead

PROJECT = Path(__file__).resolve().parents[3]
XEV = "stdbuf -oL xev -geometry 1080x1920+0+0"


def command(folder: Path, *more: str) -> list[str]:
    """Leaves the machine's smart-card service alone, so that tests can run beside one another."""
    main = [sys.executable, str(PROJECT / "main.py"), "demo", "--json"]
    return [*main, "--into", str(folder), "--no-helper-slot", "--bench-port", "0", *more]


class Demo:
    """The process, what it announced and all its descendants at that time."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path) -> None:
        assert process.stdout is not None
        self.process, self.errors = process, errors
        line = process.stdout.readline()
        assert line, self.said()
        self.up: dict[str, Any] = json.loads(line)
        self.parts = self.descendants()

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def said(self) -> str:
        return self.errors.read_text("utf-8")

    def end(self, signal_number: int) -> int:
        """Send the signal and wait; the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(PATIENCE_S)

    def alive(self) -> list[str]:
        """The parts that still live."""
        return [f"{one}" for one in self.parts if not dead(one)]


@contextmanager
def running(folder: Path, *more: str, display: str = "") -> Iterator[Demo]:
    """A demo that is up. `display` becomes DISPLAY."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    errors = folder.parent / "errors.txt"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command(folder, *more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=folder.parent,
            env={**os.environ, "DISPLAY": display},
            start_new_session=True,
        )
    try:
        yield Demo(process, errors)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE_S)
        assert process.stdout is not None
        process.stdout.close()
