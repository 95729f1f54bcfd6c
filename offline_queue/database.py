"""Opening the outbox's only connection: lock, key, pragmas asserted, damage set aside, ballast."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hmac
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlcipher3

from offline_queue import aside, words
from offline_queue.records import StoreCorrupt, StoreKeyWrong, StoreLocked, StoreUnwritable
from offline_queue.room import PAGE_BYTES
from offline_queue.schema import NEWEST, Connection, migrate

WAL_BYTES_MAX = 4 * 1024 * 1024
_LEAST_LOG_PAGES = 64
QUOTA_WHILE_MIGRATING = 1 << 40
"""None to speak of: a migration must not fail for want of what only new items are denied."""

# Primary result codes of SQLite (sqlite.org/rescode.html).
_FULL, _IO_ERROR, _READ_ONLY, _CANNOT_OPEN, _CORRUPT, _NOT_A_DATABASE = 13, 10, 8, 14, 11, 26
_NOT_OURS = (0, 1, 18, 19, 20)
"""Text that is none, and SQLITE_ERROR, TOOBIG, CONSTRAINT, MISMATCH: tables or values that this program never wrote."""
_VERSION_BELIEVED = 10_000
_HEADER_FORMATS = b"\x01\x02"
"""What SQLite writes for "rollback journal" and "write-ahead log" (sqlite.org/fileformat2.html, 1.3)."""


def derived(database_key: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose, from the database key."""
    return hmac.digest(database_key, b"jiujin.outbox/" + purpose.encode(), "sha256")


def primary_code(error: sqlcipher3.Error) -> int:
    """SQLite's primary result code, 0 when the error is not SQLite's own."""
    code = getattr(error, "sqlite_errorcode", None)
    return int(code) & 0xFF if code is not None else 0


def disk_refuses(error: sqlcipher3.Error) -> bool:
    """Full, read-only or failing. A full disk shows itself under several codes, depending on the file."""
    return primary_code(error) in (_FULL, _IO_ERROR, _READ_ONLY, _CANNOT_OPEN)


def is_damage(error: sqlcipher3.Error) -> bool:
    """The bytes on the disk are not what SQLite wrote."""
    return primary_code(error) in (_CORRUPT, _NOT_A_DATABASE)


@dataclass(slots=True)
class Ballast:
    """A file of real bytes that is given up when the disk is full, so that acknowledgements still fit."""

    path: Path
    size_bytes: int

    def release(self) -> bool:
        """True when there was something to give up."""
        try:
            self.path.unlink()
        except OSError:  # already given up, or a disk that can be written no more
            return False
        return True

    def spare_bytes(self) -> int:
        """Free besides as much again as the ballast, for a new item; asked of the system, never guessed.

        0 while the ballast is not there: what it freed belongs to the acknowledgements.
        """
        try:
            if not self.restore() or not os.access(self.path.parent, os.W_OK):
                return 0
            return max(0, shutil.disk_usage(self.path.parent).free - self.size_bytes)
        except OSError:
            return 0

    def restore(self) -> bool:
        """True when the ballast is there in full; it is taken back only while as much again stays free."""
        if self.size_bytes == 0:
            return True
        try:
            with contextlib.suppress(FileNotFoundError):
                if self.path.stat().st_size == self.size_bytes:
                    return True
            if shutil.disk_usage(self.path.parent).free < 2 * self.size_bytes:
                return False
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self.size_bytes)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:  # full or read-only: the answer is no
            self.release()
            return False
        return True


@dataclass(slots=True)
class Opened:
    """An open database; `lock` is held until it is closed."""

    connection: Connection
    lock: int
    fresh_because: str

    def close(self) -> None:
        """The connection first, then the lock."""
        self.connection.close()
        os.close(self.lock)


def _code(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "?")


def lock_directory(directory: Path) -> int:
    """Make the directory private and hold its lock. StoreLocked, StoreUnwritable."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError as error:
        raise StoreUnwritable(words.DIRECTORY, _code(error)) from error
    return _held(directory / "outbox.lock", os.O_RDWR | os.O_CREAT)


def _held(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnwritable(words.DIRECTORY, _code(error)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreLocked(words.LOCKED) from error
    return descriptor


def _check_key(directory: Path, database_key: bytes) -> None:
    """Another key would not know its own items again (`content_mac`): a fingerprint tells before anything is done."""
    path, mine = directory / "outbox.keycheck", derived(database_key, "keycheck").hex()
    try:
        if path.exists() and (known := path.read_text("ascii", "replace").strip()):
            if hmac.compare_digest(known.encode(), mine.encode()):
                return
            if re.fullmatch("[0-9a-f]{64}", known):
                raise StoreKeyWrong(words.OTHER_KEY)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, mine.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreUnwritable(words.KEY_CHECK, _code(error)) from error


def readable_text(raw: bytes) -> str:
    """A text that damage made no text of is not one to die of: its row's hash tells."""
    return raw.decode("utf-8", "replace")


