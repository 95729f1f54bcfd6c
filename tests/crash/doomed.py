"""The process that is killed. It says over a pipe what it is about to do and what it has promised."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from offline_queue import Committed, ItemSummary, Link, Outbox, Sender
from offline_queue.collector import Collector
from offline_queue.database import migrate_outbox
from offline_queue.records import StoreUnwritable
from offline_queue.schema import NEWEST
from offline_queue.uploader import Uploader
from offline_queue.wire import Kind
from tests.crash import sabotage
from tests.crash.sabotage import Sabotage
from tests.crash.visits import (
    DATABASE_KEY,
    Fate,
    Visit,
    centre_keys,
    half_withdrawn,
    in_place_of,
    link_to,
    open_outbox,
    repair_of,
    sender_to,
)
from tests.offline_queue.terminal import FAST

VISITS = 12
"""Of one life, so that what is left at the end can be sent in minutes."""
ONE_IN_WITHDRAWN = 6
ONE_IN_REFUSED = 8
ONE_IN_BEATING = 8
PART_BYTES = 4096
"""Of an attachment, so that most have several and a kill finds them on the way."""
BUSY = replace(FAST, inbox_s=0.05, inbox_first_s=0.03, heartbeat_s=10.0)
"""A sender that always has something to fetch too."""
RETURNED_WORDS = "请到窗口 / please come to the counter"


class Work(StrEnum):
    """What a life is spent on. `send` puts, repairs and fetches letters as well, so that all go on at once."""

    PUT = "put"
    SEND = "put, send, acknowledge"
    FETCH = "fetch letters"
    UPLOAD = "upload"
    MIGRATE = "migrate"


@dataclass(frozen=True, slots=True)
class Life:
    """Everything a process needs to know. `unanswered`: a visit whose predecessor died before it promised.

    `oldest`: the version down to which it migrates. `refused`: whether some items are such as the centre refuses.
    """

    work: Work
    directory: Path
    trust: Path
    url: str
    seed: int
    unanswered: Visit | None
    oldest: int = 1
    refused: bool = False
    sabotage: Sabotage = Sabotage.NONE


class Voice:
    """The pipe, for two threads."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def say(self, *words: object) -> None:
        with self._lock:
            self._pipe.send(words)

    @contextmanager
    def on_the_line(self, what: str) -> Iterator[None]:
        self.say("line", what)
        yield
        self.say("line", "")


class Hearer(Protocol):
    """Who is told what is done."""

    def say(self, *words: object) -> None: ...


class TellingLink(Link):
    """Says what is on the line."""

    voice: Voice

    def send_batch(self, *given: Any, **named: Any) -> Any:
        with self.voice.on_the_line("a batch"):
            return super().send_batch(*given, **named)

    def send_part(self, *given: Any, **named: Any) -> Any:
        with self.voice.on_the_line("a part of an attachment"):
            return super().send_part(*given, **named)

    def ask_inbox(self, *given: Any, **named: Any) -> Any:
        with self.voice.on_the_line("letters"):
            return super().ask_inbox(*given, **named)

    def send_heartbeat(self, *given: Any, **named: Any) -> Any:
        with self.voice.on_the_line("a heartbeat"):
            return super().send_heartbeat(*given, **named)


