"""A case filed on paper at a window has the same codes, states, rules and look-up as one from a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from central.case_command import settle
from central.contents import newest_case
from central.counter.form import Judged, read_form
from central.counter.intake import take_paper
from central.database import open_database, utc_now
from central.departments.simulated import SimulatedDepartment
from central.desk_command import CentreAt
from central.paper_command import paper
from central.rechecks import published
from central.schema import events, inboxes, items
from central.trust import TrustError, load_trust
from kiosk.case import COUNTER, parse_case_code
from tests.central.conftest import PROJECT, add_terminal, make_trust
from tests.central.station import NAME, NUMBER, Station, centre, ready_in
from tests.central.test_corrections import state_of
from tests.drivers.waiting import wait_until

DEFINITIONS = PROJECT / "kiosk" / "catalogue" / "definitions"
FORM: dict[str, Any] = {
    "schema": "jiujin.paper/1",
    "window": "清河镇 3 号窗",
    "reference": "2026-03-02/017",
    "service": "110199-YL-01",
    "received_at": "2026-03-02T09:30:00+08:00",
    "person": {"document_kind": "resident", "number": NUMBER, "name": NAME},
    "answers": {"lives_at_card_address": "yes"},
}


class Window:
    """A centre with definitions and a register, and the clerk's command."""

    def __init__(self, database: str, trust: Path, station: Station, register: SimulatedDepartment) -> None:
        self.database, self.trust, self.station, self.register = database, trust, station, register

    def enter(self, form: object, *options: str) -> Result:
        at = CentreAt(self.database, self.trust, production=False, catalogue=DEFINITIONS)
        text = form if isinstance(form, str) else json.dumps(form, ensure_ascii=False, indent=1)
        given = ["-", "--by", "clerk 12", "--json", *options]
        return CliRunner().invoke(paper, given, input=text.encode(), obj=at)

    def taken(self, form: object) -> str:
        done = self.enter(form)
        assert done.exit_code == 0, done.output
        return str(json.loads(done.stdout)["code"])

    def errors(self, form: object) -> dict[str, int | None]:
        done = self.enter(form)
        assert done.exit_code == 1, done.output
        assert NUMBER not in done.output
        return {one["field"]: one["line"] for one in json.loads(done.stdout)["errors"]}


@contextmanager
def opened(database: str, trust: Path) -> Iterator[Window]:
    register = SimulatedDepartment()
    with ExitStack() as stack:
        running = stack.enter_context(
            centre(database, trust, catalogue=DEFINITIONS, registers={"card_status": register})
        )
        yield Window(database, trust, stack.enter_context(closing(Station(running.url, trust))), register)


@pytest.fixture
def window(database: str, trust: Path) -> Iterator[Window]:
    with opened(database, trust) as made:
        yield made


@pytest.fixture
def on_sqlite(tmp_path: Path, trust: Path) -> Iterator[Window]:
    """For what no database has a part in."""
    with opened(ready_in(tmp_path), trust) as made:
        yield made


def test_clerks_at_two_windows_enter_at_once(window: Window) -> None:
    forms = [
        {**FORM, "window": f"{place} 号窗", "reference": str(number)}
        for number in range(4)
        for place in (1, 2)
    ]
    known, definitions = load_trust(window.trust, production=False), published(DEFINITIONS)
    engine = open_database(window.database)

    def enter(form: dict[str, Any]) -> str:
        judged = read_form(json.dumps(form).encode(), definitions, utc_now())
        assert isinstance(judged, Judged)
        return take_paper(engine, known.present_sealing_key, known.sealing_keys, judged, "clerk 12").code

    with ThreadPoolExecutor(4) as pool:
        codes = set(pool.map(enter, forms))
    engine.dispose()
    assert len(codes) == 8
    assert wait_until(lambda: sum(window.station.metric("jiujin_cases").values()) == 8)
    assert window.station.metric("jiujin_forked_chains") == {"": 0}


def test_it_is_registered_like_any_other_and_moved_by_the_same_commands(window: Window) -> None:
    code = window.taken(FORM)
    assert code[:4] == COUNTER
    assert parse_case_code(code) == code
    assert wait_until(lambda: state_of(window.station, code) == "registered")
    assert window.register.asked["card_status"] == 1, "the same re-checks"
    found = window.station.client.get(f"/v1/cases/{code}").json()
    assert (found["service"], found["received_at_kiosk"]) == ("110199-YL-01", "2026-03-02T01:30:00Z")
    assert "中心已登记" in window.station.client.post("/case", data={"code": code}).text
    page = window.station.page(f"/ops/cases/{code}")
    for words in ("窗口录入的纸质件", "清河镇 3 号窗 2026-03-02/017 by clerk 12", "窗口（纸质件）"):
        assert words in page
    given = ["--by", "c", "--why", "w", "--zh", "已受理", "--en", "Accepted", "--to", "accepted"]
    at = CentreAt(window.database, window.trust, production=False)
    assert CliRunner().invoke(settle, [code, *given], obj=at).exit_code == 0
    assert state_of(window.station, code) == "accepted"