def _connect(path: Path, quota_bytes: int, checkpoint_pages: int) -> Connection:
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    connection = sqlcipher3.connect(str(path), isolation_level=None, check_same_thread=True)
    connection.text_factory = readable_text
    try:
        # No key: the payloads are sealed already, and a page's own seal would let one bad bit take every
        # case on the disk with it. sqlcipher3 is used for its SQLite, which is newer than Debian's.
        connection.execute("pragma cipher_log_level = none")  # else it writes to standard error by itself
        connection.execute(f"pragma page_size = {PAGE_BYTES}")  # only a database without tables takes this
        wanted: tuple[tuple[str, str, object], ...] = (
            ("auto_vacuum", "incremental", 2),  # only a database without tables takes this
            ("journal_mode", "wal", "wal"),
            ("synchronous", "full", 2),
            ("foreign_keys", "on", 1),
            ("secure_delete", "on", 1),
            ("trusted_schema", "off", 0),
            ("journal_size_limit", str(WAL_BYTES_MAX), WAL_BYTES_MAX),
            ("wal_autocheckpoint", str(checkpoint_pages), checkpoint_pages),
        )
        for name, value, expected in wanted:
            if (
                connection.execute(f"pragma {name}").fetchone()[0] != expected
            ):  # some write even what is so already
                connection.execute(f"pragma {name} = {value}").fetchall()
            if name == "auto_vacuum" and connection.execute("pragma auto_vacuum").fetchone()[0] != expected:
                raise _damage()  # a database keeps what it was begun with
            _assert_pragma(connection, name, expected)
        limit = quota_bytes // PAGE_BYTES
        # SQLite does not store the limit and never sets it below the present size.
        (effective,) = connection.execute(f"pragma max_page_count = {limit}").fetchone()
        if effective != max(limit, connection.execute("pragma page_count").fetchone()[0]):
            raise StoreCorrupt(words.SETTING_NOT_TAKEN, "max_page_count")
        # With the indices: one that misses a row would refuse its settlement ever after.
        (verdict,) = connection.execute("pragma integrity_check(1)").fetchone()
        (found,) = connection.execute("pragma user_version").fetchone()
        if verdict != "ok" or not 0 <= found <= _VERSION_BELIEVED:
            raise _damage()
        if found > NEWEST:
            raise StoreUnwritable(words.NEWER, f"version {found}, this one knows {NEWEST}")
    except BaseException:
        connection.close()
        raise
    return connection


def _says_read_only(error: sqlcipher3.Error, path: Path) -> bool:
    """Whether it is the file, not the disk: SQLite only reads one whose header names a format that it does not know."""
    with path.open("rb") as file:
        formats = file.read(20)[18:]
    return primary_code(error) == _READ_ONLY and not set(formats) <= set(_HEADER_FORMATS)


def _make_newest(connection: Connection, is_usable: Callable[[Connection], bool]) -> None:
    try:
        migrate(connection, NEWEST)
        usable = is_usable(connection)
    except sqlcipher3.DatabaseError as error:
        if primary_code(error) not in _NOT_OURS:
            raise
        usable = False
    if not usable:
        raise _damage()


