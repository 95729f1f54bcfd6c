"""A centre's database saved while the centre runs, and put back: SQLite's own backup, or `pg_dump` and `pg_restore`."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.postgres import binaries


def save(address: str, into: Path) -> None:
    """May be done at any moment; what is committed is in it."""
    url = make_url(address)
    if url.drivername == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as source, closing(sqlite3.connect(into)) as target:
            source.backup(target)
    else:
        _run("pg_dump", "--format=custom", f"--file={into}", *_where(address))


def put_back(address: str, saved: Path) -> None:
    """The centre must be stopped."""
    url = make_url(address)
    if url.drivername == "sqlite":
        with closing(sqlite3.connect(saved)) as source, closing(sqlite3.connect(str(url.database))) as target:
            source.backup(target)
    else:
        # An empty schema, since `--clean` cannot drop the parts of a partitioned table one by one.
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as connection:
            connection.execute("drop schema public cascade")
            connection.execute("create schema public")
        _run("pg_restore", "--single-transaction", *_where(address), str(saved))


def _where(address: str) -> list[str]:
    url = make_url(address)
    return [f"--host={url.query['host']}", "--username=jiujin", f"--dbname={url.database}"]


def _run(program: str, *arguments: str) -> None:
    programs = binaries()
    assert programs is not None
    done = subprocess.run([str(programs / program), *arguments], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
