"""The process that is killed. It says over a pipe what it is about to do and what it has promised."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path

from offline_queue import Committed
from offline_queue.database import migrate_outbox
from offline_queue.records import StoreUnwritable
from offline_queue.schema import NEWEST
from tests.crash.visits import DATABASE_KEY, Visit, half_withdrawn, open_outbox, sender_to

VISITS = 12
"""Of one life, so that what is left at the end can be sent in minutes."""
ONE_IN_WITHDRAWN = 6


class Work(StrEnum):
    """What a life is spent on. `send` puts as well, so that all three go on at once."""

    PUT = "put"
    SEND = "put, send, acknowledge"
    MIGRATE = "migrate"


@dataclass(frozen=True, slots=True)
class Life:
    """Everything a process needs to know. `unanswered`: a visit whose predecessor died before it promised."""

    work: Work
    directory: Path
    trust: Path
    url: str
    seed: int
    unanswered: Visit | None


def live(life: Life, pipe: Connection) -> None:
    """Until killed. Messages: ("opening",), ("kept",) when a migration back was refused for what waits,
    ("open", why fresh, cases half withdrawn), ("begun", visit), ("promised", id).
    """
    pipe.send(("opening",))
    while life.work is Work.MIGRATE:
        try:
            migrate_outbox(life.directory, DATABASE_KEY, 1)
        except StoreUnwritable:  # the older tables would lose the photographs, or what was withdrawn
            pipe.send(("kept",))
        migrate_outbox(life.directory, DATABASE_KEY, NEWEST)
    chance = random.Random(life.seed)  # noqa: S311 - the kills are meant to be repeatable
    outbox = open_outbox(life.directory, life.trust)
    pipe.send(("open", outbox.counters().opened_fresh_because, half_withdrawn(outbox)))
    if life.work is Work.SEND:
        sender = sender_to(life.url, outbox, life.trust)
        sender.start()
    visit = life.unanswered
    for _number in range(VISITS):
        visit = visit or Visit.new()
        pipe.send(("begun", visit))
        answer = outbox.commit(visit.draft())
        assert isinstance(answer, Committed), answer
        pipe.send(("promised", visit.id))
        if life.work is Work.SEND:
            sender.wake()
            time.sleep(chance.uniform(0, 0.02))  # residents come one after another; sending goes on meanwhile
        withdraws = visit.kind.value == "case" and chance.randrange(ONE_IN_WITHDRAWN) == 0
        visit = visit.withdrawn() if withdraws else None
    pipe.recv()  # nobody ever writes: the kill comes
