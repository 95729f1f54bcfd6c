"""A centre with a department, a gateway and a terminal that files for another, and the same after the centre has ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, select

from central import notices as notices_of
from central.database import open_database, utc_now
from central.departments.port import Departments, Question
from central.departments.simulated import SimulatedDepartment
from central.notices import Outcome
from central.schema import events, notices
from central.staff_words import Signed
from central.telling import Telling
from central.trust import load_trust
from kiosk.case import AgentRecord, new_case_code
from offline_queue.wire import Item
from tests.central.station import SERVICE, Station, case_payload, centre, person
from tests.drivers.waiting import wait_until

AGAIN_S = 0.1
AGENT_NUMBER, AGENT_NAME = "110199194803120016", "测试乙"
BY_CHILD = AgentRecord(person=person(AGENT_NUMBER, AGENT_NAME), ground="child")


def later() -> datetime:
    """When whatever waits is due."""
    return utc_now() + timedelta(hours=2)


class Place:
    """A centre with a department and a gateway, and a terminal."""

    def __init__(self, database: str, trust: Path) -> None:
        self.database, self.trust = database, trust
        self.department, self.gateway = SimulatedDepartment(), SimulatedDepartment()
        self.departments = Departments({SERVICE: self.department}, messages=self.gateway)
        with ExitStack() as stack:
            running = stack.enter_context(
                centre(database, trust, departments=self.departments, recheck_again_s=AGAIN_S)
            )
            self.station = stack.enter_context(closing(Station(running.url, trust)))
            self._stack = stack.pop_all()

    def close(self) -> None:
        for end in (self.department, self.gateway):
            end.close()
        self._stack.close()

    def acted(self, code: str = "", agent: AgentRecord | None = BY_CHILD) -> Item:
        """A case that was filed for the person by another."""
        code = code or new_case_code(self.station.terminal)
        item = self.station.item(code=code, payload=case_payload(code, agent=agent))
        self.station.send(item)
        return item

    def outcomes(self) -> dict[str, str | None]:
        engine = open_database(self.database)
        with engine.connect() as connection:
            found = connection.execute(select(notices.c.code, notices.c.outcome)).all()
        engine.dispose()
        return {row.code: row.outcome for row in found}

    def ended(self, item: Item, outcome: Outcome) -> bool:
        return wait_until(lambda: self.outcomes().get(item.lane) == outcome)

    def trail(self, item: Item) -> list[str]:
        """What was written down of telling the person, oldest first: what is there has ended."""
        engine = open_database(self.database)
        found = trail_of(engine, item.lane)
        engine.dispose()
        return found

    def untold(self) -> float:
        return self.station.metric("jiujin_persons_untold")[""]

    def stuck(self) -> dict[str, float]:
        """Thread -> 1 where it is."""
        found = self.station.metric("jiujin_thread_stuck").items()
        return {labels.split('"')[1]: value for labels, value in found}


class Between:
    """A department or gateway that lets something happen while it is asked, and then answers as the other would."""

    def __init__(self, other: SimulatedDepartment, meanwhile: Callable[[], object]) -> None:
        self._other, self._meanwhile = other, meanwhile

    def ask(self, question: Question, deadline_s: float) -> bytes:
        self._meanwhile()
        return self._other.ask(question, deadline_s)


@dataclass
class Alone:
    """The database of a centre that has ended, with one case whose person waits to be told: rounds are begun by hand."""

    place: Place
    engine: Engine
    item: Item

    def telling(self, during: dict[str, Callable[[], object]], keys: bool = True) -> Telling:
        """`during`: what happens while the "department" or the "gateway" is asked."""
        place = self.place
        who = {
            name: Between(getattr(place, name), during.get(name, lambda: None))
            for name in ("department", "gateway")
        }
        departments = Departments({SERVICE: who["department"]}, messages=who["gateway"])
        trust = load_trust(place.trust, production=False)
        return Telling(self.engine, trust.sealing_keys if keys else {}, departments, {}, AGAIN_S)

    def told_by_staff(self) -> None:
        assert notices_of.told_by_staff(self.engine, self.item.lane, Signed("clerk 12", "told at home"))

    def row(self) -> Row[Any]:
        with self.engine.connect() as connection:
            return connection.execute(select(notices).where(notices.c.code == self.item.lane)).one()

    def events(self) -> list[str]:
        """Those of the notice, oldest first."""
        return trail_of(self.engine, self.item.lane)


def trail_of(engine: Engine, code: str) -> list[str]:
    told = events.c.event.like("person.%") & (events.c.code == code)
    with engine.connect() as connection:
        return list(connection.execute(select(events.c.event).where(told).order_by(events.c.id)).scalars())
