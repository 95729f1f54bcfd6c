"""Who asks at a counter after a message finds the case: by the number on the document, written down, kept as a digest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select, text

from central import persons as persons_of
from central.database import open_database, utc_now, writing
from central.desk_command import CentreAt
from central.person_command import DOCUMENT_NAMES, find_person
from central.persons import CITIZEN, DOCUMENTS, NOBODY, Persons, Unfit, find, read_wanted
from central.retention import Retention, sweep
from central.schema import events, persons
from central.staff_words import Signed
from central.trust import load_trust
from kiosk.case import Person, format_case_code, new_case_code
from offline_queue.wire import Item, Kind, VerdictKind
from tests.cases.test_i06_typed_numbers import BAD, GOOD
from tests.central.noticed import AGENT_NUMBER, BY_CHILD, later
from tests.central.station import NAME, NUMBER, Station, case_payload, centre, person
from tests.drivers.waiting import wait_until

OTHER_NUMBER = "11019919851224990X"
WHY = "短信后来问，看过身份证"
ANYBODY = person()
CLERK = Signed("clerk 12", WHY)


class Desk:
    """A centre whose pages look for persons, and a terminal."""

    def __init__(self, database: str, trust: Path, **settings: Any) -> None:
        self.database, self.trust = database, trust
        with ExitStack() as stack:
            running = stack.enter_context(centre(database, trust, **{"find_person": True, **settings}))
            self.station = stack.enter_context(closing(Station(running.url, trust)))
            self._stack = stack.pop_all()

    def close(self) -> None:
        self._stack.close()

    def filed(self, who: Person | None = ANYBODY, **changes: Any) -> Item:
        code = new_case_code(self.station.terminal)
        item = self.station.item(code=code, payload=case_payload(code, person=who, **changes))
        self.station.send(item)
        return item

    def asked(self, number: str, headers: dict[str, str] | None = None, **typed: str) -> httpx.Response:
        """What the page answers."""
        form = {"document": CITIZEN, "number": number, "birth": "", "by": "clerk 12", "why": WHY, **typed}
        return self.station.client.post("/ops/person", data=form, headers=headers)

    def command(self, typed: str, *options: str) -> Result:
        at = CentreAt(self.database, self.trust, production=False)
        words = ["--by", "clerk 12", "--why", WHY, "--json", *options]
        return CliRunner().invoke(find_person, words, obj=at, input=typed)


@pytest.fixture
def desk(database: str, trust: Path) -> Iterator[Desk]:
    with closing(Desk(database, trust)) as made:
        yield made


@pytest.fixture
def local(tmp_path: Path, trust: Path) -> Iterator[Desk]:
    """On SQLite only: what is tried does not depend on the database."""
    with closing(Desk(f"sqlite:///{tmp_path / 'centre.sqlite'}", trust)) as made:
        yield made


def every_text(engine: Engine) -> str:
    """All that stands in the clear in any table."""
    with engine.connect() as connection:
        return json.dumps(
            [
                [str(value) for value in row if not isinstance(value, bytes)]
                for table in persons.metadata.sorted_tables
                for row in connection.execute(select(table))
            ]
        )


def test_whoever_was_acted_for_finds_the_case_and_who_acted_does_not(
    desk: Desk, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    own, acted, strange = desk.filed(), desk.filed(agent=BY_CHILD), desk.filed(person(OTHER_NUMBER))
    page = desk.asked(NUMBER)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    codes = {name: format_case_code(item.lane) for name, item in (("own", own), ("acted", acted))}
    assert all(code in page.text for code in codes.values())
    assert "别人代办" in page.text
    assert format_case_code(strange.lane) not in page.text
    for said in ("养老待遇资格认证", "中心已登记", "2026-11-25 16:00:00", "/ops/terminals/0142"):
        assert said in page.text
    assert "没有查到这个人的办件" in desk.asked(AGENT_NUMBER).text, "a case is not of who acted"
    found = json.loads(desk.command(f"{NUMBER}\n").output)
    assert found["ok"]
    assert found["complete"]
    assert {one["code"]: one["by_another"] for one in found["cases"]} == {own.lane: False, acted.lane: True}
    assert found["cases"][0].keys() >= {"service", "state", "received_at", "terminal"}
    engine = open_database(desk.database)
    clear = every_text(engine)
    engine.dispose()
    told = "".join(capfd.readouterr()) + caplog.text
    for number in (NUMBER, AGENT_NUMBER, OTHER_NUMBER, NAME):
        assert number not in page.text
        assert number not in clear
        assert number not in told


def test_each_search_is_written_down_and_seen_and_so_is_the_case_that_it_found(local: Desk) -> None:
    item = local.filed()
    page = local.asked(NUMBER)
    assert "by clerk 12: 短信后来问，看过身份证; 1 found" in page.text
    nothing = local.asked(OTHER_NUMBER, why="问另一件")
    assert "by clerk 12: 问另一件; 0 found" in nothing.text
    trail = local.station.page(f"/ops/cases/{item.lane}")
    assert "工作人员在窗口按人查找办件" in trail
    assert f"by clerk 12: {WHY}" in trail
    assert "问另一件" not in trail


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ({"by": " "}, "经办人"),
        ({"why": ""}, "为什么查"),
        ({"why": f"有人 {NUMBER} 来问"}, "不能写身份证号"),
        ({"document": "library_card"}, "证件种类"),
        ({"document": "passport", "number": "E12345678"}, "出生日期"),
        ({"document": "passport", "number": "E1234 ！", "birth": "1990-01-01"}, "数字和字母"),
    ],
)
def test_what_is_not_told_or_not_right_is_asked_for_by_its_name_and_nothing_is_looked_for(
    local: Desk, typed: dict[str, str], names: str
) -> None:
    item, typed = local.filed(), dict(typed)
    number = typed.pop("number", NUMBER)
    answer = local.asked(number, None, **typed)
    assert answer.status_code == 200
    assert names in answer.text
    assert format_case_code(item.lane) not in answer.text
    assert NUMBER not in answer.text
    assert " found</td>" not in answer.text


@pytest.mark.parametrize(("typed", "stored"), GOOD)
def test_a_number_is_found_however_it_is_typed(local: Desk, typed: str, stored: str) -> None:
    item = local.filed(person(stored))
    assert format_case_code(item.lane) in local.asked(typed).text


def test_an_old_number_finds_the_case_of_the_new_one(local: Desk) -> None:
    item = local.filed()
    assert NUMBER[:6] + NUMBER[8:17] == "110199900101999"
    assert format_case_code(item.lane) in local.asked("110199900101999").text
    told = json.loads(local.command("110199900101999\n").output)
    assert [one["code"] for one in told["cases"]] == [item.lane]


@pytest.mark.parametrize(("typed", "problem"), BAD)
def test_a_wrong_number_says_what_is_wrong_with_it(local: Desk, typed: str, problem: str) -> None:
    told = local.command(f"{typed}\n")
    answer = json.loads(told.output)
    assert (told.exit_code, answer["field"], answer["reason"]) == (1, "number", problem)
    assert not typed or typed not in told.output
    page = local.asked(typed).text
    assert answer["message"].split(" / ")[0] in page
    assert not typed or typed not in page


@pytest.mark.parametrize(
    ("kind", "document", "number", "birth"),
    [
        ("social_security", "citizen", NUMBER, ""),
        ("hmt_permit", "hmt_permit", "810000199001019993", "1990-01-01"),
        ("foreign_pr_2017", "foreign_pr", "abc110190010112", "19900101"),
        ("foreign_pr_2023", "foreign_pr", "911100199001019990", "1990-01-01"),
        ("passport", "passport", " e1234567 8 ", "1990-01-01"),
    ],
)
def test_other_documents_are_found_by_number_and_birth(
    local: Desk, kind: str, document: str, number: str, birth: str
) -> None:
    stored = "".join(number.split()).upper()
    dated = person(stored, kind=kind).model_copy(update={"birth_date": "1990-01-01"})
    item, paper = local.filed(dated), local.filed(person(stored, kind=kind))
    told = json.loads(local.command(f"{number}\n{birth}\n", "--document", document).output)
    assert {one["code"] for one in told["cases"]} == {item.lane, paper.lane}
    if document != "citizen":
        told = json.loads(local.command(f"{number}\n1990-01-02\n", "--document", document).output)
        assert {one["code"] for one in told["cases"]} == {paper.lane}, "born on another day: somebody else"


@pytest.mark.parametrize("where", ["by", "why"])
def test_what_is_written_down_never_repeats_the_number(local: Desk, where: str) -> None:
    """A passport's is too short to be known for a number anywhere else."""
    dated = person("E12345678", kind="passport").model_copy(update={"birth_date": "1990-01-01"})
    item, said = local.filed(dated), {where: "passport e1234 5678 seen"}
    page = local.asked(" E12345678", None, document="passport", birth="1990-01-01", **said)
    assert "请不要写号码" in page.text
    told = local.command("e12345678\n1990-01-01\n", "--document", "passport", f"--{where}", said[where])
    assert (told.exit_code, json.loads(told.output)["reason"]) == (1, "number")
    for shown in (page.text, told.output, local.asked(NUMBER).text):
        assert "5678" not in shown
        assert format_case_code(item.lane) not in shown


