"""Insert, read, remove, thousands of times on two readers at once: does anything grow?

`python -m tests.soak.pcsc_cycles --cycles 5000 --json` (about 35 minutes: pcscd looks at a virtual
reader every 0.4 s, so a cycle takes 0.8 s; the two readers share the cycles).
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from threading import Event

import psutil

from drivers.card_reader.contract import Document, DocumentKind, ValidityKind
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.virtual_card import IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import VirtualService
from drivers.contract import Ok

READ_S = 15.0
NEVER = Event()
SLOTS = (0, 1)


def invented(number: int) -> Document:
    return Document(
        kind=DocumentKind.HELPER,
        number=f"X{number:06d}",
        name="测试",
        validity=ValidityKind.DATED,
        valid_from=date(2026, 1, 1),
        valid_to=date(2099, 12, 31),
        role="witness",
    )


@dataclass(frozen=True, slots=True)
class Use:
    """What a process holds."""

    rss_kb: int
    threads: int
    descriptors: int


@dataclass(frozen=True, slots=True)
class Sample:
    """After `cycles` cycles. `service_threads`: pcscd has one for each context that is open."""

    cycles: int
    seconds: float
    parent: Use
    children: tuple[Use, ...]
    service_threads: int


def use_of(pid: int | None) -> Use:
    process = psutil.Process(pid)
    if pid is None:
        ends_s = time.monotonic() + 1.0  # a thread that was joined still takes a moment to go
        while process.num_threads() > threading.active_count() and time.monotonic() < ends_s:
            NEVER.wait(0.01)
    with process.oneshot():
        return Use(process.memory_info().rss // 1024, process.num_threads(), process.num_fds())


class Station:
    """One reader with one card and the hands that move it."""

    def __init__(self, name: str, slot: int) -> None:
        self.reader = PcscReader(name)
        self._slot = slot

    def cycle(self, number: int) -> None:
        """AssertionError when the right card is not read, or its removal not seen."""
        document = invented(number)
        card = VirtualCard(IdentityFileCard(document), slot=self._slot)
        card.insert()
        try:
            outcome = self.reader.read(READ_S, NEVER)
        finally:
            card.remove()
        assert isinstance(outcome, Ok), outcome
        assert outcome.value.document == document, "another card's document"
        ends_s = time.monotonic() + READ_S
        while self.reader.card_present() is not False:
            assert time.monotonic() < ends_s, "the removal was never seen"
            NEVER.wait(0.02)


@contextmanager
def stations(service: VirtualService) -> Iterator[tuple[Station, ...]]:
    with ExitStack() as stack:
        started = service.start()
        assert isinstance(started, Ok), started
        standing = tuple(Station(service.reader_name(slot), slot) for slot in SLOTS)
        for station in standing:
            stack.callback(station.reader.close)
        yield standing


def run(service: VirtualService, cycles: int, every: int, tell: Callable[[Sample], None]) -> None:
    """`cycles` in all, shared by the two readers; `tell` a sample at the start and every `every` cycles."""
    with stations(service) as standing:
        began_s = time.monotonic()
        for station in standing:
            station.cycle(0)  # what is loaded once is loaded now

        def sample(done: int) -> Sample:
            return Sample(
                done,
                round(time.monotonic() - began_s, 1),
                use_of(None),
                tuple(use_of(station.reader.child_pid) for station in standing),
                psutil.Process(service.pid).num_threads() if service.pid else 0,
            )

        tell(sample(0))
        done = 0
        while done < cycles:
            part = min(every, cycles - done)
            _together(standing, done, part)
            done += part
            tell(sample(done))


def _together(standing: tuple[Station, ...], first: int, count: int) -> None:
    """Each reader takes its share; the first failure of any is raised."""
    failures: list[BaseException] = []

    def work(station: Station, numbers: range) -> None:
        try:
            for number in numbers:
                if failures:
                    return
                station.cycle(number)
        except BaseException as error:  # noqa: BLE001  # raised again by whoever started the threads
            failures.append(error)

    threads = [
        threading.Thread(
            target=work, args=(station, range(first + 1 + share, first + 1 + count, len(standing)))
        )
        for share, station in enumerate(standing)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=5000)
    parser.add_argument("--every", type=int, default=250)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()

    def tell(sample: Sample) -> None:
        line = json.dumps(asdict(sample)) if chosen.json else str(sample)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    service = VirtualService()
    try:
        run(service, chosen.cycles, chosen.every, tell)
    finally:
        service.stop()


if __name__ == "__main__":
    main()
