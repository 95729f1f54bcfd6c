"""Three days without a line, then a bad one: how long until all is at the centre, and what it costs.

`python -m tests.soak.outage --cases 5000 --json`. The queue, TLS and the centre are real, the centre a process
of its own; the line is a proxy of 64 kbit/s, 0.8 s and 5 % loss whose time passes `--pace` times faster.
`line_s` is the line's own time. Waiting of the sender between two rounds is not in it; there is none while
there is something to send.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import zstandard

from kiosk.bench.fault_proxy import FaultProxy, Line, Mode
from offline_queue import Outbox
from offline_queue.link import Timeouts
from offline_queue.wire import Kind
from tests.central.conftest import make_trust
from tests.central.station import address_in
from tests.crash.centre import CentreProcess
from tests.crash.visits import Visit, open_outbox, sender_to
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import committed

OUTAGE = timedelta(days=3)
PATIENT = Timeouts(connect_s=120.0, read_s=120.0, write_s=120.0)
DRAIN_S = 3600.0


@dataclass(frozen=True, slots=True)
class Replayed:
    """`plain_bytes`: each payload compressed by itself. `envelope_bytes`: what the rest takes on the wire, an item."""

    cases: int
    line_s: float
    seconds: float
    bytes_up: int
    bytes_down: int
    plain_bytes: int
    lost: int
    doubled: int
    out_of_order: int
    left_pending: int

    @property
    def kept(self) -> bool:
        return not (self.lost or self.doubled or self.out_of_order or self.left_pending)

    @property
    def envelope_bytes(self) -> float:
        return (self.bytes_up - self.plain_bytes) / self.cases


def replay(
    folder: Path, cases: int, pace: float, line: Line, say: Callable[[int], None] = lambda _done: None
) -> Replayed:
    """Take in `cases` while the line is down, spread over three days by their own clock; then it comes back."""
    trust = make_trust(folder / "trust")
    with (
        closing(CentreProcess(address_in(folder), trust)) as centre,
        FaultProxy(centre.port, line=line, pace=pace) as proxy,
        closing(open_outbox(folder / "queue", trust)) as outbox,
    ):
        proxy.mode = Mode.DOWN
        visits, plain_bytes = _take_in(outbox, cases)
        proxy.mode = Mode.THROTTLED
        began = time.monotonic()
        with closing(sender_to(proxy.url, outbox, trust, timeouts=PATIENT)) as sender:
            sender.start()
            wait_until(lambda: _left(outbox, cases, say) == 0, DRAIN_S)
        effects = centre.effects()
        return Replayed(
            cases=cases,
            line_s=round(proxy.line_s, 1),
            seconds=round(time.monotonic() - began, 1),
            bytes_up=proxy.bytes_up,
            bytes_down=proxy.bytes_down,
            plain_bytes=plain_bytes,
            lost=len({visit.id for visit in visits} - effects.items.keys()),
            doubled=effects.doubled,
            out_of_order=effects.out_of_order,
            left_pending=outbox.counters().pending,
        )


def _left(outbox: Outbox, cases: int, say: Callable[[int], None]) -> int:
    pending = outbox.counters().pending
    say(cases - pending)
    return pending


def _take_in(outbox: Outbox, cases: int) -> tuple[list[Visit], int]:
    began, plain_bytes = datetime.now(UTC) - OUTAGE, 0
    visits: list[Visit] = []
    for number in range(cases):
        # Every tenth resident withdraws what came just before: two items of one case, whose order matters. The
        # first of them goes without its payload.
        visit = visits[-1].withdrawn() if number % 10 == 9 else Visit.new()
        if visit.kind is Kind.WITHDRAWAL:
            plain_bytes -= len(zstandard.compress(visits[-1].draft().payload))
        visits.append(visit)
        received = (
            (began + OUTAGE * (number / cases)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
        wanted = replace(visit.draft(), received_at=received)
        plain_bytes += len(zstandard.compress(wanted.payload))
        committed(outbox, wanted)
    return visits, plain_bytes


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cases", default=5000, show_default=True, type=click.IntRange(1))
@click.option("--pace", default=60.0, show_default=True, type=click.FloatRange(1), help="1 is the real line.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def main(cases: int, pace: float, *, as_json: bool) -> None:
    """Replay the outage. Exit code 1 when a case is lost, doubled, late in its order or still waiting."""
    with (
        tempfile.TemporaryDirectory(prefix="outage-") as folder,
        click.progressbar(length=cases, label="sent", file=sys.stderr) as bar,
    ):
        report = replay(Path(folder), cases, pace, Line(), lambda done: bar.update(done - bar.pos))
    said = {**asdict(report), "envelope_bytes": round(report.envelope_bytes), "kept": report.kept}
    click.echo(
        json.dumps(said) if as_json else "\n".join(f"{name:<16}{value!s:>14}" for name, value in said.items())
    )
    sys.exit(0 if report.kept else 1)


if __name__ == "__main__":
    main()
