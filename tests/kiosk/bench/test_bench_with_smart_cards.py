"""The bench of a terminal with a PC/SC reader: its own faults in the place of the identity-card reader's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from drivers.card_reader.virtual_card import CardFault
from drivers.card_reader.virtual_rival import Habit
from drivers.card_reader.virtual_service import READER_NAME, SECOND_READER_NAME, VirtualService
from drivers.contract import Failed
from kiosk.bench import faults
from kiosk.bench.command import demo
from kiosk.bench.moves import OFFERED, TAKEN_AWAY
from kiosk.bench.page_server import PageServer
from kiosk.bench.people import PEOPLE
from kiosk.bench.smart_cards import SMART_CARD
from kiosk.bench.village import NoCardServiceError, Village
from kiosk.bench.web import Mirror, create_page
from tests.drivers.card_reader.card_service import our_turn
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER
from tests.kiosk.bench.patience import PATIENCE_S
from tests.kiosk.bench.test_bench_page import AS_SCRIPT, PROJECT, offered, pressed

pytestmark = pytest.mark.xdist_group(ONE_READER)


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    with our_turn():
        made = Village(PROJECT / ".setup" / "faces", 1, card_kind="pcsc")
        yield made
        made.close()


@pytest.fixture(scope="module")
def served(village: Village) -> Iterator[PageServer]:
    mirror = Mirror(lambda: b"jpeg", lambda _x, _y: None)
    server = PageServer(create_page(village, mirror, "https://127.0.0.1:1/ops"), 0)
    yield server
    server.close()


@pytest.fixture
def client(served: PageServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=PATIENCE_S) as client:
        yield client
        for what, value in (("service", "up"), ("smart_card", faults.OK), ("card", "")):
            assert client.post(f"/move/{what}", data={"value": value}).status_code == 303


def refused(client: httpx.Client, what: str, value: str) -> str:
    answer = client.post(f"/move/{what}", data={"value": value}, headers=AS_SCRIPT)
    assert answer.status_code == 409
    said: dict[str, str] = answer.json()["refused"]
    assert said["en"]
    return said["zh"]


def test_the_page_offers_its_faults_and_not_the_other_readers(client: httpx.Client) -> None:
    moves = Counter(what for what, _ in offered(client.get("/").text))
    absent = {"reader", "a4", "print_service", "registers"}
    assert moves == {
        what: len(choices) + (what in TAKEN_AWAY) for what, choices in OFFERED.items() if what not in absent
    }


def test_each_fault_can_be_made_and_mended_with_a_card_in(client: httpx.Client, village: Village) -> None:
    assert client.post("/move/card", data={"value": "zhou"}).status_code == 303
    for fault in (*SMART_CARD, faults.OK):
        assert client.post("/move/smart_card", data={"value": fault}).status_code == 303, fault
        assert pressed(client.get("/").text)["smart_card"] == fault
        assert village.card == ("zhou" if fault != faults.UNPLUGGED else "")
        if fault == faults.UNPLUGGED:
            assert "读卡器拔掉了" in refused(client, "card", "zhou")
            assert "读卡器拔掉了" in refused(client, "helper", "li")
            assert client.post("/move/smart_card", data={"value": "ok"}).status_code == 303
            assert client.post("/move/card", data={"value": "zhou"}).status_code == 303


def test_cards_that_change_quickly_are_each_seen_by_the_service(
    client: httpx.Client, village: Village
) -> None:
    """pcscd loses one in four of these for good when they change without any care, while another resets them."""
    slot = village.smart_cards
    assert slot is not None
    assert client.post("/move/smart_card", data={"value": Habit.RESET.value}).status_code == 303
    for number in range(6):
        village.put_card("wu" if number % 2 else "zhou")
        before = slot.rival_deeds
        assert wait_until(lambda known=before: slot.rival_deeds > known + 1), number  # type: ignore[misc]


def test_without_the_service_cards_and_faults_are_refused_and_afterwards_made(client: httpx.Client) -> None:
    assert client.post("/move/service", data={"value": "down"}).status_code == 303
    for what, value in (("card", "zhou"), ("helper", "li"), ("smart_card", "silent")):
        assert "智能卡服务停了" in refused(client, what, value)
    assert client.post("/move/service", data={"value": "up"}).status_code == 303
    assert client.post("/move/card", data={"value": "zhou"}).status_code == 303


def test_the_faults_of_an_identity_card_reader_are_refused(client: httpx.Client) -> None:
    assert "没有身份证读卡器" in refused(client, "reader", "silent")
    assert "没有身份证读卡器" in refused(client, "replug", "reader")


def test_a_social_security_card_has_no_photo(client: httpx.Client) -> None:
    assert client.get("/pictures/card/qian.bmp").status_code == 404
    assert "/pictures/card/" not in client.get("/").text


def test_everything_that_cards_and_rivals_can_do_is_offered() -> None:
    made = set(SMART_CARD.values()) - {None}
    assert made == set(CardFault) | set(Habit)


def test_the_terminal_is_told_which_slot_is_whose(village: Village) -> None:
    settings = village.settings()
    wanted = {"kind": "pcsc", "reader_name": SECOND_READER_NAME, "helper_reader_name": READER_NAME}
    assert wanted.items() <= {key: value for (section, key), value in settings.items()}.items()


def test_each_person_has_a_social_security_card_of_the_same_number_with_an_end_date() -> None:
    for person in PEOPLE.values():
        card = person.social_security
        assert (card.number, card.name) == (person.document.number, person.document.name)
        assert card.valid_to is not None
        assert (card.address, card.authority) == ("", "")


def test_a_service_that_is_not_ours_keeps_its_reader(village: Village) -> None:
    assert village.card_service
    stranger = VirtualService()
    assert isinstance(stranger.unplug(), Failed)
    assert village.smart_cards is not None
    village.put_card("zhou")


def test_where_no_service_can_run_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(VirtualService, "start", lambda _self: Failed("not_installed", "no pcscd"))
    with pytest.raises(NoCardServiceError, match="no pcscd"):
        Village(tmp_path, 1, card_kind="pcsc")


def test_a_command_that_wants_and_does_not_want_the_service_is_refused(tmp_path: Path) -> None:
    words = ["--into", str(tmp_path / "demo"), "--card-reader", "pcsc", "--no-helper-slot"]
    ended = CliRunner().invoke(demo, words)
    assert ended.exit_code == 2
    assert "needs the smart-card service" in ended.output
    assert not (tmp_path / "demo").exists()
