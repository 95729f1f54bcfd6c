"""A centre with a department that does as it is told, and a terminal that asks it on the live channel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from central.departments.port import Departments
from central.departments.simulated import SimulatedDepartment
from kiosk.case import new_case_code
from offline_queue.link import Link, Timeouts
from offline_queue.live import LIVE_TIMEOUTS, Live
from offline_queue.wire import Item
from tests.central.station import SERVICE, Station, case_payload, centre, ready_in, signing_key

OTHER_SERVICE = "110199-YL-02"
PATIENT_S = 30.0
"""Nobody is in a hurry where time is not the matter."""


@dataclass
class LiveCentre:
    """A running centre; `live` asks it, `station` sends it cases."""

    url: str
    trust: Path
    database: str
    department: SimulatedDepartment
    provider: SimulatedDepartment
    gateway: SimulatedDepartment
    station: Station
    _made: list[Live] = field(default_factory=list)

    def live(
        self,
        terminal: str = "0142",
        url: str = "",
        timeouts: Timeouts = LIVE_TIMEOUTS,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> Live:
        def open_link() -> Link:
            return Link(
                url or self.url,
                terminal=terminal,
                signing_key=signing_key(self.trust, f"terminal_{terminal}"),
                ca_file=self.trust / "ca.pem",
                timeouts=timeouts,
            )

        self._made.append(Live(open_link, terminal, monotonic_s))
        return self._made[-1]

    def registered(self, service: str = SERVICE) -> Item:
        """A case that the centre has registered."""
        code = new_case_code(self.station.terminal)
        item = self.station.item(code=code, payload=case_payload(code, service=service), service=service)
        (verdict,) = self.station.send(item)
        assert verdict.case_state == "registered"
        return item

    def close(self) -> None:
        for live in self._made:
            live.close()
        self.station.close()
        self.department.close()
        self.provider.close()
        self.gateway.close()


@contextmanager
def live_centre(database: str, trust: Path, **settings: Any) -> Iterator[LiveCentre]:
    department, provider, gateway = (SimulatedDepartment() for _ in range(3))
    departments = Departments(
        {SERVICE: department, OTHER_SERVICE: provider}, payments=provider, messages=gateway
    )
    with centre(database, trust, departments=departments, **settings) as running:
        station = Station(running.url, trust)
        made = LiveCentre(running.url, trust, database, department, provider, gateway, station)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def make_centre(database: str, trust: Path) -> Iterator[Callable[..., LiveCentre]]:
    """A centre with these settings; ended after the test."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(live_centre(database, trust, **settings))


@pytest.fixture
def asked(make_centre: Callable[..., LiveCentre]) -> LiveCentre:
    return make_centre()


@pytest.fixture
def live(asked: LiveCentre) -> Live:
    return asked.live()


@pytest.fixture
def on_sqlite(tmp_path: Path, trust: Path) -> Iterator[LiveCentre]:
    """For what no database has a part in."""
    with live_centre(ready_in(tmp_path), trust) as made:
        yield made
