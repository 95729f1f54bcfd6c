"""The journal of print jobs: what was begun, how it ended, who saw to it. Never what was printed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from drivers.contract import Cause, Device, Failed, Ok
from drivers.line_log import LineLog
from drivers.print_tally import KeyedTally, PrintTally

_COMPACT_BYTES = 1_000_000
_KEPT_JOBS = 500
_TALLY = "tally"
"""Key of the line that holds the tally of all that was counted before it."""


class JobState(StrEnum):
    """How far a job got. `SENDING` and `SENT` are unfinished: after a crash nobody knows."""

    SENDING = "sending"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ACKNOWLEDGED = "acknowledged"
    """It did not end well, and staff have seen to it."""


_UNFINISHED = (JobState.SENDING, JobState.SENT)
_UNSETTLED = (JobState.FAILED, JobState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class JobEntry:
    """One line. `byte_count` is the size of the whole job, 0 when nothing of it was sent.

    `counted_as`: what the print counts as in the tally, '' for one that does not count.
    """

    job_id: str
    state: JobState
    byte_count: int
    wall_s: float
    monotonic_ns: int
    cause: str = ""
    counted_as: str = ""


@dataclass(frozen=True, slots=True)
class UnsettledJobs:
    """Ids of jobs that did not end well, and that no staff has seen to yet; oldest first."""

    unknown: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    def warnings(self, unknown: Cause, failed: Cause) -> tuple[Cause, ...]:
        """What a printer's status says of them, in the causes of its family."""
        return (*([unknown] if self.unknown else []), *([failed] if self.failed else []))


class JournalledPrinter(Device, Protocol):
    """A printer that keeps a journal of its jobs."""

    def unsettled(self) -> UnsettledJobs:
        """Jobs that staff should see to, also those that a crash or a power cut ended: the last known; never blocks."""
        ...


