"""The journal of print jobs: what was begun, and how it ended. Never what was printed."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_COMPACT_BYTES = 1_000_000
_KEPT_JOBS = 500


class JobState(StrEnum):
    """How far a job got. `SENDING` and `SENT` are unfinished: after a crash nobody knows."""

    SENDING = "sending"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


_UNFINISHED = (JobState.SENDING, JobState.SENT)


@dataclass(frozen=True, slots=True)
class JobEntry:
    """One line. `byte_count` is the size of the whole job, 0 when nothing of it was sent."""

    job_id: str
    state: JobState
    byte_count: int
    wall_s: float
    monotonic_ns: int
    cause: str = ""


class JobJournal:
    """Appends a line and forces it to the disk before the printer is given anything.

    One process writes it. A line torn by a power cut is skipped when read. Raises OSError
    when the disk refuses: what cannot be journalled must not be printed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        entries = self._read() if path.exists() else []
        self._last_sent = next((entry for entry in reversed(entries) if entry.byte_count), None)
        if path.exists() and path.stat().st_size > _COMPACT_BYTES:
            self._compact(entries)

    def record(self, job_id: str, state: JobState, byte_count: int, cause: str = "") -> None:
        """Append one line durably."""
        entry = JobEntry(job_id, state, byte_count, time.time(), time.monotonic_ns(), cause)
        with self._path.open("a+b") as file:
            # A torn last line must not swallow this one.
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                file.write(b"\n")
            file.write(_line(entry))
            file.flush()
            os.fsync(file.fileno())
        _sync_directory(self._path.parent)
        if entry.byte_count:
            self._last_sent = entry

    def unfinished(self) -> tuple[JobEntry, ...]:
        """Jobs that were begun and have no end: they count as unknown and are never reprinted by themselves."""
        return tuple(entry for entry in self._latest(self._read()) if entry.state in _UNFINISHED)

    def paper_disturbed(self) -> bool:
        """True when the last job that was sent may have left a part of a slip on the paper or in the printer."""
        return self._last_sent is not None and self._last_sent.state is not JobState.DONE

    def _read(self) -> list[JobEntry]:
        if not self._path.exists():
            return []
        entries = (_parsed(line) for line in self._path.read_bytes().splitlines())
        return [entry for entry in entries if entry is not None]

    @staticmethod
    def _latest(entries: list[JobEntry]) -> list[JobEntry]:
        """The last line of each job, in the order of those lines."""
        latest: dict[str, JobEntry] = {}
        for entry in reversed(entries):
            latest.setdefault(entry.job_id, entry)
        return list(reversed(latest.values()))

    def _compact(self, entries: list[JobEntry]) -> None:
        latest = self._latest(entries)
        old, recent = latest[:-_KEPT_JOBS], latest[-_KEPT_JOBS:]
        kept = [entry for entry in old if entry.state in _UNFINISHED] + recent
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(_line(entry) for entry in kept)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        _sync_directory(self._path.parent)


def _line(entry: JobEntry) -> bytes:
    fields = {
        "job": entry.job_id,
        "state": entry.state,
        "bytes": entry.byte_count,
        "wall_s": round(entry.wall_s, 3),
        "monotonic_ns": entry.monotonic_ns,
        "cause": entry.cause,
    }
    return json.dumps(fields).encode() + b"\n"


def _parsed(line: bytes) -> JobEntry | None:
    try:
        fields = json.loads(line)
        return JobEntry(
            str(fields["job"]),
            JobState(fields["state"]),
            int(fields["bytes"]),
            float(fields["wall_s"]),
            int(fields["monotonic_ns"]),
            str(fields["cause"]),
        )
    except (ValueError, KeyError, TypeError):
        return None  # torn by a power cut: the line before it tells what was begun


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
