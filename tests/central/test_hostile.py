"""Whatever is sent to any route that terminals call: turned away with a reason, and nothing of it is left behind.

The routes are those of `central/openapi.py`: a new one is tested here as soon as `GENUINE` says how it is asked well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Engine, func, select

from central.database import open_database
from central.openapi import OPERATIONS
from central.ops import pages
from central.progress import pages as progress
from central.publications import Done, NotDone, publish
from central.schema import events, heartbeats
from central.settings import CentreSettings
from kiosk.case import new_case_code
from offline_queue import new_item_id
from offline_queue.inbox_wire import INBOX_PATH
from offline_queue.live_wire import DECISION_PATH, PAYMENT_PATH, PREFILL_PATH, PROGRESS_PATH, SMS_PATH
from offline_queue.manifest import MANIFEST_PATH
from offline_queue.publication_wire import PUBLICATION_PATH, digest_of
from offline_queue.wire import (
    ATTACHMENT_PATH,
    BATCH_PATH,
    HEARTBEAT_PATH,
    PART_BYTES_MAX,
    SCHEMA,
    Problem,
)
from tests.central.conftest import database_of
from tests.central.county import told
from tests.central.hostile import (
    ADDRESS_PARTS,
    HUGE,
    Answer,
    Asked,
    Line,
    contents,
    frames,
    holdings,
    signatures,
)
from tests.central.live.conftest import LiveCentre, live_centre
from tests.central.station import SERVICE, Station, ready_in
from tests.drivers.waiting import wait_until
from tests.hostile_json import FOR_A_DATABASE, LEAVES

UPLOAD = f"/v1/attachments/0142/{new_item_id()}/{'a' * 64}"
RETRIED = {
    ("post", BATCH_PATH),
    ("put", ATTACHMENT_PATH),
    ("get", ATTACHMENT_PATH),
    ("head", ATTACHMENT_PATH),
    ("get", PUBLICATION_PATH),
}
"""The same request again is a normal retry here: answered by what is there (`central.replays`)."""


@dataclass
class Place:
    """A centre with a department, one terminal, and the database behind it."""

    asked: LiveCentre
    engine: Engine
    line: Line

    @property
    def station(self) -> Station:
        return self.asked.station

    def send(self, asked: Asked, body: bytes | None = None) -> Answer:
        """Signed well, with another body if one is given."""
        headers = self.signed(asked, asked.body() if body is None else body)
        return self.line.send(asked.method, asked.path, headers, asked.body() if body is None else body)

    def signed(self, asked: Asked, body: bytes) -> dict[str, str]:
        return self.station.signed(asked.path, body, asked.method, asked.headers)


def message(place: Place, **fields: object) -> bytes:
    return json.dumps({"terminal": place.station.terminal, **fields}).encode()


def _sync(place: Place, path: str, **fields: object) -> Asked:
    return Asked("POST", path, message(place, schema=SCHEMA, **fields))


def _head(place: Place) -> dict[str, object]:
    head: dict[str, object] = place.station.head().model_dump(mode="json")
    return head


def _beat(place: Place) -> Asked:
    texts = {"device_name": "一号机", "site": "清河镇", "ip": "10.0.0.1", "last_error": "无", "note": "无"}
    jobs = {"slips": {"unknown": 0, "failed": 0}, "documents": {"unknown": 0, "failed": 0}}
    jobs["receipts"] = {"printed": 1, "unknown": 0, "taken_in": 2}
    body = {**told("degraded", "printer.paper_out", waiting_h=1), **texts, **jobs, "unknown_devices": ["a4"]}
    return _sync(place, HEARTBEAT_PATH, head=_head(place), body=body)


def _live(place: Place, path: str, **fields: object) -> Asked:
    return Asked("POST", path, message(place, within_s=5, **fields))


def _decision(place: Place) -> Asked:
    item = place.asked.registered()
    return _live(place, DECISION_PATH, item_id=item.id, code=item.lane)


def _payment(place: Place) -> Asked:
    order = {"key": new_item_id(), "code": new_case_code("0142"), "service": SERVICE, "amount_fen": 100}
    return _live(place, PAYMENT_PATH, **order)


def _publication(place: Place) -> Asked:
    done = publish(place.engine, "configuration", lambda _former: "{}", "ops-1")
    assert done == NotDone.UNDER_WAY or isinstance(done, Done)
    return Asked("GET", PUBLICATION_PATH.format(sha256=digest_of("{}")), is_message=False)


GENUINE: Mapping[tuple[str, str], Callable[[Place], Asked]] = {
    ("post", BATCH_PATH): lambda place: _sync(place, BATCH_PATH, head=_head(place), items=[]),
    ("post", HEARTBEAT_PATH): _beat,
    ("post", MANIFEST_PATH): lambda place: _sync(
        place, MANIFEST_PATH, head=_head(place), delivered=[[1, 1]], digest="0" * 64
    ),
    ("post", INBOX_PATH): lambda place: _sync(place, INBOX_PATH, after=0),
    ("get", ATTACHMENT_PATH): lambda _: Asked("GET", UPLOAD, is_message=False),
    ("head", ATTACHMENT_PATH): lambda _: Asked("HEAD", UPLOAD, is_message=False),
    ("put", ATTACHMENT_PATH): lambda _: Asked("PUT", f"{UPLOAD}?offset=0&of=9", b"part", is_message=False),
    ("post", PREFILL_PATH): lambda place: _live(
        place, PREFILL_PATH, service=SERVICE, number="110199199001019998", records=["address"]
    ),
    ("post", DECISION_PATH): _decision,
    ("post", PROGRESS_PATH): lambda place: _live(place, PROGRESS_PATH, code=place.asked.registered().lane),
    ("post", PAYMENT_PATH): _payment,
    ("post", SMS_PATH): lambda place: _live(
        place, SMS_PATH, service=SERVICE, number="110199199001019998", code="123456"
    ),
    ("get", PUBLICATION_PATH): _publication,
    ("get", "/v1/cases/{code}"): lambda place: Asked(
        "GET", f"/v1/cases/{place.asked.registered().lane}", is_message=False
    ),
}
ALL = {(one.method, one.path): one for one in OPERATIONS}
SIGNED = [key for key, one in ALL.items() if one.signed]
MESSAGES = [key for key, one in ALL.items() if one.body not in (None, bytes)]
Key = tuple[str, str]


def name(key: Key) -> str:
    return f"{key[0]} {key[1]}"


each = pytest.mark.parametrize("key", list(ALL), ids=name)
each_signed = pytest.mark.parametrize("key", SIGNED, ids=name)
each_message = pytest.mark.parametrize("key", MESSAGES, ids=name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, trust: Path
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("hostile")
    with database_of(request.param, request, folder) as address, live_centre(address, trust) as asked:
        engine = open_database(address)
        line = Line(asked.station)
        yield Place(asked, engine, line)
        line.close()
        engine.dispose()


@pytest.fixture
def unchanged(place: Place) -> Iterator[Callable[[], None]]:
    """To be called when all is ready; at the end of the test the database holds what it held then."""
    before: list[dict[str, str]] = []
    yield lambda: before.append(holdings(place.engine))
    assert before, "the test did not say when it was ready"
    assert holdings(place.engine) == before[0]


def turned_away(answer: Answer, what: str, method: str = "") -> str:
    """The code of the reason. A HEAD has none."""
    assert 400 <= answer.status < 500, (what, answer)
    if method == "HEAD":
        return ""
    problem = Problem.model_validate_json(answer.body)
    assert problem.message_zh, what
    assert problem.message_en, what
    return problem.code


@each
def test_what_is_asked_well_is_answered(place: Place, key: Key) -> None:
    """Else the others would prove nothing."""
    asked = GENUINE[key](place)
    assert place.send(asked).status == 200


@each_message
def test_a_hostile_content_is_turned_away(place: Place, key: Key, unchanged: Callable[[], None]) -> None:
    asked = GENUINE[key](place)
    unchanged()
    leaves = LEAVES if place.asked.database.startswith("sqlite") else FOR_A_DATABASE
    for what, content in contents(asked.content, leaves):
        turned_away(place.send(replace(asked, content=content)), what)
    for what, body in frames(asked.content):
        turned_away(place.send(asked, body), what)


@each_signed
def test_what_is_not_signed_so_now_is_turned_away(
    place: Place, key: Key, unchanged: Callable[[], None]
) -> None:
    asked = GENUINE[key](place)
    unchanged()
    codes = {}
    for what, headers, body in signatures(place.station, asked):
        answer = place.line.send(asked.method, asked.path, headers, body)
        assert answer.status == 401, what
        codes[what] = turned_away(answer, what, asked.method)
    if asked.method != "HEAD":
        assert codes["by another key"] == codes["with another body"] == "signature"
        assert codes["of an hour ago"] == "clock"
        assert codes["of an unknown terminal"] == "terminal.unknown"


@each_signed
def test_twenty_megabytes_are_not_read(place: Place, key: Key, unchanged: Callable[[], None]) -> None:
    asked = GENUINE[key](place)
    unchanged()
    for answer in (
        place.line.announce(asked.method, asked.path, asked.headers, HUGE),
        place.line.pour(asked.method, asked.path, asked.headers),
    ):
        assert answer.status == 413
        turned_away(answer, "too large", asked.method)


@each_signed
def test_a_request_that_is_played_again_changes_nothing(place: Place, key: Key) -> None:
    asked = GENUINE[key](place)
    body = asked.body()
    headers = place.signed(asked, body)
    first = place.line.send(asked.method, asked.path, headers, body)
    assert first.status in (200, 409), "an upload of another test may be there"
    before, log = _without_seen(place), _events(place)
    again = place.line.send(asked.method, asked.path, headers, body)
    if key in RETRIED:
        assert again.status in (200, 409)
    else:
        assert (again.status, turned_away(again, "again")) == (409, "replayed")
    assert (_without_seen(place), _events(place)) == (before, log)


def _without_seen(place: Place) -> dict[str, str]:
    """A batch that is sent again tells that its terminal is there: no more than that."""
    return {table: held for table, held in holdings(place.engine).items() if table != "terminals"}


def _events(place: Place) -> int:
    with place.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(events)).scalar_one())


def test_a_beat_without_a_nonce_is_from_before_and_heard(place: Place) -> None:
    station = Station(place.station.url, place.station.trust, sends_nonce=False)
    assert [station.beat({"state": "live"}).status_code for _ in range(2)] == [200, 200]
    station.close()


def test_a_key_of_a_newer_terminals_beat_is_passed_over_and_not_kept(place: Place) -> None:
    body = {"state": "live", "mood": "良好", "queue": {"pending": 1, "depth": {"a": [1]}}}
    assert place.station.beat(body).status_code == 200
    with place.engine.connect() as connection:
        kept = connection.execute(
            select(heartbeats.c.body).where(heartbeats.c.terminal == "0142")
        ).scalar_one()
    assert {name: value for name, value in kept["queue"].items() if value is not None} == {"pending": 1}
    assert "depth" not in kept["queue"]
    assert "mood" not in kept


def test_a_wrong_field_of_a_beat_is_named_and_its_value_is_not(place: Place) -> None:
    answer = place.station.beat({"queue": {"pending": "许多"}, "causes": 7})
    told_back = Problem.model_validate_json(answer.content)
    assert (answer.status_code, told_back.code) == (422, "field")
    assert "causes, queue" in told_back.message_en
    assert "许多" not in answer.text
    assert place.station.beat({"schema": "jiujin.health/2"}).status_code == 415


@each
def test_a_hostile_address_leads_nowhere(place: Place, key: Key, unchanged: Callable[[], None]) -> None:
    asked, template = GENUINE[key](place), key[1]
    unchanged()
    parts = [part for part in template.split("/") if part.startswith("{")]
    for part in parts:
        for hostile in ADDRESS_PARTS:
            path = template.replace(part, hostile).format(
                terminal="0142", item_id=new_item_id(), sha256="a" * 64
            )
            answer = place.send(replace(asked, path=path + asked.path[len(asked.path.partition("?")[0]) :]))
            turned_away(answer, path, asked.method)
    turned_away(place.send(replace(asked, path=f"{asked.path}%00")), "nul", asked.method)
    wrong = {"post": "GET", "get": "DELETE", "head": "DELETE", "put": "DELETE"}[key[0]]
    turned_away(place.send(replace(asked, method=wrong)), "method")


@pytest.mark.parametrize(
    "query",
    [
        "", "offset=0", "offset=-1&of=9", "offset=1e3&of=9", f"offset={'9' * 40}&of=9", "offset=0&of=%D9%A3", "offset=0&of=0",
        "offset=0&of=%00", "offset=8&of=9", "offset=0&of=999999999", f"offset=0&of={'9' * 5000}", "offset=0&offset=0&of=x",
    ],
)  # fmt: skip
def test_a_part_that_is_placed_nowhere_is_turned_away(
    place: Place, query: str, unchanged: Callable[[], None]
) -> None:
    unchanged()
    asked = Asked("PUT", f"{UPLOAD}?{query}", b"part", is_message=False)
    turned_away(place.send(asked), query)


def test_a_part_that_is_too_large_or_of_an_unknown_terminal_is_turned_away(
    place: Place, unchanged: Callable[[], None]
) -> None:
    unchanged()
    large = Asked(
        "PUT", f"{UPLOAD}?offset=0&of={PART_BYTES_MAX + 1}", bytes(PART_BYTES_MAX + 1), is_message=False
    )
    assert turned_away(place.send(large), "large") == "too_large"
    strange = Asked("PUT", f"{UPLOAD.replace('0142', '0ZZZ')}?offset=0&of=9", b"part", is_message=False)
    assert turned_away(place.send(strange), "strange") == "malformed"


def test_a_hostile_question_to_a_page_is_no_defect(
    place: Place, unchanged: Callable[[], None], trust: Path, tmp_path: Path
) -> None:
    settings = CentreSettings(ready_in(tmp_path), trust)
    rooms = (pages.router(settings, place.engine), progress.router(place.engine))
    routes = [
        one for room in rooms for one in room.routes if isinstance(one, APIRoute) and one.methods == {"GET"}
    ]
    assert len(routes) > 8
    unchanged()
    for route in routes:
        for hostile in ADDRESS_PARTS:
            path = route.path
            for part in [part for part in path.split("/") if part.startswith("{")]:
                path = path.replace(part, hostile)
            names = [one.name for one in route.dependant.query_params] or ["x"]
            query = "&".join(f"{one}={hostile}" for one in names)
            answer = place.line.send("GET", f"{path}?{query}", {})
            assert answer.status < 500, (path, query, answer.body[:300])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * 5000, 413),
        (b"code=%00%00", 422),
        (b"code=\xff\xfe", 422),
        (b"", 422),
        (b"code=" + b"0" * 900, 422),
    ],
)
def test_a_hostile_form_is_turned_away_in_words(
    place: Place, body: bytes, status: int, unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = place.line.send("POST", "/case", {"Content-Type": "application/x-www-form-urlencoded"}, body)
    assert answer.status == status
    assert "编号有16位" in answer.body.decode()


def test_every_route_is_asked(place: Place) -> None:
    assert set(GENUINE) == set(ALL), "a new route of central/openapi.py wants a genuine request here"
    assert wait_until(lambda: place.station.client.get("/healthz").is_success)
