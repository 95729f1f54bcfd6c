"""A file of JSON lines that survives power cuts and is written by more than one process."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


class LineLog:
    """Appends lines and forces each to the disk. A line torn by a power cut is skipped when read.

    The terminal and a technician's command may both write: each holds a lock on the folder for
    as long as it reads and writes. All but `path` may raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> list[dict[str, Any]]:
        """All whole lines that hold an object, oldest first; none while there is no file."""
        seen = self._signature()
        lines = [] if seen is None else self.path.read_bytes().splitlines()
        self._seen = seen  # only now: what could not be read is still to be read
        return [fields for line in lines if (fields := _parsed(line))]

    def changed(self) -> bool:
        """True when another has written since the last `read` or `append` of this object."""
        return self._signature() != self._seen

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else writes meanwhile. Not to be nested."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def append(self, fields: Mapping[str, Any]) -> None:
        """Call it under `locked`."""
        with self.path.open("a+b") as file:
            # A torn last line must not swallow this one.
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                file.write(b"\n")
            file.write(_line(fields))
            file.flush()
            os.fsync(file.fileno())
        self._seen = self._signature()

    def rewrite(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Replace the whole file, or leave it as it was. Call it under `locked`."""
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(map(_line, lines))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        self._seen = self._signature()

    def size(self) -> int:
        """Bytes; 0 while there is no file."""
        signature = self._signature()
        return 0 if signature is None else signature[1]

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _line(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):  # the second: nested deeper than the decoder goes
        return None  # torn or damaged: the line before it tells what was
    return fields if isinstance(fields, dict) else None
