"""The OpenAPI document is true: of the routes, of recorded traffic, and of every answer of a real centre."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import zstandard
from fastapi.routing import APIRoute

from central.database import open_database
from central.live import api as live_api
from central.openapi import OPERATIONS, document
from central.settings import CentreSettings
from central.sync_api import router
from central.trust import load_trust
from central.work import Work
from kiosk.case import new_case_code
from offline_queue.live_wire import PREFILL_PATH, PrefillRequest
from offline_queue.manifest import MANIFEST_PATH
from offline_queue.wire import BATCH_BYTES_MAX, BATCH_PATH, HEARTBEAT_PATH
from tests.central.conftest import PROJECT
from tests.central.recording import Exchange, read
from tests.central.station import PLAIN_HEADERS, Station, address_in, centre
from tests.central.test_attachments import signed

DOCUMENT = document()
ITEM = "01936d4e-0000-7000-8000-000000000001"
LIVE = (
    PrefillRequest(
        terminal="0142", within_s=1, service="none", number="110101199003070097", records=("address",)
    )
    .model_dump_json()
    .encode()
)
UPLOAD = f"/v1/attachments/0142/{ITEM}/{'a' * 64}"


def operation_of(method: str, path: str) -> dict[str, Any]:
    plain = path.partition("?")[0]
    for template, methods in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), plain):
            found: dict[str, Any] = methods[method.lower()]
            return found
    message = f"not in the document: {path}"
    raise LookupError(message)


def check(content: dict[str, Any], body: bytes) -> None:
    """ValidationError when the body is not what the document says of it."""
    schema = {**content["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(body))


def check_answer(method: str, path: str, status: int, body: bytes) -> None:
    responses = operation_of(method, path)["responses"]
    assert str(status) in responses, f"{method} {path} answered {status}, which is not in the document"
    if "content" in responses[str(status)]:
        check(responses[str(status)], body)
    else:
        assert body == b""


@pytest.mark.parametrize("one", read("sync_1")[2], ids=lambda one: f"{one.method} {one.path.split('/')[2]}")
def test_recorded_traffic_is_as_it_says(one: Exchange) -> None:
    operation = operation_of(one.method, one.path)
    if one.headers["content-encoding"] == "zstd":
        check(operation["requestBody"], zstandard.ZstdDecompressor().decompress(one.body))
    check_answer(one.method, one.path, one.status, one.answer)


def test_it_has_every_route_for_terminals_and_no_other(tmp_path: Path, trust: Path) -> None:
    settings = CentreSettings(address_in(tmp_path), trust)
    engine, loaded = open_database(settings.database), load_trust(trust, production=False)
    api = router(settings, engine, loaded, Work(engine, loaded.sealing_keys))
    routes = {
        (method.lower(), route.path)
        for route in [*api.routes, *live_api.router(settings, engine, loaded).routes]
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    engine.dispose()
    assert {(one.method, one.path) for one in OPERATIONS} == routes


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, trust: Path) -> Iterator[Station]:
    with centre(tmp_path_factory.mktemp("openapi"), trust) as running:
        made = Station(running.url, trust)
        yield made
        made.close()


@pytest.mark.parametrize("path", [BATCH_PATH, HEARTBEAT_PATH, MANIFEST_PATH])
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"schema": "jiujin.sync/1"}', 422),
        (b'{"schema": "jiujin.sync/99"}', 415),
        (b"[]", 422),
        (b" " * (BATCH_BYTES_MAX + 1), 413),
    ],
)
def test_a_message_that_is_turned_away_is_answered_as_it_says(
    station: Station, path: str, content: bytes, status: int
) -> None:
    answer = station.post(path, content)
    assert answer.status_code == status
    check_answer("POST", path, status, answer.content)


def test_other_answers_are_as_it_says(station: Station) -> None:
    item = station.item()
    part = f"{UPLOAD}?offset=0&of=9"
    answers: list[tuple[int, httpx.Response]] = [
        (200, station.post(BATCH_PATH, station.batch(item, station.item(received_at_kiosk="yesterday")))),
        (401, station.client.post(BATCH_PATH, content=b"", headers=PLAIN_HEADERS)),
        (400, station.beat({"version": "v" * 65})),
        (200, station.client.get(f"/v1/cases/{item.lane}")),
        (404, station.client.get(f"/v1/cases/{new_case_code('0142')}")),
        (200, signed(station, "GET", UPLOAD)),
        (200, signed(station, "HEAD", UPLOAD)),
        (401, station.client.head(UPLOAD)),
        (200, signed(station, "PUT", part, b"x")),
        (409, signed(station, "PUT", part, b"x")),
        (422, signed(station, "PUT", part, b"")),
        (413, signed(station, "PUT", f"{UPLOAD}?offset=0&of=999999999", b"x")),
        (401, station.client.put(part, content=b"x")),
        (404, station.post(PREFILL_PATH, LIVE)),
        (422, station.post(PREFILL_PATH, b"{}")),
    ]
    for status, answer in answers:
        assert answer.status_code == status, answer.text
        check_answer(answer.request.method, answer.request.url.path, status, answer.content)


def test_the_command_prints_it() -> None:
    command = [sys.executable, str(PROJECT / "main.py"), "central", "--openapi"]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert json.loads(printed) == json.loads(json.dumps(DOCUMENT))
