"""The tables, their migrations and what SQLite was told."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, UniqueConstraint
from sqlalchemy.exc import DBAPIError

from central import database
from central.database import open_database, writing
from central.enrolment import KeyChangedError, enrol
from central.schema import metadata
from central.settings import CentreSettings
from central.trust import TerminalEntry, TrustError, load_trust
from tests.central.conftest import PROJECT, make_trust
from tests.central.station import address_in
from tests.postgres import Cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield address_in(tmp_path)
        return
    server: Cluster = request.getfixturevalue("postgres")
    with server.database() as name:
        yield server.address(name)


def test_every_unique_key_contains_the_terminal() -> None:
    assert len(metadata.tables) >= 9
    for table in metadata.tables.values():
        assert "terminal" in table.primary_key.columns
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint):
                assert "terminal" in constraint.columns
        for index in table.indexes:
            assert not index.unique or "terminal" in index.columns


def test_the_key_says_whose_terminal_it_holds_and_what_must_be_once_has_the_issuing_one() -> None:
    comments = {name: table.c.terminal.comment or "" for name, table in metadata.tables.items()}
    assert all(comments.values())
    issuing = {name for name, comment in comments.items() if comment.startswith("issuing terminal")}
    assert issuing >= {"items", "cases", "evaluations", "decisions", "uploads", "upload_parts"}
    assert not issuing & {"refusals", "inboxes", "letters", "payment_orders", "department_questions"}


def test_migrations_lead_to_the_tables_and_may_be_repeated(empty_database: str) -> None:
    open_database(empty_database).dispose()
    engine = open_database(empty_database)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    # What a column is for stands in the schema alone; SQLite has no place for it.
    assert [one for one in differences if "modify_comment" not in str(one)] == []
    engine.dispose()


def test_several_centres_that_start_at_once_migrate_once(postgres: Cluster) -> None:
    """On PostgreSQL only: a SQLite file has one process."""
    with postgres.database() as name, ThreadPoolExecutor(4) as pool:
        for engine in list(pool.map(open_database, [postgres.address(name)] * 4)):
            engine.dispose()


def _killed_in_the_pool(engine: Engine, server: Cluster) -> None:
    """Leave one connection in the pool whose server process has ended."""
    with engine.connect() as connection:
        process = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
    server.execute(f"select pg_terminate_backend({process}, 10000)")


def test_a_connection_that_broke_during_a_rest_is_replaced_unnoticed(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "REST_S", 0.0)
    with postgres.database() as name:
        engine = open_database(postgres.address(name))
        _killed_in_the_pool(engine, postgres)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("select 1").scalar_one() == 1
        engine.dispose()


def test_a_connection_that_broke_in_the_midst_of_work_fails_once(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "REST_S", 3600.0)
    with postgres.database() as name:
        engine = open_database(postgres.address(name))
        _killed_in_the_pool(engine, postgres)
        with engine.connect() as connection, pytest.raises(DBAPIError):
            connection.exec_driver_sql("select 1")
        with engine.connect() as connection:
            assert connection.exec_driver_sql("select 1").scalar_one() == 1
        engine.dispose()


def test_sqlite_is_told_to_keep_what_it_commits(tmp_path: Path) -> None:
    engine = open_database(address_in(tmp_path))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("pragma journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("pragma synchronous").scalar_one() == 2
    engine.dispose()


def test_an_enrolled_terminal_keeps_its_key(database: str) -> None:
    engine = open_database(database)
    enrol(engine, {"0001": TerminalEntry(name="甲", public_key=b"a" * 32)})
    enrol(engine, {"0001": TerminalEntry(name="甲", public_key=b"a" * 32)})
    with pytest.raises(KeyChangedError, match="0001"):
        enrol(engine, {"0001": TerminalEntry(name="甲", public_key=b"b" * 32)})
    engine.dispose()


def test_writers_on_sqlite_take_turns(tmp_path: Path) -> None:
    engine = open_database(address_in(tmp_path))
    with writing(engine).begin() as connection:
        connection.exec_driver_sql("select 1")
        # A second writer's BEGIN IMMEDIATE would wait; a reader goes on.
        with engine.connect() as reader:
            assert reader.exec_driver_sql("select count(*) from items").scalar_one() == 0
    engine.dispose()


def test_demo_keys_are_kept_private_and_refused_in_production(tmp_path: Path) -> None:
    trust = make_trust(tmp_path / "trust")
    before = {path.name: path.read_bytes() for path in trust.iterdir()}
    make_trust(trust)
    assert {path.name: path.read_bytes() for path in trust.iterdir()} == before
    private = [path for path in trust.iterdir() if path.suffix == ".key"]
    assert len(private) == 8
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    assert trust.stat().st_mode & 0o777 == 0o700
    assert "PRIVATE" not in repr(load_trust(trust, production=False))
    with pytest.raises(TrustError, match="production refuses"):
        load_trust(trust, production=True)
    directory = json.loads((trust / "directory.json").read_text(encoding="utf-8"))
    directory["terminals"]["0142"]["name"] = "长" * 65
    (trust / "directory.json").write_text(json.dumps(directory), encoding="utf-8")
    with pytest.raises(TrustError, match=r"directory\.json"):
        load_trust(trust, production=False)
    (trust / "directory.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(TrustError, match=r"directory\.json"):
        load_trust(trust, production=False)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_where_it_is_and_ends_on_a_signal(
    database: str, tmp_path: Path, trust: Path, end: signal.Signals
) -> None:
    command = [
        sys.executable, str(PROJECT / "main.py"), "central", "--database", database,
        "--trust", str(trust), "--port", "0", "--json",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ops"] == f"{ready['url']}/ops"
        context = ssl.create_default_context(cafile=str(trust / "ca.pem"))
        with httpx.Client(verify=context, trust_env=False) as client:
            assert client.get(f"{ready['url']}/healthz").text == "ok\n"
        process.send_signal(end)
        rest, errors = process.communicate(timeout=30)
    assert rest == b""
    assert errors == b""
    assert process.returncode == 0


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(PROJECT / "main.py"),
        "central",
        "--trust",
        str(tmp_path / "none"),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 78
    assert b"centre_tls.pem is missing" in done.stderr


def test_simulated_departments_are_refused_in_production(tmp_path: Path, trust: Path) -> None:
    command = [
        sys.executable, str(PROJECT / "main.py"), "central", "--trust", str(trust),
        "--production", "--simulated-departments",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 78
    assert b"simulated departments" in done.stderr


def test_settings_count_three_intervals_at_their_longest() -> None:
    assert CentreSettings("sqlite://", Path()).silent_after_s == 1080
