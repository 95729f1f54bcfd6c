"""The files of databases that were set aside: how they get their names, and when they go.

`outbox.damaged-TIME.db` waits for `queue salvage` and is never deleted by itself. `outbox.salvaged-TIME.db` was
seen to; it still holds sealed bodies, so it goes when the centre has settled all of them, or after so many days.
`outbox.salvaged-TIME.note` says what the salvage found and since when, by the centre's clock, it lies there.

A database and its log (`-wal`) belong together: without it the last cases are gone, and a new database must
never find the log of an old one. The database is renamed first and its name flushed, so that after a cut anywhere
`complete` can tell whose log is left. What SQLite keeps in `-shm` is only an index to the log, made anew by whoever reads.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from offline_queue.records import Salvaged

log = logging.getLogger(__name__)

DATABASE = "outbox.db"
_DAMAGED, _SALVAGED = "outbox.damaged-", "outbox.salvaged-"
_LOG, _INDEX, _NEW = "-wal", "-shm", ".new"


class Aside(StrEnum):
    """What became of a database that was set aside. `log_alone`: only the log of one is left."""

    DAMAGED = "damaged"
    SALVAGED = "salvaged"
    LOG_ALONE = "log_alone"


@dataclass(frozen=True, slots=True)
class Note:
    """`whole`: everything that it named was found; `highest`: its last number; `since`: aware, the centre's clock."""

    whole: bool = False
    highest: int = 0
    since: datetime | None = None


def damaged(directory: Path) -> list[Path]:
    """The damaged databases that nobody has salvaged yet, oldest first."""
    return sorted(directory.glob(f"{_DAMAGED}*.db"))


def salvaged(directory: Path) -> list[Path]:
    """Those that were seen to, oldest first."""
    return sorted(directory.glob(f"{_SALVAGED}*.db"))


def logs_alone(directory: Path) -> list[Path]:
    """Logs whose database is not there any more."""
    found = [*directory.glob(f"{_DAMAGED}*.db{_LOG}"), *directory.glob(f"{_SALVAGED}*.db{_LOG}")]
    return sorted(path for path in found if not _without(path, _LOG).exists())


def set_aside(database: Path) -> Path:
    """Give a damaged database and its log the name of the present moment; under the directory's lock. OSError."""
    aside = database.with_name(_named_now(database.parent))
    _move(database, aside)
    return aside


def put_away(path: Path, told: Salvaged) -> None:
    """Rename a damaged database that was salvaged; until then salvaging it again finds the same."""
    away = path.with_name(path.name.replace(_DAMAGED, _SALVAGED, 1))
    with suppress(OSError):  # a disk that takes no note: then only the days count
        _write_note(away, Note(told.readable and not told.lost, told.highest))
    _move(path, away)


def complete(directory: Path) -> None:
    """Finish a renaming that was cut short; under the lock, before a database is opened. OSError."""
    database = directory / DATABASE
    left = [path for path in (_beside(database, _LOG), _beside(database, _INDEX)) if path.exists()]
    if left and not database.exists():
        ended = [path for path in damaged(directory) if not _beside(path, _LOG).exists()]
        _follow(database, ended[-1] if ended else directory / _named_now(directory))
    for alone in logs_alone(directory):
        away = directory / _without(alone, _LOG).name.replace(_DAMAGED, _SALVAGED, 1)
        if away.exists():
            _follow(_without(alone, _LOG), away)


def remove(path: Path) -> None:
    """Delete one database that was set aside with all that belongs to it; the database last, so that a cut
    leaves something to remove again. OSError.
    """
    note = _note(path)
    for part in (_beside(path, _LOG), _beside(path, _INDEX), _beside(note, _NEW), note, path):
        part.unlink(missing_ok=True)
    _flush(path.parent)


def sweep(directory: Path, now: datetime, days: float, is_settled: Callable[[int], bool]) -> tuple[str, ...]:
    """Delete salvaged databases that have served; the names. `now`: aware, the centre's clock.

    `is_settled`: whether nothing up to that number waits any more. A disk that refuses is asked again next time.
    """
    gone = []
    for path in salvaged(directory):
        note = note_of(path)
        try:
            if note.since is None:
                note = replace(note, since=now)
                _write_note(path, note)
            settled = note.whole and is_settled(note.highest)
            if settled or (note.since is not None and now - note.since >= timedelta(days=days)):
                remove(path)
                gone.append(path.name)
                why = "all of it is settled" if settled else f"it lay here for {days:.0f} days"
                log.warning("%s was deleted: %s", path.name, why)
        except OSError as error:
            log.warning("%s stays: errno %d", path.name, error.errno or 0)
    return tuple(gone)


def note_of(path: Path) -> Note:
    """What is noted of a salvaged database; without a note nothing is known to be whole."""
    try:
        told = dict(line.split("=", 1) for line in _note(path).read_text("ascii").splitlines())
        since = datetime.fromisoformat(told["since"]) if told["since"] else None
        if since is not None and since.tzinfo is None:
            return Note()
        return Note(told["whole"] == "True", int(told["highest"]), since)
    except (OSError, ValueError, KeyError):
        return Note()


def bytes_of(path: Path) -> int:
    """Of the database and its log."""
    return sum(part.stat().st_size for part in (path, _beside(path, _LOG)) if part.exists())


def _named_now(directory: Path) -> str:
    """After every other by name, even if the clock went back: `complete` goes by the newest."""
    stamp, before = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}", damaged(directory)
    newest = before[-1].name.removeprefix(_DAMAGED).removesuffix(".db") if before else ""
    return f"{_DAMAGED}{stamp if stamp > newest else newest + '1'}.db"


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _without(path: Path, suffix: str) -> Path:
    return path.with_name(path.name.removesuffix(suffix))


def _note(database: Path) -> Path:
    return database.with_suffix(".note")


def _move(old: Path, new: Path) -> None:
    old.rename(new)
    _flush(new.parent)
    _follow(old, new)


def _follow(old: Path, new: Path) -> None:
    """The log goes where its database went."""
    with suppress(FileNotFoundError):
        _beside(old, _LOG).rename(_beside(new, _LOG))
    _beside(old, _INDEX).unlink(missing_ok=True)
    _flush(new.parent)


def _flush(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_note(database: Path, note: Note) -> None:
    path = _note(database)
    new = _beside(path, _NEW)
    since = note.since.isoformat() if note.since else ""
    with new.open("w", encoding="ascii") as file:
        file.write(f"whole={note.whole}\nhighest={note.highest}\nsince={since}\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _flush(path.parent)
