"""A command that root runs leaves nothing behind that the terminal's own user cannot write."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.acting import act_as_owner

PROJECT = Path(__file__).parents[2]
ROOT = os.geteuid() == 0
USER = pwd.getpwnam("nobody")
SHOWN = """
import json, os, sys
from pathlib import Path
from kiosk.acting import act_as_owner
name = act_as_owner(Path(sys.argv[1]))
(Path(sys.argv[1]) / "made").write_text("x")
print(json.dumps([name, os.geteuid(), os.getuid(), os.getegid()]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that another user can reach, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="jiujin-state-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_what_is_made_belongs_to_the_folders_owner(folder: Path) -> None:
    if ROOT:
        os.chown(folder, USER.pw_uid, USER.pw_gid)
    run = [sys.executable, "-c", SHOWN, str(folder)]
    done = subprocess.run(run, cwd=PROJECT, capture_output=True, check=True, text=True)
    name, *ids = json.loads(done.stdout)
    user = folder.stat()
    assert name == (USER.pw_name if ROOT else None)
    assert ids == [user.st_uid, user.st_uid, user.st_gid]
    assert (folder / "made").stat().st_uid == user.st_uid


def test_it_stays_who_it_is_where_nobody_else_is_concerned(folder: Path) -> None:
    """A folder of its own, and one that is not there."""
    before = os.geteuid(), os.getegid()
    assert act_as_owner(folder) is None
    assert act_as_owner(folder / "not there") is None
    assert (os.geteuid(), os.getegid()) == before


def test_a_command_says_whose_hands_it_works_with(folder: Path) -> None:
    config = folder / "kiosk.ini"
    config.write_text(f"[terminal]\nnumber = 0142\nstate = {folder}\n", "utf-8")
    if ROOT:
        os.chown(folder, USER.pw_uid, USER.pw_gid)
    run = [sys.executable, "main.py", "staff", "status", "--json", "--config", str(config)]
    done = subprocess.run(run, cwd=PROJECT, capture_output=True, check=False, text=True)
    assert ("acting as nobody" in done.stderr) is ROOT
    assert json.loads(done.stdout)
    assert {file.stat().st_uid for file in folder.rglob("*")} - {config.stat().st_uid} <= {
        folder.stat().st_uid
    }
