"""Where a case stands, at the moments in which that changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from central.database import open_database
from central.enrolment import enrol
from central.health_report import HealthReport
from central.inbox import words_of
from central.lookup import lookup
from central.ops.words import ALSO_TOLD, CASE_STATES, CLOCKS, KINDS, LINKS, VERDICTS
from central.rechecks import RESIDENT_WORDS, STATE_OF, Doubt
from central.trust import load_trust
from central.work import Work
from kiosk.case import TERMINAL_MAY_REACH, CaseState
from offline_queue.link_state import LinkState
from offline_queue.wire import ClockQuality, Kind, VerdictKind
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
    given_back = words_of(state, Doubt.GIVEN_BACK.value) == RESIDENT_WORDS[Doubt.GIVEN_BACK]
    assert given_back is (state is CaseState.WITHDRAWN)


def test_operators_read_every_word_that_the_centre_can_hold_in_both_languages() -> None:
    at_the_centre = set(CaseState) - (TERMINAL_MAY_REACH - {CaseState.SYNCED, CaseState.WITHDRAWN})
    for texts, words in (
        (CASE_STATES, at_the_centre), (KINDS, set(Kind)), (LINKS, set(LinkState)), (CLOCKS, set(ClockQuality)),
        (VERDICTS, set(VerdictKind) - {VerdictKind.REGISTERED, VerdictKind.DUPLICATE}),
    ):  # fmt: skip
        assert {one.value for one in words} <= set(texts)
        assert all(zh and en for zh, en in texts.values())
    shown_as_told = {"device_name", "site", "ip", "last_error", "note"}
    assert set(ALSO_TOLD) == shown_as_told <= set(HealthReport.model_fields)
