"""Where a rehearsal may write: one folder with its own temp and log, so that all of it can be looked at.

Whatever asks the system for a temporary file (libraries at import, children, SQLite) is given the
rehearsal's. Whatever the process and its children say on standard error goes into the log, as it
goes into the journal of a terminal in a village.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one rehearsal."""

    folder: Path
    stderr: int
    """The descriptor of the standard error that was there before."""

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def named(self) -> dict[str, Path]:
        """What a resident must not be found in. The state holds the printer's job journal (the spool)."""
        return {
            "database": self.state / "outbox",
            "spool": self.state,
            "log": self.log,
            "temp": self.temp,
        }

    def say(self, words: str) -> None:
        """To the person at the keyboard, past the log."""
        os.write(self.stderr, f"{words}\n".encode())


@contextlib.contextmanager
def own_places(folder: Path) -> Iterator[Places]:
    """Empty `folder` and write only there until the end; then standard error is what it was.

    To be entered before the terminal's modules are imported: some libraries take their temporary
    folder at import.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.ExitStack() as stack:
        before = os.dup(2)
        stack.callback(os.close, before)
        places = Places(folder.resolve(), before)
        for made in (places.temp, places.log):
            made.mkdir(parents=True)
        _own_temp(places.temp, stack)
        _own_standard_error(places, stack)
        _log_everything(places.log / "terminal.log", stack)
        yield places


def _own_temp(folder: Path, stack: contextlib.ExitStack) -> None:
    was, chosen = os.environ.get("TMPDIR"), tempfile.tempdir

    def restore() -> None:
        tempfile.tempdir = chosen
        if was is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = was

    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # asked again, of the environment
    stack.callback(restore)


def _own_standard_error(places: Places, stack: contextlib.ExitStack) -> None:
    """The descriptor, not only `sys.stderr`: children and native code write there as well."""
    path = places.log / "stderr.log"

    def restore() -> None:
        sys.stderr.flush()
        os.dup2(places.stderr, 2)
        os.write(places.stderr, path.read_bytes())

    sys.stderr.flush()
    with path.open("ab") as file:
        os.dup2(file.fileno(), 2)
    stack.callback(restore)


def _log_everything(path: Path, stack: contextlib.ExitStack) -> None:
    """All levels, of all libraries: more than a terminal ever logs."""
    root = logging.getLogger()
    level = root.level
    handler = logging.FileHandler(path, encoding="utf-8")
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)

    def restore() -> None:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()

    stack.callback(restore)