def test_what_the_paper_holds_is_sealed_and_stands_nowhere_in_the_clear(window: Window) -> None:
    code = window.taken(FORM)
    assert wait_until(lambda: state_of(window.station, code) == "registered")
    known = load_trust(window.trust, production=False)
    engine = open_database(window.database)
    with engine.connect() as connection:
        row = connection.execute(select(items).where(items.c.terminal == COUNTER)).one()
        content = newest_case(connection, known.sealing_keys, {code})[code]
        lines = connection.execute(select(events.c.detail)).scalars().all()
        letters = connection.execute(select(func.count()).select_from(inboxes)).scalar_one()
    engine.dispose()
    assert content.person is not None
    assert (content.person.number, content.person.name, content.assurance) == (NUMBER, NAME, "L1")
    assert content.answers == FORM["answers"]
    clear = json.dumps(row.header, ensure_ascii=False) + "".join(lines)
    assert NUMBER not in clear
    assert NAME not in clear
    assert NUMBER.encode() not in row.sealed
    assert letters == 0, "nobody fetches the counter's letters"


def test_the_same_paper_entered_again_is_the_same_case(window: Window) -> None:
    code = window.taken(FORM)
    again = window.enter(FORM)
    assert (again.exit_code, json.loads(again.stdout)) == (0, {"ok": True, "code": code, "known": True})
    other = window.enter({**FORM, "answers": {"lives_at_card_address": "yes", "mobile": "13912345678"}})
    told = json.loads(other.stdout)
    assert (other.exit_code, told["reason"], told["code"]) == (1, "conflict", code)
    others = [window.taken({**FORM, "reference": f"2026-03-02/{number}"}) for number in (18, 19)]
    assert len({code, *others}) == 3
    assert wait_until(lambda: state_of(window.station, others[-1]) == "duplicate_suspected")
    assert window.station.metric("jiujin_forked_chains") == {"": 0}, "the counter has a true chain"


def test_paper_and_terminal_are_compared_for_duplicates(window: Window) -> None:
    first = window.taken(FORM)
    assert wait_until(lambda: state_of(window.station, first) == "registered")
    second = window.taken({**FORM, "reference": "2", "received_at": "2026-03-03T09:30:00+08:00"})
    assert wait_until(lambda: state_of(window.station, second) == "duplicate_suspected")
    assert state_of(window.station, first) == "registered"


def test_a_lost_card_is_found_out_for_paper_as_well(on_sqlite: Window) -> None:
    on_sqlite.register.standing = "card_lost"
    code = on_sqlite.taken(FORM)
    assert wait_until(lambda: state_of(on_sqlite.station, code) == "needs_clerk")


def test_all_that_is_wrong_is_told_at_once_with_its_line(on_sqlite: Window) -> None:
    wrong = {
        **FORM,
        "window": "13912345678",
        "received_at": "2999-01-01T00:00:00+08:00",
        "person": {"document_kind": "resident", "number": NUMBER[:-1] + "0", "name": " "},
        "answers": {"lives_at_card_address": "no", "mobil": "1"},
    }
    assert on_sqlite.errors(wrong) == {
        "window": 3,
        "received_at": 6,
        "person.number": 9,
        "person.name": 10,
        "answers.mobil": 14,
        "answers.living_village": 12,
    }
    out = json.loads(on_sqlite.enter(wrong).stdout)
    assert "mobile" in next(one["en"] for one in out["errors"] if one["field"] == "answers.mobil")


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        ('{"schema": \n oops', {"": None}),
        ("[]", {"": None}),
        ({**FORM, "service": "110199-XX-99"}, {"service": 5}),
        ({**FORM, "persn": None}, {"persn": 15}),
        ({name: value for name, value in FORM.items() if name != "person"}, {"person": None}),
        ({name: value for name, value in FORM.items() if name != "window"}, {"window": None}),
        ({**FORM, "answers": {"mobile": 13912345678}}, {"answers.mobile": 13}),
    ],
    ids=["syntax", "list", "service", "unknown", "person", "missing", "type"],
)
def test_bad_forms_are_told_by_field_and_leave_nothing_behind(
    on_sqlite: Window, form: object, errors: dict[str, int | None]
) -> None:
    assert on_sqlite.errors(form) == errors
    engine = open_database(on_sqlite.database)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(items)).scalar_one() == 0
    engine.dispose()


def test_a_syntax_error_names_its_line_and_check_takes_nothing_in(on_sqlite: Window) -> None:
    done = on_sqlite.enter('{"schema": \n oops')
    assert "line 2" in json.loads(done.stdout)["errors"][0]["en"]
    done = on_sqlite.enter(FORM, "--check")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"ok": True, "checked": True})
    assert on_sqlite.station.metric("jiujin_cases") == {"": 0}


def test_without_definitions_nothing_is_taken_in(on_sqlite: Window) -> None:
    at = CentreAt(on_sqlite.database, on_sqlite.trust, production=False)
    done = CliRunner().invoke(paper, ["-", "--by", "c"], input=b"{}", obj=at)
    assert (done.exit_code, "--catalogue" in done.output) == (78, True)


def test_no_terminal_may_have_the_counters_number(tmp_path: Path) -> None:
    trust = make_trust(tmp_path)
    add_terminal(trust, COUNTER, "冒充窗口")
    with pytest.raises(TrustError, match=COUNTER):
        load_trust(trust, production=False)
