"""A recorded session: what passed over the devices' wires, redacted by each driver before it gets here.

One JSON object a line: first a header, then one line a piece. A file ends at its limit, never in the
middle of a piece that was promised whole.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.tap import Direction, Tap

log = logging.getLogger(__name__)

SCHEMA = "jiujin.recording/1"
NS_PER_US = 1000
_WAITING_PIECES = 10_000
"""A disk that hangs must not fill the memory: more pieces than this are dropped and counted."""
_CLOSE_S = 5.0


class RecordingError(Exception):
    """A file that is no recording; the text names its line and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes on one wire. `at_us`: microseconds since the recording began."""

    wire: str
    direction: Direction
    data: bytes
    at_us: int

    def to_line(self) -> bytes:
        plain = {"at_us": self.at_us, "wire": self.wire, "way": self.direction.value, "hex": self.data.hex()}
        return json.dumps(plain).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole file: `about` is its header; `complete` is False when the limit or a crash cut it."""

    about: Mapping[str, Any]
    pieces: tuple[Piece, ...]
    complete: bool

    def of(self, wire: str) -> tuple[Piece, ...]:
        """The pieces of one wire, in order."""
        return tuple(piece for piece in self.pieces if piece.wire == wire)

    @property
    def wires(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(piece.wire for piece in self.pieces))


class Recorder:
    """Writes on a thread of its own, so that no wire waits for the disk. Raises OSError when it cannot begin.

    `limit_bytes` bounds the file. `about`: what a reader of the file should know; nothing personal.
    """

    def __init__(self, path: Path, limit_bytes: int, about: Mapping[str, Any]) -> None:
        self._limit_bytes = limit_bytes
        self._began_ns = time.monotonic_ns()
        self._pieces: queue.Queue[Piece | None] = queue.Queue(_WAITING_PIECES)
        self._ended = threading.Event()
        self.dropped = 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        header = {"schema": SCHEMA, **about}
        self._file.write(json.dumps(header, ensure_ascii=False).encode() + b"\n")
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def tap(self, wire: str) -> Tap:
        """The function that a link calls; it returns at once and never raises."""

        def take(direction: Direction, data: bytes, at_monotonic_ns: int) -> None:
            if self._ended.is_set():
                return
            piece = Piece(wire, direction, bytes(data), (at_monotonic_ns - self._began_ns) // NS_PER_US)
            try:
                self._pieces.put_nowait(piece)
            except queue.Full:
                self.dropped += 1

        return take

    def close(self) -> None:
        """Write what waits, and the last line. May be called twice."""
        if self._ended.is_set() and not self._thread.is_alive():
            return
        self._ended.set()
        with contextlib.suppress(queue.Full):  # the disk hangs: the terminal ends all the same
            self._pieces.put(None, timeout=_CLOSE_S)
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        with self._file:
            try:
                self._write_pieces()
            except OSError as error:
                self._ended.set()
                log.error("the recording stopped: %s", error.strerror or type(error).__name__)
                while self._pieces.get() is not None:  # nobody waits for a place in the queue
                    pass

    def _write_pieces(self) -> None:
        size = self._file.tell()
        while (piece := self._pieces.get()) is not None:
            line = piece.to_line()
            size += len(line)
            if size > self._limit_bytes:
                self._ended.set()
                log.warning("the recording is full and stopped")
                while self._pieces.get() is not None:
                    pass
                return
            self._file.write(line)
        self._file.write(json.dumps({"end": True, "dropped": self.dropped}).encode() + b"\n")


def load(path: Path) -> Recording:
    """Read a recording. Raises RecordingError with the line; a file cut in its last line is incomplete."""
    lines = path.read_bytes().split(b"\n")
    try:
        about = json.loads(lines[0])
    except (ValueError, RecursionError) as error:
        message = f"{path.name}:1: 不是录制文件 / no recording"
        raise RecordingError(message) from error
    if not isinstance(about, dict) or about.get("schema") != SCHEMA:
        message = f"{path.name}:1: 不认得这种录制 / not {SCHEMA}"
        raise RecordingError(message)
    pieces: list[Piece] = []
    complete = False
    for number, line in enumerate(lines[1:-1], 2):
        plain = _object(line)
        if plain is not None and "end" in plain:
            complete = plain.get("dropped") == 0
            break
        piece = _piece(plain)
        if piece is None:
            message = f"{path.name}:{number}: 这一行读不出来 / this line cannot be read"
            raise RecordingError(message)
        pieces.append(piece)
    return Recording(about, tuple(pieces), complete)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        plain = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return plain if isinstance(plain, dict) else None


def _piece(plain: dict[str, Any] | None) -> Piece | None:
    try:
        return (
            None
            if plain is None
            else Piece(
                str(plain["wire"]),
                Direction(plain["way"]),
                bytes.fromhex(plain["hex"]),
                int(plain["at_us"]),
            )
        )
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
