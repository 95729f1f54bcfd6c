"""What one terminal brings of another's: taken in, never believed by itself, and no harm to either chain."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

from kiosk.case import new_case_code
from offline_queue.wire import BATCH_PATH, ChainHead, Kind, VerdictKind
from tests.central.station import Station, answer_of, case_payload


def state(station: Station, code: str) -> str:
    return str(station.client.get(f"/v1/cases/{code}").json()["state"])


def test_another_terminals_word_withdraws_nothing_and_stands_in_the_trail(
    station: Station, other_station: Station
) -> None:
    case = station.item()
    station.send(case)
    (verdict,) = other_station.send(other_station.item(Kind.WITHDRAWAL, case.lane))
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "registered")
    assert state(station, case.lane) == "registered"
    assert "由其他终端带来" in station.page(f"/ops/cases/{case.lane}")


def test_a_case_under_another_terminals_number_waits_for_a_clerk(
    station: Station, other_station: Station
) -> None:
    code = new_case_code(station.terminal)
    (verdict,) = other_station.send(other_station.item(code=code, payload=case_payload(code)))
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "needs_clerk")


def test_a_refused_item_of_another_terminal_has_no_place_in_the_carriers_chain(
    station: Station, other_station: Station
) -> None:
    station.send(station.item())
    theirs = json.loads(other_station.item().model_dump_json(by_alias=True))
    theirs["sealed"] = base64.b64encode(b"JJS other bytes").decode()
    batch = json.loads(station.batch())
    batch["items"] = [theirs]
    (verdict,) = answer_of(station.post(BATCH_PATH, json.dumps(batch).encode())).verdicts
    assert verdict.kind is VerdictKind.REFUSED
    assert station.metric("jiujin_forked_chains") == {"": 0}


def test_what_came_after_its_withdrawal_is_told_as_that(station: Station) -> None:
    code = new_case_code(station.terminal)
    station.send(station.item(Kind.WITHDRAWAL, code))
    station.send(station.item(code=code))
    page = station.page(f"/ops/cases/{code}")
    assert "撤回之后收到原件" in page
    assert "收到更正件" not in page


def test_a_head_that_was_signed_earlier_and_comes_late_is_no_step_back(station: Station) -> None:
    station.send(station.item())
    late = station.head()
    station.send(station.item())
    station.clock_offset = timedelta(seconds=-60)
    newest, station.head = station.head, lambda: late  # type: ignore[method-assign] # held up on its way
    assert isinstance(station.head(), ChainHead)
    assert station.beat({}).status_code == 200
    station.clock_offset, station.head = timedelta(), newest  # type: ignore[method-assign] # back
    assert station.metric("jiujin_forked_chains") == {"": 0}


def test_a_state_that_was_signed_earlier_and_comes_late_changes_nothing(station: Station) -> None:
    assert station.beat({"state": "live"}).status_code == 200
    station.clock_offset = timedelta(seconds=-60)
    assert station.beat({"state": "out_of_service"}).status_code == 200
    by_state = station.metric("jiujin_terminals")
    assert (by_state['{state="live"}'], by_state['{state="out_of_service"}']) == (1, 0)


def test_an_item_that_its_successor_does_not_name_forks_the_chain(station: Station) -> None:
    first, second = station.item(), station.item()
    station.send(second)
    twin = Station(station.url, station.trust)
    other_first = twin.item()
    assert other_first.sequence == first.sequence
    twin.send(other_first)
    twin.close()
    assert station.metric("jiujin_forked_chains") == {"": 1}


def test_an_item_that_another_terminal_brings_in_its_name_is_no_link_of_its_chain(
    station: Station, other_station: Station
) -> None:
    """Anybody could forge one: only a terminal's own word forks its chain, or leaves a gap in it."""
    station.send(station.item())
    code = new_case_code(station.terminal)
    first = other_station.item(code=code, payload=case_payload(code), terminal=station.terminal, sequence=1)
    far = other_station.item(code=code, payload=case_payload(code), terminal=station.terminal, sequence=9)
    assert {one.kind for one in other_station.send(first, far)} == {VerdictKind.REGISTERED}
    assert station.metric("jiujin_forked_chains") == {"": 0}
    assert "chain.gap" not in station.page(f"/ops/terminals/{station.terminal}")
