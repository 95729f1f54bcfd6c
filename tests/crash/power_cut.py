"""A simulated power cut: what a process wrote is recorded, and the disk rebuilt as a cut would leave it.

What was flushed is there. Of what was not, any part may be: each write is there, missing, or torn at a
sector. That is harder than a file system that keeps the order of writes, and it needs no right that an
ordinary user lacks, so that every machine of the tests runs it. Taken as given, as ext4 does: flushing
a file makes its name durable too. Not modelled: a disk that says "flushed" and lies.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from offline_queue import ItemState, Outbox
from tests.central.conftest import make_trust
from tests.crash.visits import open_outbox

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
SECTOR_BYTES = 512
COMPILED = ("-shared", "-fPIC", "-O1", "-Wall", "-Werror")
NOT_THERE, THERE, TORN = range(3)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the record. `kind` W, T, S, U as in recorder.c.

    P promised; A with the centre, or refused by it; R to be sent again after all; L letter of that number applied.
    """

    kind: str
    name: str
    offset: int
    data: bytes


def record(folder: Path, trust: Path, visits: int, seed: int, synchronous: str = "full") -> list[Step]:
    """Run a process that commits `visits` cases and settles some; everything that it did to its files, in order."""
    library, written = folder / "recorder.so", folder / "record"
    compiler = shutil.which("cc")
    assert compiler is not None, "no C compiler: deploy/setup.sh installs gcc"
    subprocess.run([compiler, *COMPILED, "-o", library, HERE / "recorder.c", "-ldl"], check=True)
    queue = folder / "queue"
    written.touch()
    environment = {**os.environ, "LD_PRELOAD": str(library), "RECORDED": str(queue), "RECORD": str(written)}
    command = [sys.executable, "-m", "tests.crash.recorded", queue, trust, written, visits, seed, synchronous]
    subprocess.run([str(part) for part in command], check=True, cwd=PROJECT, env=environment, timeout=300)
    return list(_read(written.read_bytes()))


def _read(raw: bytes) -> Iterator[Step]:
    at = 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        kind, name, offset, length = raw[at:end].decode().split(" ")
        at = end + 1 + int(length)
        yield Step(kind, name, int(offset), raw[end + 1 : at])


class Disk:
    """Files by name: what is durable, and what waits to be."""

    def __init__(self) -> None:
        self.durable: dict[str, bytearray] = {}
        self.waiting: dict[str, list[Step]] = {}

    def take(self, step: Step) -> None:
        match step.kind:
            case "W" | "T":
                self.waiting.setdefault(step.name, []).append(step)
            case "S":
                for late in self.waiting.pop(step.name, []):
                    _apply(self.durable.setdefault(step.name, bytearray()), late)
            case "U":
                self.durable.pop(step.name, None)
                self.waiting.pop(step.name, None)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """The files after a power cut now. Half of all cuts lose everything that was not flushed."""
        left = {name: bytearray(content) for name, content in self.durable.items()}
        if chance.random() < 0.5:
            return {name: bytes(content) for name, content in left.items()}
        for name, steps in self.waiting.items():
            for step in steps:
                fate = chance.choice((NOT_THERE, THERE, TORN))
                if fate == NOT_THERE:
                    continue
                sectors = chance.randrange(len(step.data) // SECTOR_BYTES + 1)
                kept = step.data if fate == THERE else step.data[: sectors * SECTOR_BYTES]
                _apply(left.setdefault(name, bytearray()), Step(step.kind, name, step.offset, kept))
        return {name: bytes(content) for name, content in left.items()}


def _apply(content: bytearray, step: Step) -> None:
    if step.kind == "T":
        del content[step.offset :]
        content.extend(bytes(step.offset - len(content)))
        return
    content.extend(bytes(max(0, step.offset - len(content))))
    content[step.offset : step.offset + len(step.data)] = step.data


@dataclass(frozen=True, slots=True)
class PowerCuts:
    """What the cuts came to; `lost`: promised, not yet acknowledged by the centre, and gone after a cut."""

    seed: int
    cuts: int
    promises: int
    """At the moment of each cut, added up."""
    letters: int
    """Applied at the moment of each cut, added up."""
    lost: int
    letters_wrong: int
    """Cuts after which a letter that was applied, and told to be, was not, or was counted another time."""
    chains_broken: int
    set_aside: int

    @property
    def proved(self) -> bool:
        return not (self.lost or self.letters_wrong or self.chains_broken or self.set_aside)


def cut_power(
    folder: Path, cuts: int, seed: int, say: Callable[[int], None] = lambda _done: None, synchronous: str = "full",
    visits: int = 120,
) -> PowerCuts:  # fmt: skip
    """One recorded life, cut at `cuts` random points, and opened again after each."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    trust = make_trust(folder / "trust")
    steps = record(folder, trust, visits, seed, synchronous)
    points = sorted(chance.sample(range(1, len(steps)), min(cuts, len(steps) - 1)))
    disk, told, found = Disk(), Told(), _After()
    promises = letters = done = 0
    for point, step in enumerate(steps, 1):
        disk.take(step)
        told.hear(step)
        if point != (points[done] if done < len(points) else -1):
            continue
        done += 1
        promises += len(told.promised)
        letters += told.letters
        found += _after(disk.cut(chance), told, trust)
        say(done)
    return PowerCuts(
        seed, done, promises, letters, found.lost, found.letters_wrong, found.chains_broken, found.set_aside
    )


@dataclass(slots=True)
class Told:
    """The ledger up to one point. `promised`: id to code; `letters`: the last one applied."""

    promised: dict[str, str] = field(default_factory=dict)
    with_centre: set[str] = field(default_factory=set)
    letters: int = 0

    def hear(self, step: Step) -> None:
        match step.kind:
            case "P":
                item_id, _, code = step.name.partition("/")
                self.promised[item_id] = code
            case "A":
                self.with_centre.add(step.name)
            case "R":
                self.with_centre.discard(step.name)
            case "L":
                self.letters = int(step.name)


class _After(NamedTuple):
    """What was found after a cut, or after several, added up."""

    lost: int = 0
    letters_wrong: int = 0
    chains_broken: int = 0
    set_aside: int = 0

    def __add__(self, other: object) -> _After:
        assert isinstance(other, _After)
        return _After(*(mine + its for mine, its in zip(self, other, strict=True)))


def _without_their_pictures(outbox: Outbox) -> int:
    """Items that came back without all that belongs to them. Here each has a lane of its own."""
    items = outbox.deliveries.next_batch(held_lanes=(), items_max=10**6, bytes_max=10**9, whole=range(10**6))
    return sum(
        hashlib.sha256(outbox.deliveries.attachment(item.sequence, told.number) or b"").hexdigest()
        != told.sealed_sha256
        for item in items
        for told in item.attachments
    )


def _after(files: dict[str, bytes], told: Told, trust: Path) -> _After:
    """When the terminal was started on these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        with closing(open_outbox(Path(folder), trust)) as outbox:
            lost = 0
            for item_id, code in told.promised.items():
                there = {item.id: item.state for item in outbox.find(code)}
                settled = item_id in told.with_centre
                lost += there.get(item_id) is not ItemState.PENDING and not (settled and item_id in there)
            lost += _without_their_pictures(outbox)
            applied = outbox.deliveries.inbox_cursor() or 0
            # Each of them is of a kind that only counts.
            wrong = applied < told.letters or outbox.deliveries.unread_letters() != applied
            return _After(
                lost, wrong, not outbox.verify().whole, bool(outbox.counters().opened_fresh_because)
            )
