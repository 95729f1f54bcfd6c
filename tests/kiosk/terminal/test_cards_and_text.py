"""Cards that leave early or have expired, and text with control bytes, at an assembled terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.card_reader.protocol import Command
from drivers.card_reader.simulated_module import Fault, Rule
from drivers.receipt_printer.commands import Kind
from offline_queue.seal import SealBroken, item_aad, open_sealed
from offline_queue.sealing_keys import read_private
from tests.kiosk.terminal.hall import NO_CAMERA, PENSION, TRUST, Hall, hall


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Hall]:
    with hall(tmp_path, settings=NO_CAMERA) as made:
        yield made


def to_the_card(running: Hall) -> None:
    running.press("begin", f"service:{PENSION}", "next", "other_way")
    running.play(wait_state="card")


def stored(running: Hall) -> dict[str, Any]:
    """The one case that waits, opened with the centre's private key."""
    [item] = running.terminal.outbox.deliveries.next_batch(held_lanes=(), items_max=10, bytes_max=10_000_000)
    key = read_private((TRUST / "centre_sealing.key").read_bytes())
    assert key is not None
    aad = item_aad(
        terminal=item.terminal,
        item_id=item.id,
        lane=item.lane,
        kind=item.kind.value,
        service=item.service,
        definition_version=item.definition_version,
    )
    opened = open_sealed(item.sealed, dict([key]), aad)
    assert not isinstance(opened, SealBroken)
    payload: dict[str, Any] = json.loads(opened)
    return payload


@pytest.mark.parametrize("command", [Command.SELECT, Command.READ_BASE])
def test_a_card_pulled_amid_the_read_is_told_and_the_next_read_goes_on(
    running: Hall, command: Command
) -> None:
    to_the_card(running)
    running.village.reader.inject(Rule(Fault.PULL_CARD, command))
    running.village.put_card("zhou")
    running.play(screen_has=["没有读完。请放平"], wait_state="card")
    running.press("language")
    running.play(screen_has=["Lay it flat"])
    running.press("language")
    running.village.put_card("zhou")
    running.play(wait_state="other_way")
    assert running.terminal.outbox.counters().pending == 0
    running.press("back")
    assert running.view.state.value == "consent", "the card is not asked for again"


def test_an_expired_card_is_told_and_there_is_another_way(running: Hall) -> None:
    to_the_card(running)
    running.village.put_card("wu")
    running.play(screen_has=["已过有效期", "到窗口办理"], wait_state="card")
    running.press("window")
    running.play(wait_state="window", screen_has=["清河镇便民服务站"])
    assert running.terminal.outbox.counters().pending == 0


def test_after_an_expired_card_a_good_one_goes_on(running: Hall) -> None:
    to_the_card(running)
    running.village.put_card("wu")
    running.play(screen_has=["已过有效期"])
    running.village.put_card("zhou")
    running.press("try_card")
    running.play(wait_state="other_way")


HOSTILE = "路灯\x1b@不亮\x1bp\x00\x19\xfa\x07，\x10\x14\x01\x00\x01三天了\x00\x1dV\x00"


def test_control_bytes_in_a_text_are_neither_stored_nor_printed(running: Hall) -> None:
    running.report_a_problem(description=HOSTILE, place_text="小学\x1b门口\x0c")
    answers = stored(running)["answers"]
    assert answers["place_text"] == "小学 门口"
    assert answers["description"].startswith("路灯 @不亮 p")
    assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for text in answers.values() for sign in text)
    printer = running.village.printer
    assert printer.wait_until_idle()
    assert len(printer.receipts) == 1
    strange = {Kind.UNKNOWN, Kind.TEXT, Kind.DRAWER}
    assert {kind: printer.commands[kind] for kind in strange} == dict.fromkeys(strange, 0)
