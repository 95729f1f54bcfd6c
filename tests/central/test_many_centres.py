"""Three centres behind nginx on one PostgreSQL, killed while cases come in: nothing lost, nothing twice."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, create_engine, func, select

from central.log import Event
from central.schema import cases, events, items
from offline_queue.wire import BATCH_PATH, Acknowledgement, Item, VerdictKind
from tests.central.front import centres, front
from tests.central.station import Station, answer_of
from tests.drivers.waiting import wait_until

KILLS = 6
BATCH = 20
BATCHES = 12
PATIENCE_S = 120.0


@dataclass
class Ledger:
    """What a terminal was promised, written down outside the centre: item id -> its acknowledgement."""

    promised: dict[str, Acknowledgement] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    registered: Counter[str] = field(default_factory=Counter)
    resent: int = 0


@dataclass
class Sender(threading.Thread):
    """A terminal that sends each batch until it has every acknowledgement."""

    station: Station
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        for _ in range(BATCHES):
            batch = [self.station.item() for _ in range(BATCH)]
            self.ledger.hashes |= {item.id: item.chain_hash() for item in batch}
            content = self.station.batch(*batch)
            while not self._answered(content, batch):
                self.ledger.resent += 1

    def _answered(self, content: bytes, batch: list[Item]) -> bool:
        try:
            response = self.station.post(BATCH_PATH, content)
        except httpx.TransportError:
            return False
        if response.status_code != 200:
            return False
        for verdict in answer_of(response).verdicts:
            assert verdict.acknowledgement is not None
            first = self.ledger.promised.setdefault(verdict.item_id, verdict.acknowledgement)
            assert first == verdict.acknowledgement
            self.ledger.registered[verdict.item_id] += verdict.kind is VerdictKind.REGISTERED
        return all(item.id in self.ledger.promised for item in batch)


@pytest.mark.parametrize("tables", ["migrated", "parted"])
def test_centres_killed_during_intake_lose_nothing_and_register_nothing_twice(
    request: pytest.FixtureRequest, trust: Path, tmp_path: Path, tables: str
) -> None:
    server, template = request.getfixturevalue(tables)
    with server.database(template) as name:
        engine = create_engine(server.address(name))
        ledgers = _storm(server.address(name), trust, tmp_path)
        for ledger in ledgers:
            assert ledger.promised.keys() == ledger.hashes.keys()
            assert max(ledger.registered.values()) == 1
        promised = {key: value for ledger in ledgers for key, value in ledger.promised.items()}
        _stands(engine, promised)
        engine.dispose()


def _storm(address: str, trust: Path, folder: Path) -> list[Ledger]:
    with centres(3, address, trust) as running, front(running, trust, folder) as url:
        senders = [Sender(Station(url, trust, terminal)) for terminal in ("0142", "0777")]
        for sender in senders:
            sender.start()
        for number in range(KILLS):
            # Each kill falls after more was promised, so that all of them fall into the intake or its end.
            wanted = (number + 1) * BATCH
            assert wait_until(lambda wanted=wanted: _promised(senders) >= wanted, PATIENCE_S)  # type: ignore[misc] # a default binds it now
            victim = running[number % len(running)]
            victim.kill()
            victim.start()
        for sender in senders:
            sender.join(PATIENCE_S)
            assert not sender.is_alive()
            sender.station.close()
        engine = create_engine(address)
        assert wait_until(lambda: _waiting(engine) == 0, PATIENCE_S)
        engine.dispose()
    return [sender.ledger for sender in senders]


def _promised(senders: list[Sender]) -> int:
    return sum(len(sender.ledger.promised) for sender in senders)


def _waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).where(items.c.opened_at.is_(None))).scalar_one()


def _stands(engine: Engine, promised: dict[str, Acknowledgement]) -> None:
    """The database holds exactly what was promised, and each case was registered once."""
    with engine.connect() as connection:
        rows = connection.execute(select(items.c.item_id, items.c.item_hash, items.c.registered_at)).all()
        assert {(row[0], row[1], row[2]) for row in rows} == {
            (told.item_id, told.item_hash, told.registered_at) for told in promised.values()
        }
        assert len(rows) == len(promised) == 2 * BATCH * BATCHES
        states = connection.execute(select(cases.c.state, func.count()).group_by(cases.c.state)).all()
        assert [tuple(row) for row in states] == [("registered", len(promised))]
        registrations = select(func.count()).where(events.c.event == Event.CASE_REGISTERED.value)
        assert connection.execute(registrations).scalar_one() == len(promised)
        superseded = select(func.count()).where(events.c.event == Event.CASE_SUPERSEDED.value)
        assert connection.execute(superseded).scalar_one() == 0
