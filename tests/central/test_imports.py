"""A stick from a terminal: everything is taken once, however often; a revoked one's cases wait for a clerk."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from central import rounds
from central.case_command import correct
from central.database import open_database
from central.desk_command import CentreAt, import_file
from central.schema import terminals
from kiosk.case import CaseState
from offline_queue.export import Heading, write_export
from offline_queue.wire import Item, VerdictKind
from tests.central.station import RECEIVED, Station, centre
from tests.central.test_corrections import refuse_one, state_of
from tests.drivers.waiting import wait_until


@pytest.fixture(autouse=True)
def quick_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command leaves what it took in to the running centre, which looks for such work by and by."""
    monkeypatch.setattr(rounds, "POLL_S", 0.1)


def stick(station: Station, folder: Path, *items: Item) -> Path:
    assert station.key is not None
    heading = Heading(terminal=station.terminal, head=station.head(), made_at=RECEIVED)
    write_export(folder / "stick", heading, items, station.key)
    return folder / "stick"


def run(database: str, trust: Path, file: Path) -> Result:
    at = CentreAt(database, trust, production=False)
    return CliRunner().invoke(import_file, [str(file), "--json"], obj=at)


def test_an_import_takes_everything_once_and_the_terminal_may_send_it_too(
    database: str, trust: Path, tmp_path: Path
) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        sent = station.item()
        station.send(sent)
        waiting = [station.item() for _ in range(120)]
        file = stick(station, tmp_path, sent, *waiting)
        first = run(database, trust, file)
        assert first.exit_code == 0, first.output
        told = json.loads(first.stdout)
        assert told["verdicts"] == {"registered": 120, "duplicate": 1}
        assert "121/121" in first.stderr
        assert json.loads(run(database, trust, file).stdout)["verdicts"] == {"duplicate": 121}
        assert wait_until(lambda: state_of(station, waiting[-1].lane) == "registered")
        (again,) = station.send(waiting[0])
        assert again.kind is VerdictKind.DUPLICATE
        assert wait_until(lambda: sum(station.metric("jiujin_cases").values()) == 121)


def test_a_revoked_terminals_cases_wait_for_a_clerk(database: str, trust: Path, tmp_path: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        engine = open_database(database)
        with engine.begin() as connection:
            gone = terminals.c.terminal == station.terminal
            connection.execute(update(terminals).where(gone).values(revoked_at="2026-11-26T00:00:00.000Z"))
        engine.dispose()
        item = station.item()
        told = json.loads(run(database, trust, stick(station, tmp_path, item)).stdout)
        assert (told["ok"], told["for_review"]) == (True, True)
        assert wait_until(lambda: state_of(station, item.lane) == CaseState.NEEDS_CLERK.value)


def test_what_the_door_refuses_is_counted_and_the_others_are_taken(
    database: str, trust: Path, tmp_path: Path
) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        bad, good = station.item(received_at_kiosk="yesterday"), station.item()
        done = run(database, trust, stick(station, tmp_path, bad, good))
        assert done.exit_code == 1
        assert json.loads(done.stdout)["verdicts"] == {"refused": 1, "registered": 1}


def test_a_changed_stick_brings_nothing_in(database: str, trust: Path, tmp_path: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        file = stick(station, tmp_path, station.item())
        file.write_bytes(file.read_bytes().replace(b'"kind":"case"', b'"kind":"cafe"'))
        done = run(database, trust, file)
        assert (done.exit_code, json.loads(done.stdout)["reason"]) == (1, "cut_short")
        assert sum(station.metric("jiujin_cases").values()) == 0


def test_the_command_settles_a_refused_item_in_words(database: str, trust: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        item = refuse_one(station)
        words = [
            "--outcome",
            "returned",
            "--by",
            "clerk 12",
            "--why",
            "slip seen",
            "--zh",
            "已退回",
            "--en",
            "Given back",
            "--json",
        ]
        at = CentreAt(database, trust, production=False)
        done = CliRunner().invoke(correct, [item.terminal, item.id, *words], obj=at)
        assert (done.exit_code, json.loads(done.stdout)) == (0, {"ok": True, "state": "not_accepted"})
        done = CliRunner().invoke(correct, [item.terminal, "another", *words], obj=at)
        assert (done.exit_code, json.loads(done.stdout)["reason"]) == (1, "unknown")
