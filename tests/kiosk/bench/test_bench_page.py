"""Every button of the bench page does what it says, to a real village."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kiosk.bench.page_server import PageServer
from kiosk.bench.village import Village
from kiosk.bench.web import Mirror, create_page

PROJECT = Path(__file__).resolve().parents[3]
FORM = re.compile(
    r'<form method="post" action="(/move/\w+)">(?:<input type="hidden" name="value" value="(\w*)">)?'
)


@pytest.fixture
def village() -> Iterator[Village]:
    made = Village(PROJECT / ".setup" / "faces", 1, use_helper_slot=False)
    yield made
    made.close()


@pytest.fixture
def client(village: Village) -> Iterator[httpx.Client]:
    mirror = Mirror(lambda: b"jpeg", lambda _x, _y: None)
    server = PageServer(create_page(village, mirror, "https://127.0.0.1:1/ops"), 0)
    with httpx.Client(base_url=server.url) as client:
        yield client
    server.close()


def test_the_page_offers_moves_and_each_is_done(client: httpx.Client, village: Village) -> None:
    moves = FORM.findall(client.get("/").text)
    assert {action for action, _ in moves} == {"/move/card", "/move/face", "/move/network", "/move/paper"}
    state = {"card": "card", "face": "sight", "network": "network", "paper": "paper"}
    for action, value in moves:
        answer = client.post(action, data={"value": value})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert getattr(village, state[action.rsplit("/", 1)[1]]) == value
        page = client.get("/").text
        pressed = re.findall(r'value="(\w*)">\s*<button class="on"', page)
        assert value == "" or value in pressed


@pytest.mark.parametrize(("what", "value"), [("card", "nobody"), ("network", ""), ("weather", "rain")])
def test_a_move_that_does_not_exist_is_refused(client: httpx.Client, what: str, value: str) -> None:
    assert client.post(f"/move/{what}", data={"value": value}).status_code == 404


def test_without_a_service_the_page_says_so_in_the_place_of_the_helper_slot(client: httpx.Client) -> None:
    assert "智能卡服务没有运行" in client.get("/").text


def test_the_page_may_load_nothing_from_elsewhere(client: httpx.Client) -> None:
    answer = client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for address in re.findall(r'(?:src|href)="([^"]*)"', answer.text):
        assert address.startswith(("/", "data:", "https://127.0.0.1:1/ops"))
        if address.startswith("/"):
            assert client.get(address).status_code == 200
