"""systemd hears that the terminal moves, and only while it does: a real notify socket listens."""

from __future__ import annotations

import configparser
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.watchdog import Watchdog

PROJECT = Path(__file__).resolve().parents[2]
UNIT = PROJECT / "deploy" / "systemd" / "jiujin-kiosk.service"


class Systemd:
    """The other end, with a clock and a part of the terminal that moves or does not."""

    def __init__(self, address: str) -> None:
        self.address, self.now_s, self.moves = address, 1000.0, True
        self.heard_on = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard_on.bind("\0" + address[1:] if address.startswith("@") else address)
        self.heard_on.settimeout(0)

    def watchdog(self, **changes: str) -> Watchdog:
        environment = {
            "NOTIFY_SOCKET": self.address,
            "WATCHDOG_USEC": "60000000",
            "WATCHDOG_PID": str(os.getpid()),
        }
        return Watchdog(lambda: self.moves, environment | changes, lambda: self.now_s)

    def heard(self) -> list[str]:
        words = []
        while True:
            try:
                words.append(self.heard_on.recv(4096).decode())
            except BlockingIOError:
                return words


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    address = str(tmp_path / "notify") if request.param == "file" else f"@jiujin-test-{os.getpid()}"
    made = Systemd(address)
    yield made
    made.heard_on.close()


def test_it_is_told_that_the_terminal_serves_moves_and_ends(systemd: Systemd) -> None:
    watchdog = systemd.watchdog()
    watchdog.ready()
    watchdog.beat()
    watchdog.stopping()
    assert systemd.heard() == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_it_hears_twice_in_its_time_and_not_at_each_turn_of_the_loop(systemd: Systemd) -> None:
    watchdog = systemd.watchdog()
    for _turn in range(5 * 120):
        watchdog.beat()
        systemd.now_s += 0.2
    assert systemd.heard() == ["WATCHDOG=1"] * 4


def test_it_hears_nothing_while_the_rest_stands_still(
    systemd: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    watchdog = systemd.watchdog()
    systemd.moves = False
    for _turn in range(10):
        watchdog.beat()
        systemd.now_s += 60
    assert systemd.heard() == []
    assert len(caplog.records) == 1, "written down once"
    systemd.moves = True
    watchdog.beat()
    assert systemd.heard() == ["WATCHDOG=1"]


@pytest.mark.parametrize("changes", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "soon"}])
def test_who_is_not_watched_tells_that_it_serves_and_no_more(
    systemd: Systemd, changes: dict[str, str]
) -> None:
    watchdog = systemd.watchdog(**changes)
    watchdog.ready()
    watchdog.beat()
    assert systemd.heard() == ["READY=1"]


def test_without_systemd_or_with_one_that_went_away_nothing_is_said_and_nothing_breaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Watchdog(lambda: True, {}).ready()
    assert caplog.records == []
    gone = Watchdog(lambda: True, {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1"})
    gone.ready()
    gone.beat()
    assert len(caplog.records) == 1


def test_the_unit_watches_and_starts_what_there_is() -> None:
    unit = configparser.RawConfigParser()
    unit.read_string(UNIT.read_text("utf-8"))
    service = unit["Service"]
    assert (service["Type"], service["NotifyAccess"], service["Restart"]) == ("notify", "main", "on-failure")
    assert 30 <= int(service["WatchdogSec"]) <= 300
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    _python, program, *words = shlex.split(service["ExecStart"])
    assert program == "main.py"
    asked = [sys.executable, program, *words, "--help"]
    assert subprocess.run(asked, cwd=PROJECT, check=False, capture_output=True).returncode == 0
