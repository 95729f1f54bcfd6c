"""Every button of the bench page does what it says, to a real village."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from drivers.receipt_printer.simulated_paper import Receipt
from kiosk.bench.children import HOW
from kiosk.bench.moves import OFFERED, ONCE, TAKEN_AWAY
from kiosk.bench.page_server import PageServer
from kiosk.bench.registers import SimulatedRegisters
from kiosk.bench.village import Village
from kiosk.bench.web import Mirror, create_page
from tests.kiosk.bench.patience import PATIENCE_S

PROJECT = Path(__file__).resolve().parents[3]
FORM = re.compile(r'<form method="post" action="/move/(\w+)">(.*?)</form>', re.DOTALL)
BUTTON = re.compile(r'<button name="value" value="([\w-]*)"(?: aria-pressed="(true|false)")?')
AS_SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def village() -> Iterator[Village]:
    with closing(SimulatedRegisters()) as registers:
        made = Village(PROJECT / ".setup" / "faces", 1, use_helper_slot=False, registers=registers)
        yield made
        made.close()


@pytest.fixture
def client(village: Village) -> Iterator[httpx.Client]:
    mirror = Mirror(lambda: b"jpeg", lambda _x, _y: None)
    server = PageServer(create_page(village, mirror, "https://127.0.0.1:1/ops"), 0)
    with httpx.Client(base_url=server.url, timeout=PATIENCE_S) as client:
        yield client
    server.close()


def offered(page: str) -> list[tuple[str, str]]:
    return [(what, value) for what, form in FORM.findall(page) for value, _ in BUTTON.findall(form)]


def pressed(page: str) -> dict[str, str]:
    """Move -> the one button that is pressed, of the moves that hold."""
    found = {}
    for what, form in FORM.findall(page):
        if what in ONCE:
            continue
        (found[what],) = [value for value, state in BUTTON.findall(form) if state == "true"]
    return found


def test_the_page_offers_moves_and_each_is_done(client: httpx.Client, village: Village) -> None:
    moves = offered(client.get("/").text)
    offers = {
        what: len(choices) + (what in TAKEN_AWAY)
        for what, choices in OFFERED.items()
        if what not in ("helper", "service", "a4", "print_service", "smart_card")
    }
    assert Counter(what for what, _ in moves) == offers
    for what, value in [move for move in moves if move[0] not in ONCE]:
        answer = client.post(f"/move/{what}", data={"value": value})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        now = {**village.now, "card": village.card, "face": village.sight}
        assert now[what] == value
        assert pressed(client.get("/").text)[what] == value


def test_a_replug_gives_another_number_and_is_refused_while_the_thing_is_away(
    client: httpx.Client, village: Village
) -> None:
    def numbers() -> tuple[int, str]:
        return village.camera.number, str(Path(village.reader.path).readlink())

    before, pressed_before = numbers(), pressed(client.get("/").text)
    for thing in ("camera", "reader"):
        assert client.post("/move/replug", data={"value": thing}).status_code == 303
    assert numbers()[0] != before[0]
    assert numbers()[1] != before[1]
    assert pressed(client.get("/").text) == pressed_before, "it has happened, and nothing holds"
    client.post("/move/lens", data={"value": "unplugged"})
    answer = client.post("/move/replug", data={"value": "camera"})
    assert answer.status_code == 409
    assert "先选“正常”插上" in answer.text


@pytest.mark.parametrize("how", HOW)
def test_a_child_that_does_not_run_is_said_to_be_none(
    client: httpx.Client, village: Village, how: str
) -> None:
    """No terminal at all, then one without such a child: this process, which has none of that name."""
    for terminal in (None, os.getpid()):
        village.terminal = lambda terminal=terminal: terminal  # type: ignore[misc]
        answer = client.post(f"/move/{how}", data={"value": "camera"})
        assert answer.status_code == 409
        assert "终端现在没有“摄像头”的子进程" in answer.text
        assert "no child process for “Camera” now" in answer.text


def test_a_script_gets_the_state_and_no_page(client: httpx.Client) -> None:
    answer = client.post("/move/card", data={"value": "wu"}, headers=AS_SCRIPT)
    assert answer.json() == {**client.get("/state").json(), "refused": None}
    assert answer.json()["card"] == "wu"


@pytest.mark.parametrize(("what", "value"), [("card", "nobody"), ("network", ""), ("weather", "rain")])
def test_a_move_that_does_not_exist_is_refused(client: httpx.Client, what: str, value: str) -> None:
    answer = client.post(f"/move/{what}", data={"value": value})
    assert answer.status_code == 404
    assert "没有这个动作" in answer.text


@pytest.mark.parametrize(
    ("what", "value", "file"), [("card", "qian", "biden.jpg"), ("face", "stranger", "astronaut.png")]
)
def test_a_missing_picture_is_told_in_both_languages_and_moves_nothing(
    client: httpx.Client, village: Village, tmp_path: Path, what: str, value: str, file: str
) -> None:
    before = client.get("/state").json()
    village._faces = tmp_path
    as_page = client.post(f"/move/{what}", data={"value": value})
    as_script = client.post(f"/move/{what}", data={"value": value}, headers=AS_SCRIPT)
    assert as_page.status_code == as_script.status_code == 409
    for text in (f"缺少演示用的文件 {file}", f"{file} is missing"):
        assert text in as_page.text.replace("&#39;", "'")
        assert text in " ".join(as_script.json()["refused"].values())
    assert str(tmp_path) not in as_page.text
    assert client.get("/state").json() == before
    assert client.get(f"/pictures/card/{value}.bmp").status_code == 404


def test_what_a_device_does_not_take_is_no_bare_error(
    client: httpx.Client, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_picture: bytes) -> NoReturn:
        message = "the lens is gone"
        raise OSError(message)

    monkeypatch.setattr(village.camera, "show", broken)
    answer = client.post("/move/face", data={"value": "street"})
    assert answer.status_code == 409
    assert "没有做成：the lens is gone" in answer.text


def test_without_a_service_the_page_says_so_in_the_place_of_the_helper_slot(client: httpx.Client) -> None:
    assert "智能卡服务没有运行" in client.get("/").text
    answer = client.post("/move/helper", data={"value": "li"})
    assert answer.status_code == 409
    assert "插不了协理员卡" in answer.text


def test_a_reader_of_identity_cards_has_no_faults_of_smart_cards(client: httpx.Client) -> None:
    answer = client.post("/move/smart_card", data={"value": "silent"}, headers=AS_SCRIPT)
    assert answer.status_code == 409
    assert "不是智能卡读卡器" in answer.json()["refused"]["zh"]
    assert "--card-reader pcsc" in answer.json()["refused"]["en"]


def test_a_touch_answers_a_script_with_nothing_and_a_form_with_the_screen(client: httpx.Client) -> None:
    place = {"x": 1, "y": 2}
    assert client.post("/click", data=place, headers=AS_SCRIPT).status_code == 204
    answer = client.post("/click", data=place, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/touch")
    assert client.post("/click", data={"x": -1, "y": 2}).status_code == 422


def test_another_page_of_the_same_browser_moves_nothing(client: httpx.Client, village: Village) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303)):
        answer = client.post("/move/paper", data={"value": "out"}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == status
        assert village.now["paper"] == ("out" if status == 303 else "ok")


def test_a_slip_is_fetched_by_its_number(client: httpx.Client, village: Village) -> None:
    assert client.get("/slips/0.png").status_code == client.get("/slips/1.png").status_code == 404
    village.printer.paper.receipts += [Receipt(b"first", 1), Receipt(b"second", 1)]
    assert [client.get(f"/slips/{number}.png").content for number in (1, 2)] == [b"first", b"second"]
    assert client.get("/state").json()["slips"] == 2
    assert client.get("/slips/3.png").status_code == 404


def test_the_page_may_load_nothing_from_elsewhere(client: httpx.Client) -> None:
    answer = client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert "/pictures/card/qian.bmp" in addresses
    for address in addresses:
        assert address.startswith(("/", "https://127.0.0.1:1/ops"))
        if address.startswith("/"):
            assert client.get(address).status_code == 200