def test_what_is_offered_is_what_there_is() -> None:
    assert tuple(DOCUMENTS) == DOCUMENT_NAMES
    assert isinstance(read_wanted("passport", "E1", "2026W01"), Unfit)
    assert NUMBER not in repr(read_wanted(CITIZEN, NUMBER))


def test_without_the_option_no_page_looks_for_anybody(tmp_path: Path, trust: Path) -> None:
    with closing(Desk(f"sqlite:///{tmp_path / 'centre.sqlite'}", trust, find_person=False)) as closed:
        assert closed.station.client.get("/ops/person").status_code == 404
        assert closed.asked(NUMBER).status_code == 405
        for path in ("/ops/cases", "/ops/untold"):
            assert "/ops/person" not in closed.station.page(path)


def test_a_form_from_elsewhere_or_of_another_shape_looks_for_nobody(local: Desk) -> None:
    item = local.filed()
    foreign = local.asked(NUMBER, {"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    long = local.asked(NUMBER, by="x" * 5000)
    assert long.status_code == 413
    missing = local.station.client.post("/ops/person", data={"number": NUMBER})
    assert missing.status_code == 422
    for answer in (foreign, long, missing):
        assert "没有查：" in answer.text
        assert format_case_code(item.lane) not in answer.text
        assert " found</td>" not in answer.text
    assert format_case_code(item.lane) in local.asked(NUMBER, {"Sec-Fetch-Site": "same-origin"}).text


def test_only_the_newest_are_shown_and_it_is_said(tmp_path: Path, trust: Path) -> None:
    with closing(Desk(f"sqlite:///{tmp_path / 'centre.sqlite'}", trust, page_rows=2)) as few:
        first, second, third = (few.filed() for _ in range(3))
        text_ = few.asked(NUMBER).text
        assert "只列出最近的" in text_
        shown = [format_case_code(one.lane) in text_ for one in (first, second, third)]
        assert shown == [False, True, True]


def test_cases_of_before_are_entered_by_the_centre_and_until_then_a_search_says_so(
    database: str, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Desk(database, trust)) as before:
        items = [before.filed(agent=BY_CHILD) for _ in range(3)]
        nobody = before.filed(None)
    engine = open_database(database)
    with writing(engine).begin() as connection:
        connection.execute(persons.delete())
    loaded = load_trust(trust, production=False)
    known, wanted = Persons(loaded.person_keys), read_wanted(CITIZEN, NUMBER)
    assert not isinstance(wanted, Unfit)
    found = find(engine, known, wanted, CLERK, 10)
    assert (found.rows, found.complete) == ([], False)
    assert persons_of.enter_older(engine, {}, known, persons_of.BEGINNING) is None
    assert not find(engine, known, wanted, CLERK, 10).complete, "without its key a case is not entered"
    monkeypatch.setattr(persons_of, "OLDER_AT_ONCE", 2)
    with closing(Desk(database, trust)):
        assert wait_until(lambda: find(engine, known, wanted, CLERK, 10).complete)
    found = find(engine, known, wanted, CLERK, 10)
    assert {row.code for row in found.rows} == {item.lane for item in items}
    with engine.connect() as connection:
        empty = select(persons.c.code).where(persons.c.digest == NOBODY)
        assert list(connection.execute(empty).scalars()) == [nobody.lane]
    engine.dispose()


def test_a_case_that_was_entered_under_a_retired_key_is_found_and_another_centres_keys_find_nothing(
    local: Desk,
) -> None:
    item = local.filed()
    loaded, wanted = load_trust(local.trust, production=False), read_wanted(CITIZEN, NUMBER)
    assert not isinstance(wanted, Unfit)
    engine = open_database(local.database)
    rotated = Persons((b"next" * 8, *loaded.person_keys))
    assert [row.code for row in find(engine, rotated, wanted, CLERK, 10).rows] == [item.lane]
    assert find(engine, Persons((b"next" * 8,)), wanted, CLERK, 10).rows == []
    assert set(loaded.person_keys).isdisjoint(loaded.business_keys)
    engine.dispose()


def digests(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(persons.c.code)).scalars())


def test_whom_only_another_item_names_finds_nothing_and_leaves_no_digest(desk: Desk) -> None:
    """Neither who is named later instead of the person of a case, nor whom a terminal names under another's code."""
    own, code = desk.filed(), new_case_code(desk.station.terminal)
    with closing(Station(desk.station.url, desk.trust, "0777")) as elsewhere:
        for station, lane in ((desk.station, own.lane), (elsewhere, own.lane), (elsewhere, code)):
            other = case_payload(lane, person=person(OTHER_NUMBER), assurance="L2")
            (verdict,) = station.send(station.item(code=lane, payload=other))
            assert verdict.kind is VerdictKind.REGISTERED
    engine = open_database(desk.database)
    known, wanted = (
        Persons(load_trust(desk.trust, production=False).person_keys),
        read_wanted(CITIZEN, OTHER_NUMBER),
    )
    assert not isinstance(wanted, Unfit)
    for _ in range(2):
        assert digests(engine) == [own.lane]
        found = find(engine, known, wanted, CLERK, 10)
        assert (found.rows, found.complete) == ([], True)
        assert format_case_code(own.lane) in desk.asked(NUMBER).text
        with writing(engine).begin() as connection:
            connection.execute(persons.delete())
        keys = load_trust(desk.trust, production=False).sealing_keys
        assert persons_of.enter_older(engine, keys, known, persons_of.BEGINNING) is None
    assert sweep(engine, later(), Retention(case=0.0))["items"] == 4
    assert digests(engine) == []
    engine.dispose()


def test_a_digest_ends_with_what_was_withdrawn(local: Desk) -> None:
    item = local.filed()
    local.station.send(local.station.item(Kind.WITHDRAWAL, item.lane))
    engine = open_database(local.database)
    assert digests(engine) == [item.lane]
    assert sweep(engine, utc_now() + timedelta(days=31))["persons"] == 1
    known = Persons(load_trust(local.trust, production=False).person_keys)
    keys = load_trust(local.trust, production=False).sealing_keys
    assert persons_of.enter_older(engine, keys, known, persons_of.BEGINNING) is None
    assert digests(engine) == []
    engine.dispose()


def test_a_digest_goes_with_the_content_of_its_case(local: Desk) -> None:
    item = local.filed()
    engine = open_database(local.database)
    assert sweep(engine, later(), Retention(case=1.0))["persons"] == 0
    assert sweep(engine, later(), Retention(case=0.0))["persons"] == 1
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(persons)).scalar_one() == 0
        assert item.lane
    assert "没有查到这个人的办件" in local.asked(NUMBER).text
    engine.dispose()


def test_a_search_that_cannot_be_written_down_shows_nothing_and_the_servers_log_no_value(
    local: Desk, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    item = local.filed()
    engine = open_database(local.database)
    with writing(engine).begin() as connection:
        connection.execute(
            text("create trigger full before insert on events begin select raise(abort, 'full'); end")
        )
    answer = local.asked(NUMBER)
    assert answer.status_code >= 500
    assert format_case_code(item.lane) not in answer.text
    assert wait_until(lambda: "insert into events" in caplog.text.lower()), "what failed is told"
    logged = "".join(capfd.readouterr()) + caplog.text
    for value in (WHY, "clerk 12", item.lane, NUMBER):
        assert value not in logged
    with writing(engine).begin() as connection:
        connection.execute(text("drop trigger full"))
        assert connection.execute(select(events.c.id).limit(1)).first()
    engine.dispose()