def _checkpoint_pages(ballast: Ballast) -> int:
    """How long the log may grow. Seldom is sparing: a page that many commits touched is then written
    once. Never much longer than the ballast: on a full disk its bytes are what the log is emptied into.
    """
    return max(_LEAST_LOG_PAGES, min(ballast.size_bytes, WAL_BYTES_MAX) // PAGE_BYTES)


def _assert_pragma(connection: Connection, name: str, expected: object) -> None:
    (value,) = connection.execute(f"pragma {name}").fetchone()
    if value != expected:
        raise StoreCorrupt(words.SETTING_NOT_TAKEN, f"pragma {name} is {value!r}, not {expected!r}")


def _damage() -> sqlcipher3.Error:
    error = sqlcipher3.DatabaseError("damage was found")
    error.sqlite_errorcode = _CORRUPT
    return error


def open_database(
    directory: Path, database_key: bytes, quota_bytes: int, ballast: Ballast,
    is_usable: Callable[[Connection], bool],
) -> Opened:  # fmt: skip
    """Lock, check the key, open; damage is set aside under its time and a new database begun.

    `is_usable`: of a newest database whose pages are sound, whether what it says can be believed.
    On a disk that became read-only it is opened for reading: what waits can still be sent.
    StoreLocked, StoreKeyWrong, StoreCorrupt, StoreUnwritable.
    """
    if became_read_only(directory):
        return _open_read_only(directory, database_key, is_usable)
    lock = lock_directory(directory)
    try:
        _check_key(directory, database_key)
        aside.complete(directory)
        path, fresh_because = directory / aside.DATABASE, ""
        for _attempt in range(3):  # as found; with the ballast given up; after setting damage aside
            try:
                connection = _connect(path, quota_bytes, _checkpoint_pages(ballast))
                try:
                    _make_newest(connection, is_usable)
                except BaseException:
                    connection.close()
                    raise
            except UnicodeDecodeError:  # SQLite's complaint quotes the damage
                fresh_because = f"damaged database set aside as {aside.set_aside(path).name}"
            except sqlcipher3.Error as error:
                if is_damage(error) or _says_read_only(error, path):
                    fresh_because = f"damaged database set aside as {aside.set_aside(path).name}"
                elif not (disk_refuses(error) and ballast.release()):
                    raise StoreUnwritable(
                        words.NOT_OPENED, f"{type(error).__name__} {primary_code(error)}"
                    ) from error
            else:
                return Opened(connection, lock, fresh_because)
        raise StoreCorrupt(words.STILL_DAMAGED)
    except OSError as error:
        os.close(lock)
        raise StoreUnwritable(words.NOT_OPENED, _code(error)) from error
    except BaseException:
        os.close(lock)
        raise


def became_read_only(directory: Path) -> bool:
    """Whether an outbox lies here on a file system that takes no writing, as after an error of the storage."""
    try:
        return bool(os.statvfs(directory).f_flag & os.ST_RDONLY) and (directory / aside.DATABASE).exists()
    except OSError:
        return False


def log_bytes(directory: Path) -> int:
    """How much the write-ahead log takes on the disk."""
    try:
        return (directory / "outbox.db-wal").stat().st_size
    except OSError:  # none, as after it was cut off, or a disk that cannot be read
        return 0


def _open_read_only(directory: Path, database_key: bytes, is_usable: Callable[[Connection], bool]) -> Opened:
    lock = _held(directory / "outbox.lock", os.O_RDONLY)
    try:
        _check_key(directory, database_key)
        path = directory / aside.DATABASE
        # Without a log there is nothing to recover, and SQLite could not make the files that a log wants.
        has_log = path.with_name(path.name + "-wal").exists()
        address = f"{path.absolute().as_uri()}?mode=ro{'' if has_log else '&immutable=1'}"
        connection = sqlcipher3.connect(address, uri=True, isolation_level=None)
        connection.text_factory = readable_text
        (version,) = connection.execute("pragma user_version").fetchone()
        (verdict,) = connection.execute("pragma integrity_check(1)").fetchone()
        if version != NEWEST or verdict != "ok" or not is_usable(connection):
            connection.close()
            raise StoreUnwritable(words.READ_ONLY_WANTS_WRITING, f"version {version}, {verdict}")
    except (sqlcipher3.Error, UnicodeDecodeError) as error:
        os.close(lock)
        code = primary_code(error) if isinstance(error, sqlcipher3.Error) else _CORRUPT
        raise StoreUnwritable(words.READ_ONLY_UNREADABLE, str(code)) from error
    except BaseException:
        os.close(lock)
        raise
    return Opened(connection, lock, "")


def migrate_outbox(directory: Path, database_key: bytes, to: int) -> int:
    """Bring a stopped terminal's outbox to version `to` (1 to `NEWEST`), for a program that knows no newer one.

    The version that it had. ValueError for another `to`; StoreLocked, StoreKeyWrong, StoreUnwritable.
    """
    if not 1 <= to <= NEWEST:
        message = f"待送件的版本只能是 1 到 {NEWEST} / an outbox has a version from 1 to {NEWEST}"
        raise ValueError(message)
    lock = lock_directory(directory)
    try:
        _check_key(directory, database_key)
        aside.complete(directory)
        path = directory / aside.DATABASE
        connection = _connect(path, QUOTA_WHILE_MIGRATING, _LEAST_LOG_PAGES)
        try:
            return migrate(connection, to)
        finally:
            connection.close()
    except (sqlcipher3.Error, UnicodeDecodeError) as error:
        code = primary_code(error) if isinstance(error, sqlcipher3.Error) else _CORRUPT
        detail = f"{type(error).__name__} {code}"
        raise StoreUnwritable(words.NOT_MIGRATED, detail) from error
    finally:
        os.close(lock)
