"""`make outage`: three days without a line, then a bad one; how long until all is at the centre, and what it costs.

The queue, TLS and the centre are real, the centre processes of their own; the line is a proxy of 64 kbit/s, 0.8 s and
5 % loss whose time passes `--pace` times faster. `line_s` is the line's own time. Waiting of the sender between two
rounds is not in it; there is none while there is something to send.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import zstandard

from kiosk.bench.fault_proxy import FaultProxy, Line, Mode
from kiosk.bench.line_trouble import VILLAGE_LINE
from offline_queue import Draft, Outbox
from offline_queue.link import Timeouts
from tests.central.conftest import make_trust
from tests.crash.centre import CENTRES, Database, centres_on
from tests.crash.visits import Visit, open_outbox, sender_to
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import committed

OUTAGE = timedelta(days=3)
PATIENT = Timeouts(connect_s=120.0, read_s=120.0, write_s=120.0)
DRAIN_S = 3600.0
ONE_IN_WITHDRAWN = 10
Say = Callable[[int], None]


def _unheard(_done: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played. `photos`: so many of the cases have one. `pace`: 1 is the real line."""

    cases: int = 5000
    photos: int = 50
    pace: float = 60.0
    line: Line = VILLAGE_LINE
    database: Database = "sqlite"
    seed: int = 0


PLAN = Plan()


@dataclass(frozen=True, slots=True)
class Replayed:
    """`plain_bytes`: each payload and photo compressed by itself. `damaged`: registered, and not whole."""

    cases: int
    photos: int
    line_s: float
    seconds: float
    bytes_up: int
    bytes_down: int
    plain_bytes: int
    lost: int
    doubled: int
    damaged: int
    out_of_order: int
    left_pending: int

    @property
    def kept(self) -> bool:
        return not (self.lost or self.doubled or self.damaged or self.out_of_order or self.left_pending)

    @property
    def envelope_bytes(self) -> float:
        """What the rest takes on the wire, an item."""
        return (self.bytes_up - self.plain_bytes) / self.cases


def replay(folder: Path, plan: Plan, say_taken: Say = _unheard, say_sent: Say = _unheard) -> Replayed:
    """Take in the cases while the line is down, spread over three days by their own clock; then it comes back."""
    trust = make_trust(folder / "trust")
    with (
        centres_on(plan.database, folder, trust) as centres,
        FaultProxy(centres[0].port, line=plan.line, pace=plan.pace, seed=plan.seed) as proxy,
        closing(open_outbox(folder / "queue", trust)) as outbox,
    ):
        proxy.mode = Mode.DOWN
        visits, plain_bytes = _take_in(outbox, plan, say_taken)
        proxy.mode = Mode.THROTTLED
        began = time.monotonic()
        with closing(sender_to(proxy.url, outbox, trust, timeouts=PATIENT)) as sender:
            sender.start()
            wait_until(lambda: _left(outbox, plan.cases, say_sent) == 0, DRAIN_S)
        seconds = time.monotonic() - began
        wait_until(lambda: centres[0].unopened() == 0)
        effects = centres[0].effects()
        return Replayed(
            cases=plan.cases,
            photos=sum(bool(visit.draft().attachments) for visit in visits),
            line_s=round(proxy.line_s, 1),
            seconds=round(seconds, 1),
            bytes_up=proxy.bytes_up,
            bytes_down=proxy.bytes_down,
            plain_bytes=plain_bytes,
            lost=len({visit.id for visit in visits} - effects.items.keys()),
            doubled=effects.doubled,
            damaged=len(effects.damaged),
            out_of_order=effects.out_of_order,
            left_pending=outbox.counters().pending,
        )


def _left(outbox: Outbox, cases: int, say: Say) -> int:
    pending = outbox.counters().pending
    say(cases - pending)
    return pending


def _take_in(outbox: Outbox, plan: Plan, say: Say) -> tuple[list[Visit], int]:
    began, plain_bytes = datetime.now(UTC) - OUTAGE, 0
    visits: list[Visit] = []
    for number in range(plan.cases):
        # Every tenth resident withdraws what came just before: two items of one case, whose order matters. The
        # first of them goes without its content.
        withdraws = number % ONE_IN_WITHDRAWN == ONE_IN_WITHDRAWN - 1
        has_photo = number * plan.photos % plan.cases < plan.photos
        visit = visits[-1].withdrawn() if withdraws else _new(has_photo=has_photo)
        if withdraws:
            plain_bytes -= _plain_bytes(visits[-1].draft())
        visits.append(visit)
        at = (began + OUTAGE * (number / plan.cases)).isoformat(timespec="milliseconds")
        wanted = replace(visit.draft(), received_at=at.replace("+00:00", "Z"))
        plain_bytes += _plain_bytes(wanted)
        committed(outbox, wanted)
        say(number + 1)
    return visits, plain_bytes


def _plain_bytes(wanted: Draft) -> int:
    """Each part compressed by itself."""
    parts = (wanted.payload, *(one.content for one in wanted.attachments))
    return sum(len(zstandard.compress(part)) for part in parts)


def _new(*, has_photo: bool) -> Visit:
    while True:
        visit = Visit.new()
        if bool(visit.draft().attachments) is has_photo:
            return visit


@contextmanager
def _bar(label: str, length: int) -> Iterator[Say]:
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cases", default=PLAN.cases, show_default=True, type=click.IntRange(1), help="Of three days.")
@click.option(
    "--photos",
    default=PLAN.photos,
    show_default=True,
    type=click.IntRange(0),
    help="So many cases bring one.",
)
@click.option(
    "--pace", default=PLAN.pace, show_default=True, type=click.FloatRange(1),
    help="How many times faster the line's time passes; 1 is the real line.",
)  # fmt: skip
@click.option("--kbit", default=64.0, show_default=True, type=click.FloatRange(1), help="Kilobits a second.")
@click.option(
    "--delay-ms", default=800.0, show_default=True, type=click.FloatRange(0), help="There and back."
)
@click.option(
    "--loss", default=5.0, show_default=True, type=click.FloatRange(0, 99), help="Lost packets, per cent."
)
@click.option(
    "--centre", type=click.Choice(list(CENTRES)), default="sqlite", show_default=True, help="Its database."
)
@click.option("--seed", default=0, show_default=True, help="Of the packets that are lost.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def main(
    cases: int, photos: int, pace: float, kbit: float, delay_ms: float, loss: float, centre: Database, seed: int,
    *, as_json: bool,
) -> None:  # fmt: skip
    """Replay an outage of three days and the bad line after it.

    Exit code 1 when a case is lost, doubled, not whole, late in its order or still waiting.

    \b
    As the issue wants it, in minutes:   python -m tests.soak.outage
    A look at it:                        python -m tests.soak.outage --cases 300 --photos 5 --pace 200
    """
    line = Line(bytes_per_s=kbit * 1000 / 8, round_trip_s=delay_ms / 1000, loss=loss / 100)
    plan = Plan(cases, min(photos, cases), pace, line, centre, seed)
    with (
        tempfile.TemporaryDirectory(prefix="outage-") as folder,
        _bar("taken in", cases) as taken,
        _bar("sent", cases) as sent,
    ):
        report = replay(Path(folder), plan, taken, sent)
    said = {**asdict(report), "envelope_bytes": round(report.envelope_bytes), "kept": report.kept}
    click.echo(
        json.dumps(said) if as_json else "\n".join(f"{name:<16}{value!s:>14}" for name, value in said.items())
    )
    sys.exit(0 if report.kept else 1)


if __name__ == "__main__":
    main()
