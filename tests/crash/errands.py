"""A terminal's process that runs one errand to the centre at a time, for as long as it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from offline_queue import ItemState, Link, Outbox
from offline_queue.collector import Collector
from offline_queue.courier import Courier
from offline_queue.link import Rejected, Timeouts, Unreached
from offline_queue.wire import ATTACHMENT_PATH, GENESIS_HASH, Heartbeat
from tests.crash.doomed import Voice
from tests.crash.visits import Visit, centre_keys, link_to, open_outbox
from tests.offline_queue.terminal import FAST, TERMINAL, committed

SHORT = Timeouts(connect_s=1.5, read_s=1.5, write_s=1.5)
"""A line that says nothing is given up soon; a slow machine only tries again."""
PART_BYTES = 16 * 1024


class Errand(StrEnum):
    """What a terminal wants of its centre."""

    BATCH = "batch"
    UPLOAD = "upload"
    INBOX = "inbox"
    HEARTBEAT = "heartbeat"


class NotingLink(Link):
    """Says each exchange that failed, and why."""

    voice: Voice
    failed: int

    def _ask(self, *given: Any, **named: Any) -> Any:
        answer: Any = super()._ask(*given, **named)
        if isinstance(answer, Rejected | Unreached):
            self.failed += 1
            self.voice.say("failed", str(answer))
        return answer


@dataclass
class Runner:
    """`prepare` opens the connection and does all but the exchange itself; `run` tries until it is done."""

    outbox: Outbox
    link: NotingLink
    courier: Courier
    collector: Collector
    visits: dict[Errand, Visit] = field(default_factory=dict)

    def prepare(self, errand: Errand) -> None:
        if errand in (Errand.BATCH, Errand.UPLOAD):
            pictures = {Errand.BATCH: range(1), Errand.UPLOAD: range(20_000, 100_000)}[errand]
            visit = Visit.new()
            while sum(len(one.content) for one in visit.draft().attachments) not in pictures:
                visit = Visit.new()
            self.visits[errand] = visit
            committed(self.outbox, visit.draft())
        if errand is Errand.UPLOAD:
            self.courier.round()  # asks how much the centre has: the parts come next
            self.courier.uploader._part_bytes = PART_BYTES
        nothing = ATTACHMENT_PATH.format(terminal=TERMINAL, item_id=Visit.new().id, sha256=GENESIS_HASH)
        while isinstance(self.link.upload_state(nothing), Unreached):
            pass

    def run(self, errand: Errand, wanted: int) -> None:
        tries: dict[Errand, Callable[[], bool]] = {
            Errand.BATCH: lambda: self._sent(self.visits[errand]),
            Errand.UPLOAD: lambda: self._sent(self.visits[errand]),
            Errand.INBOX: lambda: self._fetched(wanted),
            Errand.HEARTBEAT: lambda: self._beaten(wanted),
        }
        while not tries[errand]():
            pass

    def _sent(self, visit: Visit) -> bool:
        self.courier.session_until_ns = 0
        self.courier._holds.clear()
        self.courier.round()
        return self.outbox.find(visit.code)[0].state is ItemState.ACKNOWLEDGED

    def _fetched(self, cursor: int) -> bool:
        self.collector.round()
        return self.outbox.deliveries.inbox_cursor() == cursor

    def _beaten(self, mark: int) -> bool:
        failed = self.link.failed
        body = {"mark": mark}
        self.link.send_heartbeat(Heartbeat(terminal=TERMINAL, head=self.outbox.head(), body=body))
        return self.link.failed == failed


def run_errands(directory: Path, trust: Path, url: str, pipe: Connection) -> None:
    """Until killed. ("prepare", errand) is answered ("ready",); ("run", errand, wanted) ("done",) in the end."""
    voice = Voice(pipe)
    link = link_to(url, trust, NotingLink, timeouts=SHORT)
    assert isinstance(link, NotingLink)
    link.voice, link.failed = voice, 0
    keys = centre_keys(trust)
    outbox = open_outbox(directory, trust)
    runner = Runner(outbox, link, Courier(outbox, link, keys, FAST), Collector(outbox, link, keys, FAST))
    while True:
        word, errand, *wanted = pipe.recv()
        if word == "prepare":
            runner.prepare(errand)
            voice.say("ready")
        else:
            runner.run(errand, *wanted)
            voice.say("done")
