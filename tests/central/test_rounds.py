"""The centre's own threads outlive whatever a turn raises, and operations see which fails, is silent or has ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from central import notices, open_rechecks, replays
from central import rounds as rounds_of
from central import work as work_of
from central.database import as_text, open_database, utc_now, writing
from central.departments.port import Departments
from central.enrolment import enrol
from central.open_rechecks import Asking
from central.ops import words
from central.registers import Registers
from central.rounds import Fares, Rounds
from central.telling import Telling
from central.trust import load_trust
from central.work import Work
from kiosk.case import new_case_code
from tests.central.noticed import Place
from tests.central.station import NUMBER, Station, ready_in
from tests.central.test_bad_content import states, taken, unopened
from tests.drivers.waiting import wait_until

AGAIN_S = 0.01


class Once(Rounds):
    """Does what it is given, once a turn."""

    def __init__(self, turn: Callable[[], int]) -> None:
        super().__init__("notices", AGAIN_S)
        self.turn = turn
        self.turns = 0

    def round(self, now: datetime) -> int:  # noqa: ARG002 - nothing here hangs on the time
        self.turns += 1
        return self.turn()


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[Once]:
    monkeypatch.setattr(rounds_of, "REST_S", AGAIN_S)
    with closing(Once(lambda: 0)) as made:
        yield made


def fails() -> int:
    message = f"no such person: {NUMBER}"
    raise ValueError(message)


def fares(thread: Rounds, wanted: Fares) -> bool:
    return wait_until(lambda: thread.standing().fares is wanted)


def turned(thread: Once) -> bool:
    before = thread.turns
    return wait_until(lambda: thread.turns > before + 1)


def test_a_thread_outlives_any_exception_and_says_since_when_it_fails(
    idle: Once, caplog: pytest.LogCaptureFixture
) -> None:
    assert idle.standing().fares is Fares.OFF
    idle.start()
    assert fares(idle, Fares.WELL)
    before = datetime.now(UTC)
    idle.turn = fails
    assert fares(idle, Fares.FAILING)
    first = idle.standing()
    assert turned(idle)
    later = idle.standing()
    assert first.since is not None
    assert before <= first.since == later.since
    assert later.failures > first.failures
    assert later.last is not None
    assert later.last.kind == "ValueError"
    assert later.last.place.startswith("tests/central/test_rounds.py:")
    idle.turn = lambda: 0
    assert fares(idle, Fares.WELL)
    well = idle.standing()
    assert (well.since, well.troubled) == (None, False)
    assert well.failures >= later.failures, "what was is not forgotten"
    told = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(told) == 2, "once, however often it fails; and that it goes on"
    assert f"ValueError at {later.last.place}" in told[0]
    assert NUMBER not in caplog.text


def test_another_failure_is_told_in_the_log_as_well(idle: Once, caplog: pytest.LogCaptureFixture) -> None:
    idle.turn = fails
    idle.start()
    assert fares(idle, Fares.FAILING)
    idle.turn = lambda: dict[str, int]()["there is no such"]
    assert wait_until(lambda: "KeyError" in caplog.text)


def test_a_piece_that_fails_holds_up_no_neighbour_and_a_lost_database_all(idle: Once) -> None:
    def lost() -> int:
        statement = "select"
        raise OperationalError(statement, {}, Exception())

    assert [idle.alone(piece) for piece in (lambda: 3, fails, lambda: 4)] == [3, 0, 4]
    assert idle.standing().failures == 1
    with pytest.raises(OperationalError):
        idle.alone(lost)


def test_a_thread_that_begins_nothing_any_more_is_silent(idle: Once, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    idle.turn = lambda: int(let_go.wait(20)) * 0
    monkeypatch.setattr(rounds_of, "SILENT_S", 0.2)
    before = datetime.now(UTC)
    idle.start()
    try:
        assert fares(idle, Fares.SILENT)
        since = idle.standing().since
        assert since is not None
        assert since >= before
    finally:
        let_go.set()
    assert fares(idle, Fares.WELL)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_has_ended_by_itself_is_told_of(idle: Once) -> None:
    def ends() -> int:
        raise SystemExit

    idle.turn = ends
    idle.start()
    assert fares(idle, Fares.ENDED)
    stand = idle.standing()
    assert stand.since is not None
    assert stand.troubled
    idle.close()
    assert idle.standing().fares is Fares.OFF, "ended on a wish"


@pytest.fixture
def local(tmp_path: Path, trust: Path) -> Iterator[Place]:
    with closing(Place(ready_in(tmp_path), trust)) as made:
        yield made


def test_operations_see_which_thread_fails_since_when_and_what_to_do(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = local.station
    assert "本中心的后台工作" in station.page("/ops")
    assert "note bad" not in station.page("/ops/refused")
    with monkeypatch.context() as broken:
        broken.setattr(Work, "round", lambda _self, _now: fails())
        assert wait_until(lambda: local.stuck()["opening"] == 1)
        page = station.page("/ops/refused")
        for said in (
            "拆封登记、定期清理",
            "会自己再试",
            "ValueError tests/central/test_rounds.py:",
            "不会丢",
        ):
            assert said in page
        assert NUMBER not in page
        failed = station.metric("jiujin_thread_failures_total")
        assert failed['{thread="opening"}'] > 0
        assert failed['{thread="notices"}'] == 0
        first = station.metric("jiujin_thread_stuck_seconds")['{thread="opening"}']
        assert wait_until(lambda: station.metric("jiujin_thread_stuck_seconds")['{thread="opening"}'] > first)
        assert "# TYPE jiujin_thread_failures_total counter" in station.page("/metrics")
    assert wait_until(lambda: local.stuck()["opening"] == 0)
    assert "note bad" not in station.page("/ops/refused")
    assert "ValueError tests/central/test_rounds.py:" in station.page("/ops"), "the last one stays to be read"


def test_every_thread_of_the_centre_and_each_way_to_fare_has_words(local: Place) -> None:
    assert set(local.stuck()) == set(words.THREADS)
    assert set(words.FARES) == set(words.FARES_BADGES) == {one.value for one in Fares}
    assert set(words.THREAD_ACTIONS) == {one.value for one in rounds_of.TROUBLED}


@pytest.mark.parametrize("kind", [Telling, Asking])
def test_a_case_with_a_defect_holds_up_none_that_is_due_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Rounds]
) -> None:
    poison, good = (new_case_code("0142") for _ in range(2))
    engine = open_database(ready_in(tmp_path))
    with writing(engine).begin() as connection:
        for code, at in ((poison, utc_now() - timedelta(hours=1)), (good, utc_now())):
            notices.remember(connection, [code], as_text(at))
            open_rechecks.remember(connection, {code: ["card_status"]}, as_text(at))
    settled = []

    def settle(_self: Rounds, what: Any, *_more: object) -> int:
        code = what if isinstance(what, str) else what.code
        settled.append(code)
        return fails() if code == poison else 1

    monkeypatch.setattr(kind, "_settle", settle)
    thread: Rounds = (
        Telling(engine, {}, Departments(), {}, 1.0)
        if kind is Telling
        else Asking(engine, {}, Registers({}), 1.0)
    )
    assert thread.round(utc_now() + timedelta(hours=1)) > 0
    assert settled == [poison, good]
    assert thread.standing().failures == 1
    engine.dispose()


def test_a_terminal_and_a_sweep_with_a_defect_hold_up_nobody_else(
    tmp_path: Path, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(ready_in(tmp_path))
    loaded = load_trust(trust, production=False)
    enrol(engine, loaded.terminals)
    bad, good = Station("https://nowhere.invalid", trust), Station("https://nowhere.invalid", trust, "0777")
    held, others = bad.item(), good.item()
    taken(engine, trust, bad, held)
    taken(engine, trust, good, others)
    step, swept = Work.step, threading.Event()

    def broken_step(self: Work, terminal: str, *args: object, **named: object) -> int:
        return fails() if terminal == bad.terminal else step(self, terminal, *args, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(Work, "step", broken_step)
        broken.setattr(work_of, "sweep", lambda *_args, **_named: fails())
        broken.setattr(replays, "sweep", lambda *_args: swept.set())
        with closing(Work(engine, loaded.sealing_keys)) as work:
            work.start()
            assert wait_until(lambda: others.lane in states(engine))
            assert swept.wait(20)
            assert fares(work, Fares.FAILING)
            assert unopened(engine) == [held.id]
    with closing(Work(engine, loaded.sealing_keys)) as work:
        work.start()
        assert wait_until(lambda: unopened(engine) == [])
    for station in (bad, good):
        station.close()
    engine.dispose()


def test_what_waits_at_the_door_does_not_hang_on_a_defect_in_opening(
    tmp_path: Path, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(ready_in(tmp_path))
    work = Work(engine, load_trust(trust, production=False).sealing_keys)
    monkeypatch.setattr(Work, "_open", lambda *_args, **_named: fails())
    assert not work.now({"0142": ["x"]})
    assert work.standing().failures == 1
    engine.dispose()
