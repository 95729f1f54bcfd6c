"""`main.py run`: what it takes along into the terminal that it starts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from kiosk.settings.model import TerminalSection
from offline_queue import words
from offline_queue.records import StoreCorrupt
from screens import command

PROJECT = Path(__file__).resolve().parents[2]


def started_with(config: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The standing causes that the terminal was to be assembled with; nothing is started."""
    seen: list[tuple[str, ...]] = []

    def assemble(_settings: Any, *, standing: tuple[str, ...]) -> None:
        seen.append(standing)
        raise StoreCorrupt(words.STILL_DAMAGED)

    monkeypatch.setattr(command, "assemble", assemble)
    command.run_command(config, None)
    [standing] = seen
    return standing


def test_settings_that_fell_back_to_the_last_good_copy_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "kiosk.ini"
    shutil.copy(PROJECT / "kiosk.ini", config)
    assert started_with(config, monkeypatch) == ()
    assert (tmp_path / TerminalSection().state / "kiosk.last-good.ini").is_file()
    config.write_text(config.read_text("utf-8").replace("idle_warn_s = 60", "idle_warn_s = never"), "utf-8")
    capsys.readouterr()
    assert started_with(config, monkeypatch) == ("config.last_good",)
    assert "idle_warn_s" in capsys.readouterr().err
