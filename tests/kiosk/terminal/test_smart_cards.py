"""Residents with a social-security card at a terminal with a PC/SC reader, in good days and in bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.card_reader.contract import DocumentKind
from drivers.card_reader.pcsc import PcscReader
from drivers.contract import Cause, Device
from kiosk.bench import faults
from kiosk.bench.people import PEOPLE
from kiosk.bench.smart_cards import SMART_CARD
from kiosk.journey.events import IdleExpired
from kiosk.journey.states import State
from kiosk.paper.receipt import lines_of
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER
from tests.kiosk.terminal.hall import PENSION, Hall
from tests.kiosk.terminal.smart_card_hall import (
    PERSON,
    UMBRELLA,
    causes,
    put_until_it_is_read,
    smart_card_hall,
    to_the_card,
)
from tests.kiosk.terminal.test_cards_and_text import stored

pytestmark = pytest.mark.xdist_group(ONE_READER)

READ_ALL_THE_SAME = {
    "slow": "a slow card is read, only later",
    "reset": "the conversation starts anew, and within its transaction nobody resets",
}
SEEN_AT_THE_CARD_ALONE = {
    "foreign": "这张卡不是身份证",
    "garbage": "没有读出来",
    "leave": "没有读完",
    "transaction": "读卡器暂时没有反应",
    "exclusive": "读卡器暂时没有反应",
}
"""The reader is in order, so the health tells nothing before a card is put; what the resident then reads."""
TOLD_BY_THE_HEALTH = {faults.UNPLUGGED: Cause.CARD_LOST, "silent": Cause.CARD_SILENT}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with smart_card_hall(tmp_path_factory.mktemp("smart-cards")) as made:
        yield made


@contextmanager
def short_of_time(reader: Device) -> Iterator[None]:
    """A card that answers nobody is given up after one second: three of them are for real life."""
    assert isinstance(reader, PcscReader)
    usual, reader._conversation_s = reader._conversation_s, 1.0
    yield
    reader._conversation_s = usual


def leave(stand: Hall) -> None:
    """Nobody stands there any more, and the words of goodbye are cut short."""
    stand.terminal.send(IdleExpired())
    stand.wait(lambda view: view.state in (State.ENDED, State.ATTRACT), "the end of the visit")
    stand.terminal.send(IdleExpired())
    stand.play(wait_state="attract")


@pytest.fixture
def stand(standing: Hall) -> Iterator[Hall]:
    """Everything works, and nobody stands before it."""
    reader = standing.terminal.devices.named()["card"]
    assert wait_until(lambda: reader.probe().usable)
    assert wait_until(lambda: causes(standing) == set()), causes(standing)
    yield standing
    standing.village.set("service", "up")
    standing.village.set("smart_card", faults.OK)
    standing.village.take_card()
    leave(standing)


def test_a_social_security_card_goes_the_whole_way_where_the_service_takes_it(stand: Hall) -> None:
    to_the_card(stand)
    put_until_it_is_read(stand)
    stand.play(answer_form={"category": "one"})
    stand.press("submit")
    stand.play(wait_enabled="finish")
    assert any(line.startswith("事项 便民雨伞借用") for line in lines_of(stand.slips[-1]))
    case = stored(stand)
    assert (case["assurance"], case["person"]["number"]) == ("L1", PEOPLE[PERSON].document.number)
    assert case["person"]["document_kind"] == DocumentKind.SOCIAL_SECURITY.value
    stand.press("finish")
    stand.play(wait_state="take_card")
    stand.village.take_card()
    stand.play(wait_state="evaluate")


def test_where_more_is_wanted_it_is_not_blamed_and_an_identity_card_is_asked_for(stand: Hall) -> None:
    to_the_card(stand, PENSION)
    stand.village.put_card(PERSON)
    stand.play(screen_has=["这张卡在这台机器上办不了这件事，卡没有问题"], wait_state="card")
    stand.press("window")
    stand.play(wait_state="window")


def test_each_fault_is_told_by_the_health_or_has_its_reason() -> None:
    families = [set(READ_ALL_THE_SAME), set(SEEN_AT_THE_CARD_ALONE), set(TOLD_BY_THE_HEALTH)]
    assert sum(len(family) for family in families) == len(SMART_CARD) - 1
    assert set().union(*families) == set(SMART_CARD) - {faults.OK}


@pytest.mark.parametrize("fault", READ_ALL_THE_SAME)
def test_a_card_is_read_all_the_same(stand: Hall, fault: str) -> None:
    stand.village.set("smart_card", fault)
    to_the_card(stand)
    put_until_it_is_read(stand)
    stand.play(wait_state="form")
    assert causes(stand) == set()


def test_the_program_that_resets_really_does(stand: Hall) -> None:
    slot = stand.village.smart_cards
    assert slot is not None
    stand.village.set("smart_card", "reset")
    stand.village.put_card(PERSON)
    assert wait_until(lambda: slot.rival_deeds > 1)
    stand.press("begin", f"service:{UMBRELLA}", "next")
    stand.play(wait_state="form")


def test_the_next_persons_card_right_after_the_first_is_the_next_persons(stand: Hall) -> None:
    stand.village.put_card(PERSON)
    stand.village.put_card("wu")
    to_the_card(stand)
    stand.play(screen_has=["已过有效期"])


@pytest.mark.parametrize("fault", SEEN_AT_THE_CARD_ALONE)
def test_what_is_wrong_is_said_at_the_card_and_is_over_when_it_is_mended(stand: Hall, fault: str) -> None:
    reader = stand.terminal.devices.named()["card"]
    stand.village.set("smart_card", fault)
    assert reader.probe().usable
    assert causes(stand) == set()
    to_the_card(stand)
    stand.village.put_card(PERSON)
    stand.play(screen_has=[SEEN_AT_THE_CARD_ALONE[fault]], wait_state="card")
    stand.village.take_card()
    stand.village.set("smart_card", faults.OK)
    put_until_it_is_read(stand)
    stand.play(wait_state="form")


def test_a_card_that_does_not_answer_is_named_until_it_is_pulled(stand: Hall) -> None:
    stand.village.set("smart_card", "silent")
    to_the_card(stand)
    with short_of_time(stand.terminal.devices.named()["card"]):
        stand.village.put_card(PERSON)
        stand.play(screen_has=["没有读出来"], wait_state="card")
    assert wait_until(lambda: TOLD_BY_THE_HEALTH["silent"] in causes(stand))
    stand.village.take_card()
    assert wait_until(lambda: causes(stand) == set())
    stand.village.set("smart_card", faults.OK)
    put_until_it_is_read(stand)
    stand.play(wait_state="form")


@pytest.mark.parametrize(
    ("what", "value", "mended", "cause"),
    [
        ("smart_card", faults.UNPLUGGED, faults.OK, TOLD_BY_THE_HEALTH[faults.UNPLUGGED]),
        ("service", "down", "up", Cause.CARD_SERVICE_LOST),
    ],
)
def test_a_reader_or_a_service_that_is_away_is_named_and_comes_back_by_itself(
    stand: Hall, what: str, value: str, mended: str, cause: Cause
) -> None:
    stand.village.put_card(PERSON)
    stand.village.set(what, value)
    assert stand.village.card == "", "it came out with the reader"
    assert wait_until(lambda: cause in causes(stand)), causes(stand)
    assert stand.view.state is State.ATTRACT
    stand.village.set(what, mended)
    assert wait_until(lambda: causes(stand) == set()), causes(stand)
    to_the_card(stand)
    put_until_it_is_read(stand)
    stand.play(wait_state="form")
