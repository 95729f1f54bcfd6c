"""SIGKILL at random instants of a real process, beside a real centre; a ledger outside says who was right."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from offline_queue import Outbox
from offline_queue.wire import Kind
from tests.central.conftest import make_trust
from tests.crash.centre import CentreProcess, Effects
from tests.crash.doomed import Life, Work, live
from tests.crash.visits import Visit, open_outbox, sender_to
from tests.drivers.waiting import wait_until

LONGEST_LIFE_S = {Work.PUT: 0.035, Work.SEND: 0.5, Work.MIGRATE: 0.05}
SHARE = {Work.PUT: 4, Work.SEND: 4, Work.MIGRATE: 2}
DRAIN_S = 300.0


@dataclass
class Ledger:
    """What the processes said. A word that the kill tore in two was never said."""

    promised: dict[str, Visit] = field(default_factory=dict)
    begun: dict[str, Visit] = field(default_factory=dict)
    unanswered: Visit | None = None
    set_aside: int = 0
    half_withdrawn: int = 0
    killed_while: Counter[str] = field(default_factory=Counter)

    def hear(self, pipe: Connection, work: Work) -> None:
        """Everything that was said until the kill."""
        last = "starting"
        while True:
            try:
                word, *rest = pipe.recv()
            except (EOFError, OSError):
                break
            last = word
            match word, rest:
                case "open", [fresh_because, half_withdrawn]:
                    self.set_aside += bool(fresh_because)
                    self.half_withdrawn += half_withdrawn
                case "begun", [visit]:
                    self.begun[visit.id] = self.unanswered = visit
                case "promised", [item_id]:
                    self.promised[item_id] = self.begun[item_id]
                    self.unanswered = None
        doing = {"begun": "in a commit", "promised": "after a promise", "open": "just opened"}.get(last, last)
        if work is Work.MIGRATE:
            doing = "migrating back as far as what waits allows" if last == "kept" else "migrating"
        self.killed_while[f"{work.value}: {doing}"] += 1

    @property
    def withdrawn(self) -> set[str]:
        """Ids of the cases whose withdrawal was begun: they alone may reach the centre without their content."""
        codes = {visit.code for visit in self.begun.values() if visit.kind is Kind.WITHDRAWAL}
        return {visit.id for visit in self.begun.values() if visit.kind is Kind.CASE and visit.code in codes}


@dataclass(frozen=True, slots=True)
class Killed:
    """The verdict of the ledger. `kills` by what the process was doing."""

    seed: int
    kills: Counter[str]
    centre_kills: int
    begun: int
    promised: int
    registered: int
    told_again: int
    """Registered at the centre before, and sent again since the terminal died before it had written that down."""
    erased: int
    """Withdrawn before they were sent: at the centre as their header. They are there, so they are not lost."""
    half_withdrawn: int
    """Found after a kill with content and a withdrawal, or with neither; or at the centre without the content that
    nobody withdrew."""
    lost: int
    doubled: int
    out_of_order: int
    quarantined: int
    set_aside: int
    chain_whole: bool
    seconds: float

    @property
    def proved(self) -> bool:
        return self.chain_whole and not (
            self.lost
            or self.doubled
            or self.out_of_order
            or self.quarantined
            or self.set_aside
            or self.half_withdrawn
        )


def kill_often(
    folder: Path,
    kills: int,
    seed: int,
    say: Callable[[int], None] = lambda _done: None,
    centre_every: int = 25,
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
    with closing(CentreProcess(folder, trust)) as centre:
        for number in range(1, kills + 1):
            work = chance.choices(list(SHARE), list(SHARE.values()))[0]
            life = Life(work, queue, trust, centre.url, chance.randrange(2**32), ledger.unanswered)
            mine, its = context.Pipe()
            process = context.Process(target=live, args=(life, its))
            process.start()
            its.close()
            centre_dies = number % centre_every == 0
            mine.poll(10)  # it is up: from here on the instant is chance
            time.sleep(chance.uniform(0, LONGEST_LIFE_S[work]))
            if centre_dies:
                centre.kill()
            process.kill()
            process.join()
            ledger.hear(mine, work)
            mine.close()
            if centre_dies:
                centre_kills += 1
                centre.start()
            say(number)
        with closing(open_outbox(queue, trust)) as outbox:
            _drain(outbox, centre, trust)
            return _judged(seed, ledger, centre_kills, outbox, centre.effects(), time.monotonic() - began)


def _drain(outbox: Outbox, centre: CentreProcess, trust: Path) -> None:
    with closing(sender_to(centre.url, outbox, trust)) as sender:
        sender.start()
        wait_until(lambda: outbox.counters().pending == 0, DRAIN_S)


def _judged(
    seed: int, ledger: Ledger, centre_kills: int, outbox: Outbox, effects: Effects, seconds: float
) -> Killed:
    codes = {visit.code for visit in ledger.promised.values()}
    counters = outbox.counters()
    return Killed(
        seed=seed,
        kills=ledger.killed_while,
        centre_kills=centre_kills,
        begun=len(ledger.begun),
        promised=len(ledger.promised),
        registered=effects.items.total(),
        told_again=sum(item.verdict == "duplicate" for code in codes for item in outbox.find(code)),
        erased=len(effects.erased),
        half_withdrawn=ledger.half_withdrawn + len(effects.erased - ledger.withdrawn),
        lost=len(ledger.promised.keys() - effects.items.keys()),
        doubled=effects.doubled,
        out_of_order=effects.out_of_order,
        quarantined=counters.quarantined,
        set_aside=ledger.set_aside + bool(counters.opened_fresh_because),
        chain_whole=outbox.verify().whole,
        seconds=seconds,
    )
