"""A terminal's process, a bad line and the centre's process, with TLS: every trouble ends with each effect once."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from kiosk.bench.fault_proxy import Direction, FaultProxy, Mode
from tests.central.conftest import make_trust
from tests.central.station import address_in
from tests.crash.centre import CentreProcess
from tests.crash.doomed import VISITS, Life, Work, live
from tests.crash.errands import Errand, run_errands
from tests.crash.kills import Unreadable
from tests.crash.visits import open_outbox
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import TERMINAL
from tests.postgres import Cluster, postgres

__all__ = ["postgres"]

ARRIVE_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """One terminal's disk and the centre: the same for the whole table, so its chain goes on."""

    folder: Path
    trust: Path
    centre: CentreProcess


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("bad_line")
    trust = make_trust(folder / "trust")
    with closing(CentreProcess(address_in(folder), trust)) as centre:
        yield Place(folder, trust, centre)


@contextmanager
def terminal(place: Place, proxy: FaultProxy) -> Iterator[set[str]]:
    """Another process that takes in a few cases and sends them; what it has promised."""
    mine, its = multiprocessing.get_context("forkserver").Pipe()
    life = Life(Work.SEND, place.folder / "queue", place.trust, proxy.url, 1, None)
    process = multiprocessing.get_context("forkserver").Process(target=live, args=(life, its))
    process.start()
    its.close()
    promised: set[str] = set()
    try:
        while len(promised) < VISITS:
            word, *rest = mine.recv()
            promised |= {rest[0]} if word == "promised" else set()
        yield promised
    finally:
        process.kill()
        process.join()
        mine.close()


@pytest.mark.parametrize(
    "mode",
    [
        Mode.HALF_OPEN,
        Mode.SLOW,
        Mode.THROTTLED,
        Mode.TRUNCATED,
        Mode.CORRUPTED,
        Mode.REORDERED,
        Mode.ANSWER_LOST_ONCE,
        Mode.ANSWER_LOST,
    ],
)
def test_each_case_once_whatever_the_line_does(place: Place, mode: Mode) -> None:
    with FaultProxy(place.centre.port, delay_s=0.1, pace=20) as proxy:
        proxy.mode = mode
        with terminal(place, proxy) as promised:
            assert wait_until(lambda: proxy.troubles + proxy.answers_lost >= 1), "the line made no trouble"
            proxy.mode = Mode.UP
            assert wait_until(lambda: promised <= place.centre.effects().items.keys(), ARRIVE_S)
    effects = place.centre.effects()
    assert (effects.doubled, effects.out_of_order) == (0, 0)


def test_cut_and_mended_again_and_again(place: Place) -> None:
    with FaultProxy(place.centre.port) as proxy:
        proxy.mode = Mode.DOWN
        with terminal(place, proxy) as promised:

            def arrived() -> bool:
                return promised <= place.centre.effects().items.keys()

            for cut_after in range(500, 6000, 500):
                proxy.cut_after, proxy.troubles = cut_after, 0
                proxy.mode = Mode.TRUNCATED
                assert wait_until(lambda: proxy.troubles > 0 or arrived())
                proxy.mode = Mode.DOWN
            proxy.mode = Mode.UP
            assert wait_until(arrived, ARRIVE_S)
    effects = place.centre.effects()
    assert (effects.doubled, effects.out_of_order) == (0, 0)


@pytest.fixture(scope="module")
def on_postgresql(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("errands")
    trust = make_trust(folder / "trust")
    with postgres.database() as name, closing(CentreProcess(postgres.address(name), trust)) as centre:
        yield Place(folder, trust, centre)


@contextmanager
def errand_runner(place: Place, proxy: FaultProxy) -> Iterator[Connection]:
    mine, its = multiprocessing.get_context("forkserver").Pipe()
    process = multiprocessing.get_context("forkserver").Process(
        target=run_errands, args=(place.folder / "queue", place.trust, proxy.url, its)
    )
    process.start()
    its.close()
    try:
        yield mine
    finally:
        process.kill()
        process.join()
        mine.close()


def heard(pipe: Connection, *wanted: str) -> str:
    """The next of these words."""
    while True:
        assert pipe.poll(ARRIVE_S), f"{wanted} did not come"
        word: str = pipe.recv()[0]
        if word in wanted:
            return word


ONE_WAY: tuple[Direction, ...] = ("up", "down")


@pytest.mark.parametrize(
    ("mode", "ways"),
    [
        (Mode.DOWN, ("both",)),
        (Mode.HALF_OPEN, ONE_WAY),
        (Mode.SLOW, ONE_WAY),
        (Mode.TRUNCATED, ONE_WAY),
        (Mode.CORRUPTED, ONE_WAY),
        (Mode.REORDERED, ONE_WAY),
        (Mode.ANSWER_LOST, ("both",)),
    ],
)
def test_every_errand_is_done_once_whichever_way_the_trouble_goes(
    on_postgresql: Place, mode: Mode, ways: tuple[Direction, ...]
) -> None:
    """On an open connection, so that request and answer are hit and not the handshake."""
    centre = on_postgresql.centre
    with (
        FaultProxy(centre.port, delay_s=0.2, cut_after=100) as proxy,
        errand_runner(on_postgresql, proxy) as pipe,
    ):
        for way, errand in itertools.product(ways, Errand):
            wanted = 0
            if errand is Errand.INBOX:
                centre.tell(TERMINAL, [Unreadable(1)])
                wanted = centre.newest_letter(TERMINAL)
            pipe.send(("prepare", errand))
            heard(pipe, "ready")
            proxy.only, proxy.troubles, proxy.answers_lost, proxy.mode = way, 0, 0, mode
            pipe.send(("run", errand, wanted))
            if mode is Mode.SLOW:
                assert wait_until(lambda: proxy.troubles > 0)
            else:
                assert heard(pipe, "failed", "done") == "failed", (way, errand)
                assert mode is Mode.DOWN or proxy.troubles + proxy.answers_lost > 0
            proxy.mode = Mode.UP
            heard(pipe, "done")
    effects = centre.effects()
    assert (effects.doubled, effects.out_of_order, effects.damaged) == (0, 0, frozenset())
    with closing(open_outbox(on_postgresql.folder / "queue", on_postgresql.trust)) as outbox:
        assert outbox.deliveries.unread_letters() == centre.newest_letter(TERMINAL)
        assert outbox.counters().pending == 0
        assert outbox.counters().acknowledged == effects.items.total()
