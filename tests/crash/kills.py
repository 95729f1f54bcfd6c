"""SIGKILL at random instants of a real process, beside real centres; a ledger outside says who was right."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import select

from central.corrections import ForResident, Wish, correct_item
from central.schema import refusals
from central.staff_words import Signed
from offline_queue import Outbox
from offline_queue.inbox_wire import Reference
from tests.central.conftest import make_trust
from tests.crash.centre import CentreProcess, Database, book, centres_on
from tests.crash.doomed import Life, Work, busy_sender, has_its_place_taken, live, repair
from tests.crash.ledger import Killed, Ledger, judge
from tests.crash.sabotage import OF_CENTRE, Sabotage
from tests.crash.visits import Fate, open_outbox, repair_of
from tests.offline_queue.terminal import TERMINAL

LONGEST_LIFE_S = {Work.PUT: 0.035, Work.SEND: 0.5, Work.FETCH: 0.1, Work.UPLOAD: 0.15, Work.MIGRATE: 0.05}
SHARE = {Work.PUT: 4, Work.SEND: 4, Work.FETCH: 1, Work.UPLOAD: 1, Work.MIGRATE: 2}
LETTERS = {Work.FETCH: 200}
"""Posted before such a life, besides news; a few before the others."""
STILL_S = 60.0
"""The end is awaited as long as something moves: how much is left after the last life is chance."""
LOOK_S = 0.2
OLD_TIMES_SHARE = 0.25
"""Of all lives, the first ones: without letters and refused items, which the oldest tables cannot hold."""
OLDEST_WITH_LETTERS = 6
UP_S = 30.0
WORDS = {Work.PUT: 2, Work.SEND: 2, Work.FETCH: 4, Work.UPLOAD: 5, Work.MIGRATE: 1}
"""Said before it is at work: "opening", "open", and the first letters are there, or the first question is answered."""
PAST_OPENING = 0.7
"""Of the lives, so many are left alone until they are at work, the others die anywhere."""
CORRECTION = Wish(
    "registered",
    Signed("desk 3", "slip seen"),
    ForResident("窗口已代为登记", "registered for you at the counter"),
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a newer centre may write one day."""

    number: int

    def model_dump_json(self) -> str:
        return f'{{"kind":"of a newer centre","number":{self.number}}}'


def kill_often(
    folder: Path,
    kills: int,
    seed: int,
    say: Callable[[int], None] = lambda _done: None,
    centre_every: int = 25,
    database: Database = "sqlite",
    sabotage: Sabotage = Sabotage.NONE,
) -> Killed:
    """`kills` lives of one terminal, then everything is sent and the centre's book compared with the promises."""
    began = time.monotonic()
    chance = random.Random(seed)  # noqa: S311 - the kills are meant to be repeatable
    trust = make_trust(folder / "trust")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.doomed"])
    ledger, centre_kills = Ledger(), 0
    queue = folder / "queue"
    open_outbox(queue, trust).close()
    program = ["-m", "tests.crash.sabotage", sabotage.value] if sabotage in OF_CENTRE else []
    with centres_on(database, folder, trust, program) as centres:
        for number in range(1, kills + 1):
            modern = number > kills * OLD_TIMES_SHARE
            work = chance.choices(list(SHARE), list(SHARE.values()))[0]
            centre = chance.choice(centres)
            life = Life(
                work, queue, trust, centre.url, chance.randrange(2**32), ledger.unanswered,
                oldest=OLDEST_WITH_LETTERS if modern else 1, refused=modern, sabotage=sabotage,
            )  # fmt: skip
            if modern:
                _centre_speaks(centre, ledger, number, LETTERS.get(work, 2))
            mine, its = context.Pipe()
            process = context.Process(target=live, args=(life, its))
            process.start()
            its.close()
            centre_dies = number % centre_every == 0
            last = _until_up(mine, WORDS[work] if chance.random() < PAST_OPENING else 1, ledger)
            time.sleep(chance.uniform(0, LONGEST_LIFE_S[work]))
            ledger.died += not process.is_alive()
            if centre_dies:
                centre.kill()
            process.kill()
            process.join()
            ledger.hear(mine, work, last)
            mine.close()
            if centre_dies:
                centre_kills += 1
                centre.start()
            say(number)
        with closing(open_outbox(queue, trust)) as outbox:
            still_open = _settle_all(outbox, centres[0], trust, ledger)
            letters = centres[0].newest_letter(TERMINAL)
            seconds = time.monotonic() - began
            effects = centres[0].effects()
            return judge(seed, database, ledger, centre_kills, outbox, effects, letters, seconds, still_open)


def _until_up(pipe: Connection, words: int, ledger: Ledger) -> str:
    """It has said so many words: from here on the instant is chance. The last one that was heard."""
    last = "opening"
    with suppress(EOFError):  # it ended by itself: the caller counts that
        for _word in range(words - 1):
            if pipe.poll(UP_S):
                word, *rest = pipe.recv()
                ledger.note(word, *rest)
                last = last if word == "line" else word
        pipe.poll(UP_S)
    return last


def _centre_speaks(centre: CentreProcess, ledger: Ledger, number: int, unreadable: int) -> None:
    """Letters, and what staff settle of the refused; in this process, which nobody kills."""
    news = Reference(subject="definitions", version=str(number), sha256="d" * 64, path=f"/{number}.json")
    told: list[Any] = [Unreadable(number) for _ in range(unreadable)]
    centre.tell(TERMINAL, [*told, news])
    ledger.unreadable += unreadable
    ledger.version = str(number)
    _correct(centre)


def _correct(centre: CentreProcess) -> None:
    waiting = select(refusals.c.item_id).where(refusals.c.outcome.is_(None))
    with book(centre.address) as engine:
        with engine.connect() as connection:
            refused = connection.execute(waiting).scalars().all()
        for item_id in refused:
            if repair_of(item_id) is Fate.CORRECTED:
                correct_item(engine, TERMINAL, item_id, CORRECTION)


def _settle_all(outbox: Outbox, centre: CentreProcess, trust: Path, ledger: Ledger) -> dict[str, object]:
    """Everything is sent, repaired, opened and told. What was still open when time was up; empty when nothing."""
    still_open: dict[str, object] = {}

    def settled() -> bool:
        visit = repair(outbox, ledger)
        if visit is not None:
            ledger.say("begun", visit)
            outbox.commit(visit.draft())
            ledger.say("promised", visit.id)
        _correct(centre)
        sender.wake()
        unread = centre.newest_letter(TERMINAL) - (outbox.deliveries.inbox_cursor() or 0)
        found = {
            "superseding": visit is not None,
            "pending": outbox.counters().pending,
            "to repair": _left_to_repair(outbox),
            "letters on the way": unread,
            "unopened at the centre": centre.unopened(),
        }
        still_open.clear()
        still_open.update({what: value for what, value in found.items() if value})
        return not still_open

    with closing(busy_sender(centre.url, outbox, trust, heartbeat_body=dict)) as sender:
        sender.start()
        before: dict[str, object] = {}
        moved_s = time.monotonic()
        while not settled():
            if still_open != before:
                before, moved_s = dict(still_open), time.monotonic()
            elif time.monotonic() - moved_s > STILL_S:
                still_open["sender"] = str(sender.status())
                break
            time.sleep(LOOK_S)
    return still_open


def _left_to_repair(outbox: Outbox) -> bool:
    return any(
        repair_of(item.id) is not Fate.REQUEUED and not has_its_place_taken(outbox, item)
        for item in outbox.deliveries.quarantined()
    )
