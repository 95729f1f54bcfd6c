"""The outbox on a disk: what a durable put costs beside the bare write, beside other queues, and when full.

All on the disk of the project, not in /tmp, which may be memory. `full`: a million pending items
instead of 100,000.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import zstandard

from offline_queue import new_item_id
from offline_queue.records import ItemState, Settlement
from offline_queue.schema import Connection
from offline_queue.seal import seal
from offline_queue.store import Outbox
from offline_queue.transactions import sendable
from offline_queue.wire import BATCH_ITEMS_MAX
from tests.benchmarks.figures import Figure
from tests.offline_queue.terminal import TERMINAL, TerminalKit, committed, draft

PROJECT = Path(__file__).parents[2]
PUTS = 800
FEW, MANY, VERY_MANY = 1_000, 100_000, 1_000_000
DRAINED = 500
ROUNDS = 300
PAYLOAD_BYTES = 2048
MIB = 1024 * 1024


@contextmanager
def on_disk() -> Iterator[Path]:
    """A folder on the disk that the project lies on."""
    (PROJECT / ".demo").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PROJECT / ".demo", prefix="bench-") as folder:
        yield Path(folder)


@contextmanager
def opened(folder: Path) -> Iterator[Outbox]:
    outbox = TerminalKit(folder / "queue").open(quota_bytes=4096 * MIB, ballast_bytes=4 * MIB)
    try:
        yield outbox
    finally:
        outbox.close()


def payloads(count: int) -> list[bytes]:
    """Forms as residents fill them: keys that repeat, values that do not. `PAYLOAD_BYTES` each."""
    chance = random.Random(20261126)  # noqa: S311 - not a secret: the same forms every time
    made = []
    for _ in range(count):
        form = {f"field_{n}": chance.choice(("是", "清河镇三里村", "2026-11-26")) for n in range(20)}
        form |= {"number": str(chance.randrange(10**17)), "mobile": str(chance.randrange(10**10))}
        plain = json.dumps(form, ensure_ascii=False).encode()
        made.append(plain + chance.randbytes((PAYLOAD_BYTES - len(plain)) // 2).hex().encode())
    return [payload[:PAYLOAD_BYTES] for payload in made]


def new_lane() -> str:
    return f"0142{os.urandom(6).hex().upper()}"


def each_us(work: Callable[[bytes], object], given: Sequence[bytes]) -> list[float]:
    """Microseconds of each call."""
    taken = []
    for one in given:
        began = time.perf_counter()
        work(one)
        taken.append((time.perf_counter() - began) * 1e6)
    return taken


def put_against_the_bare_write() -> list[Figure]:
    """Compressed, sealed, chained, committed; against write + fdatasync of the same bytes, in turns."""
    with on_disk() as folder, opened(folder) as outbox, (folder / "raw").open("ab", buffering=0) as raw:

        def bare(payload: bytes) -> None:
            raw.write(payload)
            os.fdatasync(raw.fileno())

        def put(payload: bytes) -> None:
            committed(outbox, draft(lane=new_lane(), payload=payload))

        bare_us, put_us = [], []
        for payload in payloads(PUTS):
            bare_us += each_us(bare, [payload])
            put_us += each_us(put, [payload])
        sealing_us = each_us(lambda payload: seal(payload, outbox._sealing_key, b"bench"), payloads(200))
    middle = statistics.median
    beside = {"bare_us": middle(bare_us), "put_us": middle(put_us), "of_it_sealing_us": middle(sealing_us)}
    return [Figure("outbox_put", middle(put_us) / middle(bare_us), "x", 1.5, beside)]


def bytes_written() -> list[Figure]:
    """What the kernel was told to write for each item, checkpoints included, against its 2 KB."""
    given = payloads(2 * PUTS)
    with on_disk() as folder, opened(folder) as outbox:
        sealed = len(seal(given[0], outbox._sealing_key, b"bench"))
        before = _written_bytes()
        for payload in given:
            committed(outbox, draft(lane=new_lane(), payload=payload))
        outbox.close()
        written = (_written_bytes() - before) / len(given)
    packed = len(zstandard.ZstdCompressor(level=3).compress(given[0]))
    beside = {"written_bytes": written, "payload_bytes": PAYLOAD_BYTES, "envelope_bytes": sealed - packed}
    return [Figure("outbox_bytes_written_an_item", written / PAYLOAD_BYTES, "x", 6, beside)]


def _written_bytes() -> int:
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("write_bytes")))


def against_other_queues() -> list[Figure]:
    """Put one by one; drain until empty, each item acknowledged."""
    # They leave their connections to the garbage collector; that is theirs to mend.
    warnings.simplefilter("ignore", ResourceWarning)
    from tests.benchmarks.other_queues import OTHERS

    given = payloads(DRAINED)
    put_us, drain_us = {}, {}
    for name, make in OTHERS.items():
        with on_disk() as folder:
            other = make(folder)
            put_us[name] = statistics.median(each_us(other.put, given))
            drain_us[name] = _drain_us(lambda other=other: [other.take() for _ in given], DRAINED)  # type: ignore[misc]
    with on_disk() as folder, opened(folder) as outbox:
        ours = statistics.median(
            each_us(lambda payload: committed(outbox, draft(lane=new_lane(), payload=payload)), given)
        )
        drained = _drain_us(lambda: _drain(outbox), DRAINED)
    return [
        Figure("outbox_put_beside_the_fastest", ours / min(put_us.values()), "x", 1, {"ours": ours, **put_us}),
        Figure(
            "outbox_acknowledged_drain_beside_the_fastest", drained / min(drain_us.values()), "x", 1,
            {"ours": drained, **drain_us},
        ),
    ]  # fmt: skip


def _drain(outbox: Outbox) -> None:
    while batch := outbox.deliveries.next_batch(held_lanes=(), items_max=BATCH_ITEMS_MAX, bytes_max=MIB):
        outbox.deliveries.note_attempt([item.sequence for item in batch])
        outbox.deliveries.settle(
            Settlement(
                item.sequence, ItemState.ACKNOWLEDGED, "registered", registered_at="2026-11-26T00:00:00Z"
            )
            for item in batch
        )


def _drain_us(drain: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    drain()
    return (time.perf_counter() - began) / count * 1e6


def as_it_fills(full: bool = False) -> list[Figure]:
    """Put and peek with a great many pending items, in turns with a nearly empty outbox."""
    many = VERY_MANY if full else MANY
    with on_disk() as small, on_disk() as large, opened(small) as few, opened(large) as lots:
        _fill(few, FEW)
        _fill(lots, many)
        put_us: dict[Outbox, list[float]] = {few: [], lots: []}
        peek_us: dict[Outbox, list[float]] = {few: [], lots: []}
        for payload in payloads(ROUNDS):
            for outbox in (few, lots):
                wanted = draft(lane=new_lane(), payload=payload)
                put_us[outbox] += each_us(lambda _, o=outbox, d=wanted: committed(o, d), [payload])  # type: ignore[misc]
                outbox.deliveries.catch_up()
                peek_us[outbox] += each_us(lambda _, o=outbox: _peek(o), [payload])  # type: ignore[misc]
    figures = []
    for name, taken in (("put", put_us), ("peek", peek_us)):
        at_few, at_many = statistics.median(taken[few]), statistics.median(taken[lots])
        beside = {"at_few_us": at_few, "at_many_us": at_many, "few": FEW, "many": many}
        figures.append(Figure(f"outbox_{name}_when_full", at_many / at_few, "x", 1.2, beside))
    return figures


def _peek(outbox: Outbox) -> None:
    assert len(outbox.deliveries.next_batch(held_lanes=(), items_max=50, bytes_max=MIB)) == 50


def _fill(outbox: Outbox, count: int) -> None:
    """Items like the first, with a true chain, in one transaction instead of `count`."""
    committed(outbox, draft(lane=new_lane(), payload=payloads(1)[0]))
    ((first,), _damaged) = outbox._owner.ask(lambda connection: sendable(connection, TERMINAL, (), 1, 1))

    def items() -> Iterator[tuple[object, ...]]:
        previous = first.chain_hash()
        for sequence in range(2, count + 1):
            item = first.model_copy(
                update={
                    "id": new_item_id(),
                    "lane": new_lane(),
                    "sequence": sequence,
                    "previous_hash": previous,
                }
            )
            previous = item.chain_hash()
            yield item.id, item.lane, sequence, item.previous_hash, previous

    def fill(connection: Connection) -> None:
        names = [row[1] for row in connection.execute("pragma table_info(item)")]
        new = {"id": "?1", "lane": "?2", "sequence": "?3", "previous_hash": "?4", "item_hash": "?5"}
        columns = ", ".join(new.get(name, name) for name in names)
        connection.execute("begin")
        connection.executemany(
            f"insert into item ({', '.join(names)}) select {columns} from item where sequence = 1",  # noqa: S608 - constants
            items(),
        )
        connection.execute("commit")

    outbox._owner.ask(fill)
    outbox.deliveries.catch_up()
