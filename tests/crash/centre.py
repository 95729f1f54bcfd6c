"""The centre as a process of its own, that can be killed too, and its book of effects."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
END_S = 30.0
EFFECTS = ("case.registered", "case.withdrawn")
CONTRADICTIONS = ("case.superseded", "item.conflict", "chain.fork", "chain.rollback")
"""Nothing in these lives gives a reason for one; each would be an effect of a lost or doubled item."""


class CentreProcess:
    """`main.py central` on a SQLite file. The port stays the same over `kill` and `start`."""

    def __init__(self, folder: Path, trust: Path) -> None:
        self.file = folder / "centre.sqlite"
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
                sys.executable, str(PROJECT / "main.py"), "central", "--database", f"sqlite:///{self.file}",
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
        return Effects.read(self.file)


@dataclass(frozen=True, slots=True)
class Effects:
    """`items` by id and `cases` by code: how often each was registered. `order`: code, kind, sequence, id.

    `erased`: ids of the items that came as their header alone.
    """

    items: Counter[str]
    cases: Counter[str]
    order: list[tuple[str, str, int, str]]
    events: Counter[tuple[str, str | None]]
    states: dict[str, str]
    erased: frozenset[str] = frozenset()

    @classmethod
    def read(cls, file: Path) -> Effects:
        """From the centre's database itself, not from what the centre says about it."""
        with closing(sqlite3.connect(file)) as book:
            items = Counter(row[0] for row in book.execute("select item_id from items"))
            cases = Counter(row[0] for row in book.execute("select code from items where kind = 'case'"))
            order = [
                tuple(row)
                for row in book.execute("select code, kind, sequence, item_id from items order by rowid")
            ]
            events = Counter((row[0], row[1]) for row in book.execute("select event, code from events"))
            states = dict(book.execute("select code, state from cases").fetchall())
            header_only = book.execute("select item_id from items where erased_at is not null")
            erased = frozenset(row[0] for row in header_only)
        return cls(items, cases, order, events, states, erased)

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
