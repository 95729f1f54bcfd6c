"""What a rehearsal and its children write goes where it can be looked at; then all is as it was."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kiosk.rehearsal.places import own_places

CHILD = "import sys, tempfile; sys.stderr.write('said by a child\\n'); print(tempfile.mkdtemp())"


def test_temporary_files_of_this_process_and_of_children_are_inside(tmp_path: Path) -> None:
    before = tempfile.gettempdir(), os.environ.get("TMPDIR")
    with own_places(tmp_path / "r") as places:
        assert Path(tempfile.mkdtemp()).parent == places.temp
        child = subprocess.run([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, check=True)
        assert Path(child.stdout.decode().strip()).parent == places.temp
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == before


def test_the_log_holds_what_was_said_and_the_keyboard_hears_it_afterwards(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with own_places(tmp_path / "r") as places:
        subprocess.run([sys.executable, "-c", CHILD], stdout=subprocess.DEVNULL, check=True)
        os.write(2, b"said by native code\n")
        logging.getLogger("any.library").debug("said to a logger")
        places.say("to the person")
        heard = capfd.readouterr().err
    assert heard == "to the person\n"
    said = (places.log / "stderr.log").read_text("utf-8")
    assert said == "said by a child\nsaid by native code\n"
    assert capfd.readouterr().err == said
    assert "said to a logger" in (places.log / "terminal.log").read_text("utf-8")
    level = logging.getLogger().level
    assert level == logging.WARNING
    logging.getLogger("any.library").warning("after the end")
    assert "after the end" not in (places.log / "terminal.log").read_text("utf-8")


def test_an_old_rehearsal_is_cleared_away(tmp_path: Path) -> None:
    old = tmp_path / "r" / "temp" / "old"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"")
    with own_places(tmp_path / "r"):
        assert not old.exists()


def test_standard_error_comes_back_when_the_rehearsal_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        with own_places(tmp_path / "r"):
            os.write(2, b"the reason\n")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "the reason\nafter\n"