def live(life: Life, pipe: Connection) -> None:
    """Until killed. Messages: see `kills.Ledger.hear`."""
    voice = Voice(pipe)
    voice.say("opening")
    sabotage.break_terminal(life.sabotage)
    chance = random.Random(life.seed)  # noqa: S311 - the kills are meant to be repeatable
    while life.work is Work.MIGRATE:
        with suppress(StoreUnwritable):  # the older tables would lose photographs, or stop at what is erased
            migrate_outbox(life.directory, DATABASE_KEY, chance.randint(life.oldest, NEWEST))
        migrate_outbox(life.directory, DATABASE_KEY, NEWEST)
    outbox = open_outbox(life.directory, life.trust)
    voice.say("open", outbox.counters().opened_fresh_because, half_withdrawn(outbox))
    link = link_to(life.url, life.trust, TellingLink)
    assert isinstance(link, TellingLink)
    link.voice = voice
    while life.work is Work.FETCH:
        Collector(outbox, link, centre_keys(life.trust), BUSY).round()
    if life.work is Work.UPLOAD:
        _upload(outbox, link, life.unanswered or Visit.with_large_picture(), voice)
    sender: Sender | None = None
    if life.work is Work.SEND:
        # The centre gathers heartbeats, so their answer takes longer than most of these lives.
        beats = dict if chance.randrange(ONE_IN_BEATING) == 0 else None
        sender = busy_sender(life.url, outbox, life.trust, link, heartbeat_body=beats)
        sender.start()
    visit = None if life.work is Work.UPLOAD else life.unanswered
    if visit is not None and life.sabotage is Sabotage.NEW_ID:
        visit = replace(visit, id=Visit.new().id)
    for _number in range(VISITS):
        visit = visit or _next(life, chance)
        voice.say("begun", visit)
        if life.sabotage is Sabotage.PROMISE_FIRST:
            voice.say("promised", visit.id)
        answer = outbox.commit(visit.draft())
        assert isinstance(answer, Committed), answer
        voice.say("promised", visit.id)
        follows: Visit | None = None
        if sender is not None:
            sender.wake()
            time.sleep(chance.uniform(0, 0.02))  # residents come one after another; sending goes on meanwhile
            follows = repair(outbox, voice)
        withdraws = visit.kind is Kind.CASE and visit.fate is Fate.GOOD and not visit.supersedes
        if follows is None and withdraws and chance.randrange(ONE_IN_WITHDRAWN) == 0:
            follows = visit.withdrawn()
        visit = follows
    pipe.recv()  # nobody ever writes: the kill comes


def _next(life: Life, chance: random.Random) -> Visit:
    return Visit.refused() if life.refused and chance.randrange(ONE_IN_REFUSED) == 0 else Visit.new()


def _upload(outbox: Outbox, link: TellingLink, visit: Visit, voice: Voice) -> None:
    """Part after part of what waits for its pictures, and nothing else."""
    voice.say("begun", visit)
    outbox.commit(visit.draft())
    voice.say("promised", visit.id)
    uploader = Uploader(outbox.terminal, outbox.deliveries, link, part_bytes_most=PART_BYTES)
    outbox.deliveries.catch_up()
    while (item := outbox.deliveries.next_to_upload(held_lanes=(), whole=uploader.whole)) is not None:
        uploader.step(item)
        voice.say("uploading")


def busy_sender(url: str, outbox: Outbox, trust: Path, link: Link | None = None, **changes: Any) -> Sender:
    """Sends attachments in small parts. Not started yet."""
    sender = sender_to(url, outbox, trust, link, policy=BUSY, **changes)
    sender._courier.uploader.part_bytes_most = PART_BYTES
    return sender


def repair(outbox: Outbox, voice: Hearer) -> Visit | None:
    """What a technician does about the refused; a visit when one is to be superseded."""
    for item in outbox.deliveries.quarantined():
        fate = repair_of(item.id)
        if fate is Fate.REQUEUED and item.attempts < 3:
            voice.say("requeued", item.id)
            outbox.deliveries.requeue(item.sequence)
        elif fate is Fate.RETURNED:
            voice.say("returning", item.id)
            outbox.deliveries.give_back(item.sequence, RETURNED_WORDS)
        elif fate is Fate.SUPERSEDED and not has_its_place_taken(outbox, item):
            return in_place_of(item.id, item.lane)
    return None


def has_its_place_taken(outbox: Outbox, item: ItemSummary) -> bool:
    """Looked up among the case's items: an older version, migrated to meanwhile, knows no `superseded_by`."""
    return any(other.sequence > item.sequence for other in outbox.find(item.lane))
