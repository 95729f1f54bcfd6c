"""A village and its settings, and the technician's commands as a technician calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kiosk.bench.centre import Centre
from kiosk.bench.configure import village_ini
from kiosk.bench.village import Village
from tests.kiosk.terminal.hall import PROJECT, TRUST

COMMAND_S = 120
Settings = Mapping[tuple[str, str], str]


@dataclass(slots=True)
class Bench:
    """A village without a running terminal, and its kiosk.ini."""

    village: Village
    folder: Path
    ini: Path

    def configure(self, changes: Settings) -> None:
        """Write kiosk.ini anew with these values over the village's."""
        text = village_ini(PROJECT, {**self.village.settings(), **changes}, self.folder / "state")
        self.ini.write_text(text, "utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command about this terminal."""
        return self.tool(*words, "--config", str(self.ini))

    def tool(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(PROJECT / "main.py"), *words],
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )

    def json(self, *words: str) -> tuple[int, dict[str, Any]]:
        done = self.run(*words, "--json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    folder = tmp_path_factory.mktemp("centre")
    made = Centre(PROJECT, folder / "centre.sqlite", TRUST, folder / "centre.log")
    yield made
    made.close()


@pytest.fixture
def bench(centre: Centre, tmp_path: Path) -> Iterator[Bench]:
    village = Village(PROJECT / ".setup" / "faces", centre.port, use_helper_slot=False)
    try:
        made = Bench(village, tmp_path, tmp_path / "kiosk.ini")
        made.configure({})
        yield made
    finally:
        village.close()


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    """Subject -> verdict, the worst where there are several."""
    order = ["not_fitted", "fine", "warning", "unknown", "wrong"]
    found: dict[str, str] = {}
    for finding in report["findings"]:
        before = found.get(finding["subject"], "not_fitted")
        found[finding["subject"]] = max(before, finding["verdict"], key=order.index)
    return found


def causes(report: dict[str, Any]) -> set[str]:
    return {finding["cause"] for finding in report["findings"] if finding["cause"]}


Verdicts = Callable[[dict[str, Any]], dict[str, str]]
