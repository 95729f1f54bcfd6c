"""A centre with two terminals, on real TLS, once on a SQLite file and once on a real PostgreSQL server.

On PostgreSQL the tables are in parts, which refuses all that whole tables refuse and more: the same statements on
the same server. The intake, whose statements race with one another, meets whole tables as well.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import create_engine

from central.database import open_database
from central.server import RunningCentre
from tests.central.partitioned import partition
from tests.central.station import Station, centre, ready_in
from tests.postgres import Cluster, postgres

__all__ = ["postgres"]

PROJECT = Path(__file__).resolve().parents[2]


def make_trust(into: Path) -> Path:
    subprocess.run(
        [sys.executable, str(PROJECT / "deploy" / "demo_trust.py"), "--into", str(into)],
        check=True,
        timeout=60,
    )
    return into


def add_terminal(trust: Path, terminal: str, name: str) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (trust / f"terminal_{terminal}.key").write_bytes(pem)
    directory = json.loads((trust / "directory.json").read_text(encoding="utf-8"))
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    directory["terminals"][terminal] = {"name": name, "public_key": public}
    (trust / "directory.json").write_text(json.dumps(directory), encoding="utf-8")


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_trust(tmp_path_factory.mktemp("trust"))
    add_terminal(made, "0777", "测试村便民服务站")
    return made


EVERY_DATABASE = pytest.mark.parametrize(
    "database", ["sqlite", "postgresql", "hash_partitioned"], indirect=True
)


@pytest.fixture(params=["sqlite", "hash_partitioned"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, request, tmp_path) as address:
        yield address


@contextmanager
def database_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database. PostgreSQL's tables come ready, by a template that the migrations made."""
    if kind == "sqlite":
        yield ready_in(tmp_path)
        return
    server, template = request.getfixturevalue("migrated" if kind == "postgresql" else "parted")
    with server.database(template) as name:
        yield server.address(name)


@pytest.fixture(scope="session")
def migrated(postgres: Cluster) -> Iterator[tuple[Cluster, str]]:
    """The server and the name of a database with all tables."""
    with postgres.database() as template:
        open_database(postgres.address(template)).dispose()
        yield postgres, template


@pytest.fixture(scope="session")
def parted(migrated: tuple[Cluster, str]) -> Iterator[tuple[Cluster, str]]:
    """The same with every table in parts by the hash of its terminal."""
    server, template = migrated
    with server.database(template) as name:
        engine = create_engine(server.address(name))
        partition(engine)
        engine.dispose()
        yield server, name


@pytest.fixture
def running(database: str, trust: Path) -> Iterator[RunningCentre]:
    with centre(database, trust) as started:
        yield started


@pytest.fixture
def station(running: RunningCentre, trust: Path) -> Iterator[Station]:
    made = Station(running.url, trust)
    yield made
    made.close()


@pytest.fixture
def other_station(running: RunningCentre, trust: Path) -> Iterator[Station]:
    made = Station(running.url, trust, "0777")
    yield made
    made.close()
