"""One terminal and one centre, for the field cases: everything real but the people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from offline_queue.link import Link
from offline_queue.store import Outbox
from tests.offline_queue.authority import Authority
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import TerminalKit


@dataclass(slots=True)
class Village:
    kit: TerminalKit
    authority: Authority
    centre: Centre
    link: Link
    outbox: Outbox

    def restart(self) -> None:
        self.outbox.close()
        self.outbox = self.kit.open()


@contextmanager
def village(directory: Path) -> Iterator[Village]:
    authority = Authority(directory)
    centre = Centre(authority.issue("centre"))
    kit = TerminalKit(directory / "queue")
    made = Village(kit, authority, centre, kit.link(centre, authority.ca_file), kit.open())
    try:
        yield made
    finally:
        made.outbox.close()
        made.link.close()
        centre.stop()
