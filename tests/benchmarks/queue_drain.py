"""What it takes to empty the outbox over a long and over a narrow line; the centre is a process of its own."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import zstandard

from kiosk.bench.fault_proxy import FaultProxy, Line, Mode
from offline_queue import Policy
from tests.benchmarks.figures import Figure
from tests.central.conftest import make_trust
from tests.central.station import address_in, case_payload
from tests.crash.centre import CentreProcess
from tests.crash.visits import Visit, open_outbox, sender_to
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import FAST, committed
from tests.soak.outage import PATIENT

LONG_LINE = Line(bytes_per_s=1e9, round_trip_s=0.05, loss=0.0)
NARROW_LINE = Line(bytes_per_s=8000.0, round_trip_s=0.05, loss=0.0)
IN_BATCHES, ONE_BY_ONE = 400, 30
BACKLOG, BACKLOG_FULL = 300, 10_000
REMARKS = (200, 1800)
"""Characters that do not compress, in the payloads of the two backlogs: the difference is what a byte costs."""
PACE = 100.0
DRAIN_S = 1800.0


@dataclass(frozen=True, slots=True)
class Drained:
    """One backlog emptied. `plain_bytes`: its payloads, each compressed by itself."""

    items: int
    seconds: float
    line_s: float
    bytes_up: int
    plain_bytes: int


def drain(
    folder: Path, items: int, line: Line, policy: Policy = FAST, *, remark: int = 200, pace: float = 1.0
) -> Drained:
    """Fill a new outbox and empty it over `line`. AssertionError when not all arrives."""
    trust = make_trust(folder / "trust")
    with (
        closing(CentreProcess(address_in(folder), trust)) as centre,
        FaultProxy(centre.port, line=line, pace=pace) as proxy,
        closing(open_outbox(folder / "queue", trust)) as outbox,
    ):
        proxy.mode = Mode.THROTTLED
        plain_bytes = 0
        for number in range(items):
            visit = Visit.new()
            payload = case_payload(visit.code, remark=_noise(number, remark))
            plain_bytes += len(zstandard.compress(payload))
            # Without a photograph: its upload costs requests of its own, however many items a batch holds.
            committed(outbox, replace(visit.draft(), payload=payload, attachments=()))
        with closing(sender_to(proxy.url, outbox, trust, policy=policy, timeouts=PATIENT)) as sender:
            began = time.monotonic()
            sender.start()
            assert wait_until(lambda: outbox.counters().pending == 0, DRAIN_S), sender.status()
            seconds = time.monotonic() - began
        assert centre.effects().items.total() == items
        return Drained(items, seconds, proxy.line_s, proxy.bytes_up, plain_bytes)


def _noise(number: int, size: int) -> str:
    """Hexadecimal digits of a generator: the same in every run, and no two residents alike."""
    return random.Random(number).randbytes(size // 2).hex()  # noqa: S311 - not a secret


def against_one_by_one() -> list[Figure]:
    """Time an item over 50 ms there and back, in batches, as a share of one request an item."""
    batches, single = _each([(IN_BATCHES, FAST), (ONE_BY_ONE, replace(FAST, batch_items=1))])
    batched_s, single_s = batches.seconds / batches.items, single.seconds / single.items
    beside = {
        "one by one ms an item": single_s * 1e3,
        "in batches ms an item": batched_s * 1e3,
        "times": single_s / batched_s,
    }
    return [
        Figure(
            "drain over 50 ms: in batches / one request an item", batched_s / single_s, "x", 1 / 20, beside
        )
    ]


def _each(wanted: Sequence[tuple[int, Policy]]) -> list[Drained]:
    drained = []
    for items, policy in wanted:
        with tempfile.TemporaryDirectory() as folder:
            drained.append(drain(Path(folder), items, LONG_LINE, policy))
    return drained


def bytes_on_a_narrow_line(*, full: bool) -> list[Figure]:
    """Bytes on the wire for each byte of the payloads' zstd, and apart from it what an item costs that has none."""
    items = BACKLOG_FULL if full else BACKLOG
    drained = []
    for remark in REMARKS:
        with tempfile.TemporaryDirectory() as folder:
            drained.append(drain(Path(folder), items, NARROW_LINE, remark=remark, pace=PACE))
    small, large = drained
    ratio = (large.bytes_up - small.bytes_up) / (large.plain_bytes - small.plain_bytes)
    envelope = (small.bytes_up - ratio * small.plain_bytes) / items
    beside = {
        "items": float(items),
        "fixed envelope bytes an item": envelope,
        "zstd of the payload, bytes an item": large.plain_bytes / items,
        "on the wire, bytes an item": large.bytes_up / items,
        "line hours at 64 kbit/s": large.line_s / 3600,
    }
    return [Figure("backlog on 64 kbit/s: bytes on the wire / zstd of the payloads", ratio, "x", 1.3, beside)]
