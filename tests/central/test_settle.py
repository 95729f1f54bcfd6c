"""Staff settle a case by its code: chapter F's steps alone, and words that are the same wherever they are read."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from central.case_command import settle
from central.corrections import STAFF_MAY_SET, road_to
from central.desk_command import CentreAt
from central.staff_words import UnfitWordsError, fit
from kiosk.case import TRANSITIONS, CaseState, format_case_code
from offline_queue.live import Answered, Live
from offline_queue.wire import Kind
from tests.central.live.conftest import live_centre
from tests.central.station import Station, address_in, centre
from tests.central.test_corrections import state_of
from tests.central.test_inbox import told

S = CaseState
ZH, EN = "材料齐了，已交民政所", "Complete now, handed to the civil affairs office"


def run(database: str, trust: Path, code: str, to: str, *options: str) -> Result:
    words = ["--by", "clerk 12", "--why", "office letter seen", "--zh", ZH, "--en", EN]
    at = CentreAt(database, trust, production=False)
    return CliRunner().invoke(settle, [code, "--to", to, *words, "--json", *options], obj=at)


def test_the_words_are_the_same_wherever_they_are_read(database: str, trust: Path) -> None:
    with live_centre(database, trust) as place:
        station = place.station
        item = station.item(payload=b"not a case")
        station.send(item)
        assert state_of(station, item.lane) == "needs_clerk"
        done = run(database, trust, format_case_code(item.lane), "accepted")
        assert (done.exit_code, json.loads(done.stdout)) == (0, {"ok": True, "state": "accepted"})
        looked_up = station.client.get(f"/v1/cases/{item.lane}").json()
        assert (looked_up["words_zh"], looked_up["words_en"]) == (ZH, EN)
        assert looked_up["accepted_at"]
        news = told(station)[item.lane]
        assert (news.state, news.words_zh, news.words_en) == ("accepted", ZH, EN)
        page = station.client.post("/case", data={"code": item.lane}).text
        assert page.index(ZH) < page.index(EN)
        answer = progress_of(place.live(), item.lane)
        assert (answer.words_zh, answer.words_en) == (ZH, EN)
        trail = station.page(f"/ops/cases/{item.lane}")
        for words in ("accepted by clerk 12: office letter seen", ZH, EN):
            assert words in trail


def progress_of(live: Live, code: str):  # type: ignore[no-untyped-def] # the live channel's own answer
    answered = live.progress(code, 30)
    assert isinstance(answered, Answered), answered
    return answered.answer


def test_words_are_said_of_one_state(tmp_path: Path, trust: Path) -> None:
    """A department's word, then a clerk's: the later one is read."""
    database = address_in(tmp_path)
    with live_centre(database, trust) as place:
        item = place.registered()
        decided = place.live().decide(item.id, item.lane, 30)
        assert isinstance(decided, Answered), decided
        department = progress_of(place.live(), item.lane).words_zh
        assert department == decided.answer.words_zh != ""
        assert department in place.station.client.post("/case", data={"code": item.lane}).text
        assert run(database, trust, item.lane, "collectable").exit_code == 0
        assert progress_of(place.live(), item.lane).words_zh == ZH


def test_the_command_refuses_what_chapter_f_has_not(tmp_path: Path, trust: Path) -> None:
    database = address_in(tmp_path)
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        item = station.item()
        station.send(item)
        for code, to, reason in (
            (item.lane, "collected", "state"),
            (station.item().lane, "accepted", "unknown"),
            ("not a code", "accepted", "unknown"),
        ):
            done = run(database, trust, code, to)
            assert (done.exit_code, json.loads(done.stdout)["reason"]) == (1, reason)
        assert run(database, trust, item.lane, "withdrawn").exit_code == 2
        personal = run(database, trust, item.lane, "accepted", "--zh", "身份证 110199 1990 0101 9998 已核")
        assert personal.exit_code == 2
        assert "9998" not in personal.output
        station.send(station.item(Kind.WITHDRAWAL, item.lane))
        assert run(database, trust, item.lane, "accepted").exit_code == 1
        assert state_of(station, item.lane) == "withdrawn"


@pytest.mark.parametrize("state", list(S))
def test_every_road_is_made_of_steps_of_chapter_f(state: CaseState) -> None:
    for to in S:
        road = road_to(state, to)
        if road is None:
            continue
        assert to in STAFF_MAY_SET
        here = state
        for step in road:
            assert step in TRANSITIONS[here]
            here = step
        assert here is to
    waits = state in (S.NEEDS_CLERK, S.DUPLICATE_SUSPECTED)
    assert (road_to(state, S.ACCEPTED) == (S.REGISTERED, S.ACCEPTED)) == (
        waits or state is S.NEEDS_CORRECTION
    )


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 33, "a\nb", "13912345678", "139-1234 5678", "11019919900101999X"]
)
def test_unfit_words_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(UnfitWordsError) as refused:
        fit("--by", text, 32)
    assert str(refused.value).startswith("--by: ")
    assert not text.strip() or text not in str(refused.value)


@pytest.mark.parametrize("text", ["clerk 12", "12345 热线", "2026-11-26 10:30"])
def test_dates_and_hotlines_are_fit(text: str) -> None:
    assert fit("--by", f" {text} ", 32) == text
