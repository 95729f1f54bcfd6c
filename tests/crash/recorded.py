"""The process whose writes are recorded: it does all that an outbox does, and writes its promises into the record.

`python -m tests.crash.recorded DIRECTORY TRUST RECORD VISITS SEED SYNCHRONOUS`
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from offline_queue import Committed, Item, ItemState, Outbox, words
from offline_queue.database import migrate_outbox
from offline_queue.inbox_wire import Letter
from offline_queue.records import Settlement, StoreUnwritable
from offline_queue.schema import NEWEST
from tests.crash.kills import OLDEST_WITH_LETTERS
from tests.crash.visits import DATABASE_KEY, Visit, in_place_of, open_outbox
from tests.offline_queue.terminal import TERMINAL

ONE_IN_SETTLED = 4
ONE_IN_TOLD = 6
ONE_IN_REFUSED = 8
ONE_IN_MIGRATED = 30
AT = "2026-11-26T00:00:00Z"


@dataclass
class Recorded:
    """The terminal's life. What it promises is in the record before anything else happens."""

    directory: Path
    trust: Path
    record: int
    chance: random.Random
    synchronous: str
    letters: int = 0
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def say(self, kind: str, name: str) -> None:
        os.write(self.record, f"{kind} {name} 0 0\n".encode())

    def put(self, visit: Visit) -> None:
        assert isinstance(self.outbox.commit(visit.draft()), Committed)
        self.say("P", f"{visit.id}/{visit.code}")

    def settle(self) -> None:
        """The centre has them: they may be gone from here on."""
        items = self._next(ONE_IN_SETTLED)
        for item in items:
            self.say("A", item.id)
        self._write(items, ItemState.ACKNOWLEDGED, "registered")

    def refuse(self) -> None:
        """The centre refuses one, and a technician repairs it."""
        for item in self._next(1):
            self.say("A", item.id)
            self._write((item,), ItemState.QUARANTINED, "refused")
            match self.chance.randrange(4):
                case 0:
                    assert self.outbox.deliveries.requeue(item.sequence)
                    self.say("R", item.id)
                case 1:
                    assert self.outbox.deliveries.give_back(item.sequence, "given back")
                case 2:
                    self.put(in_place_of(item.id, item.lane))

    def hear(self) -> None:
        """A letter; once it is applied, the centre is told so and forgets it."""
        self.letters += 1
        letter = Letter(terminal=TERMINAL, number=self.letters, content="{}", key_id="", signature=b"")
        assert self.outbox.deliveries.apply_letters([letter])
        self.say("L", str(self.letters))

    def migrate(self) -> None:
        """To an older version and back by opening; not while a refused item waits for the one in its place."""
        self.outbox.close()
        try:
            migrate_outbox(self.directory, DATABASE_KEY, self.chance.randint(OLDEST_WITH_LETTERS, NEWEST))
        except StoreUnwritable as told:
            if told.words != words.REPLACEMENT_WAITS:
                raise
        self.open()

    def open(self) -> None:
        self.outbox = open_outbox(self.directory, self.trust)
        if self.synchronous != "full":
            pragma = f"pragma synchronous = {self.synchronous}"
            self.outbox._owner.ask(lambda connection: connection.execute(pragma).fetchall())

    def _next(self, items_max: int) -> tuple[Item, ...]:
        return self.outbox.deliveries.next_batch(held_lanes=(), items_max=items_max, bytes_max=1 << 20)

    def _write(self, items: Iterable[Item], state: ItemState, verdict: str) -> None:
        at = AT if state is ItemState.ACKNOWLEDGED else None
        assert self.outbox.deliveries.settle(
            [Settlement(item.sequence, state, verdict, registered_at=at) for item in items]
        )


def main() -> None:
    directory, trust, record_path, visits, seed, synchronous = sys.argv[1:]
    chance = random.Random(int(seed))  # noqa: S311 - repeatable
    record = os.open(record_path, os.O_WRONLY | os.O_APPEND)
    life = Recorded(Path(directory), Path(trust), record, chance, synchronous)
    deeds = (
        (ONE_IN_SETTLED, life.settle), (ONE_IN_TOLD, life.hear), (ONE_IN_REFUSED, life.refuse),
        (ONE_IN_MIGRATED, life.migrate),
    )  # fmt: skip
    for _number in range(int(visits)):
        life.put(Visit.new())
        for one_in, deed in deeds:
            if chance.randrange(one_in) == 0:
                deed()
    os._exit(0)  # the power went: nothing is closed in an orderly way


if __name__ == "__main__":
    main()