class JobJournal:
    """Appends a line and forces it to the disk before the printer is given anything.

    The terminal writes it, and a technician's command that acknowledges. A disk that refuses is
    an answer and no exception, and `problem` tells it.
    """

    def __init__(self, path: Path) -> None:
        self._cannot_read = ""
        self._cannot_write = ""
        self._log = LineLog(path)
        self._latest: dict[str, JobEntry] = {}
        self._tally = KeyedTally()
        self._last_sent: JobEntry | None = None
        try:
            if not path.exists():
                return  # whoever only looks makes no folder
            with self._log.locked():
                self._reload()
                if self._log.size() > _COMPACT_BYTES:
                    self._compact()
        except OSError as error:
            self._cannot_read = f"read: {error.strerror}"

    @property
    def problem(self) -> str:
        """What the disk refused, '' when nothing: a line until one can be written again, a reading until
        the next that succeeds.
        """
        return self._cannot_write or self._cannot_read

    def record(
        self, job_id: str, state: JobState, byte_count: int, cause: str = "", counted_as: str = ""
    ) -> Ok[None] | Failed[str]:
        """Append one line durably; what failed to be journalled as `SENDING` must not be printed."""
        try:
            with self._log.locked():
                at = (time.time(), time.monotonic_ns())
                self._append(JobEntry(job_id, state, byte_count, *at, cause, counted_as))
        except OSError as error:
            self._cannot_write = f"write: {error.strerror}"
            return Failed(self._cannot_write)
        self._cannot_read = self._cannot_write = ""
        return Ok(None)

    def unfinished(self) -> tuple[JobEntry, ...]:
        """Jobs that were begun and have no end."""
        return self._in(_UNFINISHED)

    def end_unfinished(self) -> None:
        """At start: what was cut off by a crash is unknown from now on, and is never printed again by itself."""
        for entry in self.unfinished():
            told = (entry.byte_count, entry.cause, entry.counted_as)
            if isinstance(self.record(entry.job_id, JobState.UNKNOWN, *told), Failed):
                self._note(replace(entry, state=JobState.UNKNOWN))  # known, though not written

    def unsettled(self) -> tuple[JobEntry, ...]:
        """Jobs whose last word is failed or unknown, oldest first: a resident may have left without a slip."""
        return self._in(_UNSETTLED)

    def unsettled_jobs(self) -> UnsettledJobs:
        """The same by how they ended, and of each its id alone."""
        entries = self.unsettled()
        return UnsettledJobs(
            tuple(entry.job_id for entry in entries if entry.state is JobState.UNKNOWN),
            tuple(entry.job_id for entry in entries if entry.state is JobState.FAILED),
        )

    def acknowledge(self, job_ids: Iterable[str]) -> Ok[tuple[str, ...]] | Failed[str]:
        """Staff have seen to these jobs; those of them that were unsettled."""
        known = {entry.job_id for entry in self.unsettled()}
        seen = tuple(job_id for job_id in dict.fromkeys(job_ids) if job_id in known)
        for job_id in seen:
            done = self.record(job_id, JobState.ACKNOWLEDGED, 0)
            if isinstance(done, Failed):
                return done
        return Ok(seen)

    def tally(self) -> PrintTally:
        """What came out since the journal was begun, by `counted_as`: written with the line that says how a job
        ended, so that no crash comes between the two, and kept when old lines go. As last read.
        """
        return self._tally.told()

    def paper_disturbed(self) -> bool:
        """True when the last job that was sent may have left a part of a slip on the paper or in the printer."""
        return self._last_sent is not None and self._last_sent.state is not JobState.DONE

    def _in(self, states: tuple[JobState, ...]) -> tuple[JobEntry, ...]:
        try:
            if self._log.changed():
                self._reload()
            self._cannot_read = ""
        except OSError as error:
            self._cannot_read = f"read: {error.strerror}"
        return tuple(entry for entry in self._latest.values() if entry.state in states)

    def _reload(self) -> None:
        lines = self._log.read()  # first: what is known stays known when the disk refuses
        self._latest.clear()
        self._last_sent = None
        self._tally = KeyedTally()
        for fields in lines:
            if _TALLY in fields:
                self._tally.read(fields[_TALLY])
            elif (entry := _entry(fields)) is not None:
                self._note(entry)

    def _append(self, entry: JobEntry) -> None:
        if self._log.changed():
            self._reload()
        self._log.append(_fields(entry))
        self._note(entry)

    def _note(self, entry: JobEntry) -> None:
        self._latest.pop(entry.job_id, None)  # the order is that of the last lines
        self._latest[entry.job_id] = entry
        if entry.byte_count:
            self._last_sent = entry
        if entry.counted_as and entry.state in (JobState.DONE, JobState.UNKNOWN):
            self._tally.note(entry.counted_as, printed=entry.state is JobState.DONE)

    def _compact(self) -> None:
        entries = list(self._latest.values())
        old, recent = entries[:-_KEPT_JOBS], entries[-_KEPT_JOBS:]
        kept = [entry for entry in old if entry.state in (*_UNFINISHED, *_UNSETTLED)] + recent
        # What has ended is in the tally, and a kept line must not count again when its key is forgotten there.
        kept = [entry if entry.state in _UNFINISHED else replace(entry, counted_as="") for entry in kept]
        self._log.rewrite([{_TALLY: self._tally.fields()}, *map(_fields, kept)])
        self._latest = {entry.job_id: entry for entry in kept}


def _fields(entry: JobEntry) -> dict[str, Any]:
    return {
        "job": entry.job_id,
        "state": entry.state,
        "bytes": entry.byte_count,
        "wall_s": round(entry.wall_s, 3),
        "monotonic_ns": entry.monotonic_ns,
        "cause": entry.cause,
        **({"counted_as": entry.counted_as} if entry.counted_as else {}),
    }


def _entry(fields: dict[str, Any]) -> JobEntry | None:
    try:
        entry = JobEntry(
            str(fields["job"]),
            JobState(fields["state"]),
            int(fields["bytes"]),
            float(fields["wall_s"]),
            int(fields["monotonic_ns"]),
            str(fields["cause"]),
            str(fields.get("counted_as", "")),
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return None  # of a later version, or damaged: the others still count
    return entry if math.isfinite(entry.wall_s) else None
