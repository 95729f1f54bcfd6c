"""One demo at a time in one folder: the lock lasts as long as the process, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyRunningError(Exception):
    """Another demo holds the folder; `note` is what it wrote about itself."""

    def __init__(self, note: str) -> None:
        super().__init__(f"another demo is running: {note}")
        self.note = note


class DemoLock:
    """Taken at once; raises AlreadyRunningError and changes nothing when another process has it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            note = self._file.read().strip()
            self._file.close()
            raise AlreadyRunningError(note) from error
        self.note(f"pid {os.getpid()}")

    def note(self, text: str) -> None:
        """Leave a line for whoever finds the folder taken."""
        self._file.truncate(0)
        self._file.write(text + "\n")
        self._file.flush()

    def close(self) -> None:
        """Give the folder free. The file stays: removing it would let two processes lock two files."""
        self._file.close()
