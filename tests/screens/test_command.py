"""`main.py run`: what it takes along into the terminal that it starts."""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
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


def test_systemd_is_told_by_the_windows_loop_and_only_while_the_sender_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notify socket of our own; the window is one that turns when it is told to."""
    config = tmp_path / "kiosk.ini"
    shutil.copy(PROJECT / "kiosk.ini", config)
    sender = SimpleNamespace(stopped=False)
    sender.status = lambda: sender
    terminal = SimpleNamespace(sender=sender, ending=SimpleNamespace(asked=None), close=lambda: None)
    monkeypatch.setattr(command, "assemble", lambda *_given, **_named: terminal)
    heard: list[list[str]] = []

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)

        def hear() -> None:
            words = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    words.append(systemd.recv(99).decode())
            heard.append(words)

        def turning(_port: Any, _options: Any, ended: Callable[[], bool], shown: Callable[[], None]) -> None:
            hear()
            shown()
            hear()
            for sender.stopped in (False, True, False):
                assert not ended()
                hear()

        monkeypatch.setattr(command, "run_window", turning)
        assert command.run_command(config, None) == 0
        hear()
    assert heard == [[], ["READY=1"], ["WATCHDOG=1"], [], ["WATCHDOG=1"], []]


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
