"""A PostgreSQL server of the tests' own: a private cluster in a temporary folder, on a Unix socket only.

PostgreSQL refuses to run as root, so under root it runs as `postgres`. It ends with the process that began it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import OperationalError

from tests.drivers.waiting import wait_until
from tests.quick import quick_folder

START_S = 60.0
STOP_S = 30.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "autovacuum": "off",  # databases here live for seconds
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests whose subject is not what a commit survives: nobody cuts this machine's power. A killed centre
loses nothing by it, since what the server has taken is in the server's memory."""


def binaries() -> Path | None:
    """The newest server that Debian has installed here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


class Cluster:
    """A running server. `address(name)` is what SQLAlchemy and the centre take."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self._numbers = count(1)
        programs = binaries()
        if programs is None:
            message = "no PostgreSQL server is installed: deploy/setup.sh tests"
            raise RuntimeError(message)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        self._run(str(programs / "initdb"), "-D", str(data), "-U", "jiujin", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        settings = {**SETTINGS, "unix_socket_directories": str(folder), **({} if durable else NOT_DURABLE)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [*_as_postgres(), str(programs / "postgres"), "-D", str(data), *options],
            stdout=self._log, stderr=self._log, cwd=folder,
        )  # fmt: skip
        assert wait_until(self._answers, START_S), "PostgreSQL did not start"

    def address(self, database: str) -> str:
        return f"postgresql+psycopg://jiujin@/{database}?host={self.folder}"

    def plain_address(self, database: str) -> str:
        """For psycopg itself."""
        return f"postgresql://jiujin@/{database}?host={self.folder}"

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """A database of its own while the block lasts; its name."""
        name = f"t{next(self._numbers)}"
        self.execute(f"create database {name} template {template}")
        try:
            yield name
        finally:
            self.execute(f"drop database {name} with (force)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.plain_address("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def close(self) -> None:
        """A fast shutdown: open transactions are rolled back."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(STOP_S)
        self._log.close()

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text(errors="replace"))
        try:
            psycopg.connect(self.plain_address("postgres")).close()
        except OperationalError:
            return False
        return True

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [*_as_postgres(), *command], capture_output=True, cwd=self.folder, timeout=START_S, check=False
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")


def _as_postgres() -> list[str]:
    """The prefix that makes a program end with this process, and run as `postgres` where this one is root."""
    who = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig=INT", *who, "--"]


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A server while the block lasts."""
    # Not pytest's own folder: it is closed to other users, and its name too long for a socket's.
    place = None if durable else quick_folder(for_programs=False)
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=place))
    try:
        running = Cluster(folder, durable=durable)
        try:
            yield running
        finally:
            running.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One server a worker, started by the first test that asks for it."""
    with cluster() as running:
        yield running
