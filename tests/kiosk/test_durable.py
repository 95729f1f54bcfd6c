"""A small file is on the disk, bytes first and then its name, before anybody believes it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kiosk.durable import write_durably


def test_the_bytes_are_forced_before_the_name_and_the_name_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "count"
    write_durably(file, b"1")
    forced: list[tuple[bool, bytes]] = []

    def fsync(descriptor: int) -> None:
        forced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), file.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_durably(file, b"2", 0o600)
    assert forced == [(False, b"1"), (True, b"2")]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["count"]
