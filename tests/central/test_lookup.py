"""Where a case stands, at the moments in which that changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from central.database import open_database
from central.enrolment import enrol
from central.inbox import words_of
from central.lookup import lookup
from central.rechecks import RESIDENT_WORDS, STATE_OF, Doubt
from central.trust import load_trust
from central.work import Work
from kiosk.case import CaseState
from tests.central.station import Station
from tests.central.test_bad_content import taken


def test_a_case_that_is_opened_while_somebody_looks_is_never_unknown(database: str, trust: Path) -> None:
    loaded = load_trust(trust, production=False)
    engine = open_database(database)
    enrol(engine, loaded.terminals)
    station = Station("https://nowhere.invalid", trust)
    item = station.item()
    taken(engine, trust, station, item)
    work = Work(engine, loaded.sealing_keys)
    opened: list[int] = []
    with engine.connect() as connection:

        def between(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not opened and "FROM cases" in statement:
                opened.append(work.all())

        event.listen(connection, "after_cursor_execute", between)
        found = lookup(connection, item.lane)
    assert opened == [1], "it happened after the first question"
    assert found is not None
    assert found.state == "synced"
    with engine.connect() as connection:
        later = lookup(connection, item.lane)
    engine.dispose()
    assert later is not None
    assert later.state == "registered"


@pytest.mark.parametrize("state", [one for one in CaseState if one not in set(STATE_OF.values())])
def test_a_doubt_is_told_only_while_its_case_waits_for_it(state: CaseState) -> None:
    for doubt, waits in STATE_OF.items():
        assert words_of(waits, doubt.value) == RESIDENT_WORDS[doubt]
        assert words_of(state, doubt.value) == words_of(state, None) != RESIDENT_WORDS[doubt]
    assert words_of(state, Doubt.WITHDRAWAL_LATE.value) == RESIDENT_WORDS[Doubt.WITHDRAWAL_LATE]
