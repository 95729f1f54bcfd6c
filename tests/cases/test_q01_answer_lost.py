"""Q01 at the centre: it commits, the answer is lost on the way, the terminal sends again: one record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from kiosk.bench.fault_proxy import FaultProxy, Mode
from offline_queue.wire import BATCH_PATH, VerdictKind
from tests.central.conftest import make_trust
from tests.central.station import Station, centre


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[FaultProxy, Station, Station]]:
    """The proxy, a station behind it, and one that asks the centre directly."""
    trust = make_trust(tmp_path / "trust")
    with (
        centre(tmp_path, trust) as running,
        FaultProxy(running.port) as proxy,
        closing(Station(proxy.url, trust)) as station,
        closing(Station(running.url, trust)) as direct,
    ):
        yield proxy, station, direct


def await_cases(direct: Station, count: int) -> None:
    deadline = time.monotonic() + 20
    while sum(direct.metric("jiujin_cases").values()) != count:
        assert time.monotonic() < deadline


@pytest.mark.parametrize("items", [1, 30])
@pytest.mark.parametrize("warm", [False, True])
def test_one_record_although_the_answer_was_lost(
    line: tuple[FaultProxy, Station, Station], items: int, warm: bool
) -> None:
    proxy, station, direct = line
    if warm:
        station.page("/healthz")  # the connection is open already
    batch = [station.item() for _ in range(items)]
    proxy.mode = Mode.ANSWER_LOST_ONCE
    with pytest.raises(httpx.TransportError):
        station.post(BATCH_PATH, station.batch(*batch))
    await_cases(direct, items)
    assert proxy.answers_lost == 1
    verdicts = station.send(*batch)
    assert {verdict.kind for verdict in verdicts} == {VerdictKind.DUPLICATE}
    assert all(verdict.acknowledgement is not None for verdict in verdicts)
    await_cases(direct, items)
