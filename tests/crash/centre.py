"""The centre as a process of its own, that can be killed too, and its book of effects."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, NullPool, create_engine, func, select, text

from central.database import as_text, utc_now, writing
from central.inbox import post
from central.schema import cases, events, inboxes, items, upload_parts, uploads
from tests.central.station import address_in
from tests.postgres import cluster

Database = Literal["sqlite", "postgresql"]
CENTRES: dict[Database, int] = {"sqlite": 1, "postgresql": 2}
"""Processes on one database: a terminal meets now this one, now that one."""
PROJECT = Path(__file__).resolve().parents[2]
END_S = 30.0
EFFECTS = ("case.registered", "case.withdrawn", "case.corrected")
CONTRADICTIONS = ("case.superseded", "item.conflict", "chain.fork", "chain.rollback")
"""Nothing in these lives gives a reason for one; each would be an effect of a lost or doubled item."""


class CentreProcess:
    """`main.py central` on the database of this address. The port stays the same over `kill` and `start`.

    `program`: what is started instead, such as a centre that breaks its promises.
    """

    def __init__(self, address: str, trust: Path, program: Sequence[str] = ()) -> None:
        self.address = address
        self._program = program or [str(PROJECT / "main.py"), "central"]
        self._trust = trust
        self._port = 0
        self.url = ""
        self.start()

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> None:
        """Returns when connections are answered."""
        self._process = subprocess.Popen(
            [
                sys.executable, *self._program, "--database", self.address,
                "--trust", str(self._trust), "--port", str(self._port), "--json",
            ],
            stdout=subprocess.PIPE,
            cwd=PROJECT,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the centre did not start"
        self.url = json.loads(line)["url"]
        self._port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self._process.kill()
        self._end()

    def close(self) -> None:
        """May be called twice."""
        self._process.terminate()
        self._end()

    def _end(self) -> None:
        self._process.wait(END_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def effects(self) -> Effects:
        return Effects.read(self.address)

    def tell(self, terminal: str, letters: Sequence[Any]) -> None:
        """As the centre's own programs do: letters into a terminal's inbox, while the door is open.

        `letters`: of `inbox_wire.Content`, or what a newer centre may write one day.
        """
        with book(self.address) as engine, writing(engine).begin() as connection:
            post(connection, {terminal: letters}, as_text(utc_now()))

    def newest_letter(self, terminal: str) -> int:
        query = select(inboxes.c.newest).where(inboxes.c.terminal == terminal)
        with book(self.address) as engine, engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none() or 0

    def unopened(self) -> int:
        """How many items are registered and not applied to their cases yet."""
        query = select(func.count()).where(items.c.opened_at.is_(None))
        with book(self.address) as engine, engine.connect() as connection:
            return connection.execute(query).scalar_one()


@contextmanager
def centres_on(
    database: Database, folder: Path, trust: Path, program: Sequence[str] = ()
) -> Iterator[list[CentreProcess]]:
    """The centre's processes on a new database, while the block lasts."""
    with ExitStack() as stack:
        address = address_in(folder)
        if database == "postgresql":
            server = stack.enter_context(cluster())
            address = server.address(stack.enter_context(server.database()))
        yield [
            stack.enter_context(closing(CentreProcess(address, trust, program)))
            for _ in range(CENTRES[database])
        ]


@contextmanager
def book(address: str) -> Iterator[Engine]:
    """The centre's database itself; a connection for each question, so that nothing outlives a kill."""
    arguments = {"timeout": END_S} if address.startswith("sqlite") else {}
    engine = create_engine(address, poolclass=NullPool, connect_args=arguments)
    try:
        yield engine
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class Effects:
    """`items` by id and `cases` by code: how often each was registered. `order`: code, kind, sequence, id.

    `damaged`: registered items whose content cannot be used, or whose attachments are not here whole.
    `erased`: ids of those that came as their header alone.
    """

    items: Counter[str]
    cases: Counter[str]
    order: list[tuple[str, str, int, str]]
    events: Counter[tuple[str, str | None]]
    states: dict[str, str]
    damaged: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()

    @classmethod
    def read(cls, address: str) -> Effects:
        """From the centre's database itself, not from what the centre says about it."""
        with book(address) as engine, engine.connect() as connection:
            columns = (items.c.code, items.c.kind, items.c.sequence, items.c.item_id)
            # PostgreSQL keeps no order of insertion; those of one batch have one time and come by their numbers.
            sqlite, by_time = address.startswith("sqlite"), (items.c.registered_at, items.c.sequence)
            rows = connection.execute(
                select(*columns).order_by(*([text("rowid")] if sqlite else by_time))
            ).all()
            order = [(row.code, row.kind, row.sequence, row.item_id) for row in rows]
            told = connection.execute(select(events.c.event, events.c.code)).all()
            moved = connection.execute(select(cases.c.code, cases.c.state))
            states = {row.code: row.state for row in moved}
            damaged = frozenset(_damaged(connection))
            header_only = select(items.c.item_id).where(items.c.erased_at.is_not(None))
            erased = frozenset(connection.execute(header_only).scalars())
        return cls(
            items=Counter(row[3] for row in order),
            cases=Counter(row[0] for row in order if row[1] == "case"),
            order=order,
            events=Counter((event, code) for event, code in told),
            states=states,
            damaged=damaged,
            erased=erased,
        )

    @property
    def doubled(self) -> int:
        """Effects that came more than once, and items that the centre held to contradict another."""
        done = [number for (event, code), number in self.events.items() if code and event in EFFECTS]
        twice = sum(number - 1 for number in [*self.items.values(), *self.cases.values(), *done])
        return twice + sum(
            number for (event, _code), number in self.events.items() if event in CONTRADICTIONS
        )

    @property
    def out_of_order(self) -> int:
        """Items of a case that came before an earlier one of the same case."""
        last: dict[str, int] = {}
        wrong = 0
        for code, _kind, sequence, _item_id in self.order:
            wrong += sequence < last.get(code, 0)
            last[code] = max(sequence, last.get(code, 0))
        return wrong


def _damaged(connection: Connection) -> Iterator[str]:
    digests: defaultdict[tuple[str, str], hashlib._Hash] = defaultdict(hashlib.sha256)
    parts = select(upload_parts).order_by(upload_parts.c.item_id, upload_parts.c.sha256, upload_parts.c.start)
    for part in connection.execute(parts):
        digests[part.item_id, part.sha256].update(part.part)
    kept = {
        (row.item_id, row.sha256)
        for row in connection.execute(select(uploads).where(uploads.c.kept == 1, uploads.c.whole == 1))
    }
    whole = select(items.c.item_id, items.c.header, items.c.finding).where(items.c.erased_at.is_(None))
    for row in connection.execute(whole):
        named = [(row.item_id, told["sealed_sha256"]) for told in row.header.get("attachments", ())]
        here = all(key in kept and digests[key].hexdigest() == key[1] for key in named)
        if not here or row.finding is not None:
            yield row.item_id
