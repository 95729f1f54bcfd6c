"""What the killed processes said, kept outside of them, and the verdict on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from offline_queue import ItemState, ItemSummary, Outbox
from offline_queue.transactions import CORRECTED, RETURNED, SUPERSEDED
from offline_queue.wire import Kind
from tests.crash.centre import Effects
from tests.crash.doomed import Work
from tests.crash.visits import Fate, Visit

SETTLED_AS = {Fate.SUPERSEDED: SUPERSEDED, Fate.RETURNED: RETURNED, Fate.CORRECTED: CORRECTED}
"""How a repaired item ends at the terminal: its verdict, which stays when an older version knows no such state."""
_DOING = {"begun": "in a commit", "promised": "after a promise", "open": "just opened"}


@dataclass
class Ledger:
    """What the processes said. A word that the kill tore in two was never said."""

    promised: dict[str, Visit] = field(default_factory=dict)
    begun: dict[str, Visit] = field(default_factory=dict)
    unanswered: Visit | None = None
    set_aside: int = 0
    died: int = 0
    half_withdrawn: int = 0
    killed_while: Counter[str] = field(default_factory=Counter)
    on_the_line: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    """Letters posted that a terminal of today cannot read: it counts each of them once."""
    version: str = ""
    """Of the last published definitions that a letter told of."""

    def hear(self, pipe: Connection, work: Work, last: str) -> None:
        """Everything that was said until the kill, after the word `last`."""
        line = ""
        while True:
            try:
                word, *rest = pipe.recv()
            except (EOFError, OSError):
                break
            if word == "line":
                (line,) = rest
                continue
            last = word
            self.note(word, *rest)
        doing = "migrating" if work is Work.MIGRATE else _DOING.get(last, last)
        self.killed_while[f"{work.value}: {doing}"] += 1
        if work in (Work.SEND, Work.FETCH, Work.UPLOAD):
            self.on_the_line[line or "nothing"] += 1

    def note(self, word: str, *rest: object) -> None:
        match word, rest:
            case "open", [fresh_because, int(half_withdrawn)]:
                self.set_aside += bool(fresh_because)
                self.half_withdrawn += half_withdrawn
            case "begun", [Visit() as visit]:
                self.begun[visit.id] = self.unanswered = visit
            case "promised", [str(item_id)]:
                self.promised[item_id] = self.begun[item_id]
                self.unanswered = None
            case (("requeued" | "returning"), _):
                self.repairs[word] += 1

    @property
    def withdrawn(self) -> set[str]:
        """Ids of the cases whose withdrawal was begun: they alone may reach the centre without their content."""
        codes = {visit.code for visit in self.begun.values() if visit.kind is Kind.WITHDRAWAL}
        return {visit.id for visit in self.begun.values() if visit.kind is Kind.CASE and visit.code in codes}

    def say(self, *words: object) -> None:
        """As a `doomed.Voice`: the end of the proof repairs what is left in this process."""
        self.note(str(words[0]), *words[1:])


@dataclass(frozen=True, slots=True)
class Killed:
    """The verdict of the ledger. `kills` by what the process was doing, `on_the_line` by what it was sending."""

    seed: int
    database: str
    kills: Counter[str]
    on_the_line: Counter[str]
    centre_kills: int
    begun: int
    promised: int
    registered: int
    told_again: int
    """Registered at the centre before, and sent again since the terminal died before it had written that down."""
    refused: int
    repairs: Counter[str]
    letters: int
    lost: int
    doubled: int
    damaged: int
    """Registered without all that belongs to it."""
    erased: int
    """Withdrawn before they were sent: at the centre as their header. They are there, so they are not lost."""
    half_withdrawn: int
    """Found after a kill with content and a withdrawal, or with neither; or at the centre without the content that
    nobody withdrew."""
    out_of_order: int
    letters_lost: int
    letters_doubled: int
    set_aside: int
    died: int
    """Lives that ended by themselves, by an error; each is killed in the end."""
    chain_whole: bool
    seconds: float
    still_open: dict[str, object]
    """What did not come to its end within the time of the last drain."""

    @property
    def proved(self) -> bool:
        wrong = [self.lost, self.doubled, self.damaged, self.out_of_order, self.letters_lost]
        wrong += [self.letters_doubled, self.half_withdrawn, self.set_aside, self.died]
        return self.chain_whole and not any(wrong) and not self.still_open


def judge(
    seed: int, database: str, ledger: Ledger, centre_kills: int, outbox: Outbox, effects: Effects, letters: int,
    seconds: float, still_open: dict[str, object],
) -> Killed:  # fmt: skip
    """The promises against the centre's book and the terminal's own."""
    here = {
        item.id: item for code in {v.code for v in ledger.promised.values()} for item in outbox.find(code)
    }
    refused = {visit.id for visit in ledger.promised.values() if visit.fate is not Fate.GOOD}
    replaced = {v.supersedes for v in ledger.promised.values() if v.supersedes and v.id in effects.items}
    lost = sum(
        not _kept(visit, here.get(visit.id), effects, visit.id in replaced)
        for visit in ledger.promised.values()
    )
    unread = outbox.deliveries.unread_letters()
    versions = {reference.version for reference in outbox.deliveries.references()}
    return Killed(
        seed=seed,
        database=database,
        kills=ledger.killed_while,
        on_the_line=ledger.on_the_line,
        centre_kills=centre_kills,
        begun=len(ledger.begun),
        promised=len(ledger.promised),
        registered=effects.items.total(),
        told_again=sum(item.verdict == "duplicate" for item in here.values()),
        refused=len(refused),
        repairs=ledger.repairs + Counter(item.verdict for item in here.values() if item.id in refused),
        letters=letters,
        lost=lost,
        doubled=effects.doubled + len(refused & effects.items.keys()),
        damaged=len(effects.damaged),
        erased=len(effects.erased),
        half_withdrawn=ledger.half_withdrawn + len(effects.erased - ledger.withdrawn),
        out_of_order=effects.out_of_order,
        letters_lost=max(0, ledger.unreadable - unread)
        + (bool(ledger.version) and versions != {ledger.version}),
        letters_doubled=max(0, unread - ledger.unreadable),
        set_aside=ledger.set_aside + bool(outbox.counters().opened_fresh_because),
        died=ledger.died,
        chain_whole=outbox.verify().whole,
        seconds=seconds,
        still_open=still_open,
    )


def _kept(visit: Visit, item: ItemSummary | None, effects: Effects, replaced: bool) -> bool:
    if visit.fate is Fate.GOOD:
        return visit.id in effects.items
    if item is None:
        return False
    if visit.fate is Fate.REQUEUED:
        return item.state is ItemState.QUARANTINED
    return item.verdict == SETTLED_AS[visit.fate] or (visit.fate is Fate.SUPERSEDED and replaced)
