"""Opening the database: one place for what SQLite needs and for migrations."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x6A69756A
"""Key of PostgreSQL's advisory lock under which one of several starting processes migrates."""
REST_S = 1.0
"""A connection that was used less long ago is taken to be alive; else it is asked first."""
BUSY_S = 20.0
"""How long a writer waits for another on SQLite."""


def open_database(address: str) -> Engine:
    """An engine with its tables brought up to date. SQLite runs with WAL and synchronous=FULL.

    Its errors quote no values: they stand in the server's log, which holds nobody's code or digest.
    """
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url, hide_parameters=True)
        _ask_after_rest(engine)
    else:
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        waits = {"timeout": BUSY_S, "check_same_thread": False}
        engine = create_engine(url, connect_args=waits, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    migrate(engine)
    return engine


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the lock at their beginning.

    A transaction that reads first and asks for the lock later may be refused in the middle.
    """
    return engine.execution_options(jiujin_writes=True)


def one_question(engine: Engine) -> Engine:
    """The same engine for a single statement that reads: PostgreSQL needs no transaction around it."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest revision, under the writer's lock."""
    with writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({MIGRATION_LOCK})")
        configuration = Config()
        configuration.set_main_option("script_location", str(MIGRATIONS))
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def insert_or_skip(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless its key is there; True when it was inserted."""
    statement = _insert(connection, table).values(**values).on_conflict_do_nothing()
    # Not by the row count: SQLAlchemy does not keep it for inserts on every driver.
    return connection.execute(statement.returning(table.c.terminal)).first() is not None


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def utc_now() -> datetime:
    return datetime.now(UTC)


def as_text(moment: datetime) -> str:
    """RFC 3339 UTC with milliseconds, one fixed width, so that text sorts as time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _ask_after_rest(engine: Engine) -> None:
    """Whether a connection is still alive is asked only after a rest: asked each time, it costs a busy centre one
    way to the database in four. What breaks in between is answered 503, and the pool starts anew.
    """

    def put_back(_raw: object, record: ConnectionPoolEntry) -> None:
        record.info["fresh_until_s"] = time.monotonic() + REST_S

    def taken(raw: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() < record.info.get("fresh_until_s", math.inf):
            return
        try:
            engine.dialect.do_ping(raw)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    event.listen(engine, "checkin", put_back)
    event.listen(engine, "checkout", taken)


def _prepare_sqlite(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # the driver shall not begin transactions by itself
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        raw.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("jiujin_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
