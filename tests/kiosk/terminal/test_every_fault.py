"""Each fault that the bench can make: the health names it, the terminal serves on, and it heals by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from drivers.card_reader.simulated_module import Fault
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from kiosk.bench import faults, moves
from kiosk.bench.smart_cards import SMART_CARD
from kiosk.journey.states import State
from kiosk.rehearsal.scenario import VILLAGE, Scenario, ScenarioError, load
from tests.drivers.waiting import wait_until
from tests.kiosk.terminal.hall import NO_CAMERA, Hall, hall

NO_PRINTER = {("receipt_printer", "address"): "none"}
HARMLESS = {
    "reader": {faults.OK, "slow", "noise", "false_head", "pull_card"},
    "printer": {
        *(faults.OK, "slow", "dies_mid_job", "cutter_fails"),
        *("stops_reading", "out_mid_job", "no_process_id"),
    },
}
"""Slow is not broken, noise is filtered, and what fails only within a job or a reading cannot be known before."""


def report(stand: Hall) -> tuple[bool, set[str]]:
    """Is the device usable, and the causes of the heartbeat's body."""
    body = stand.terminal.surroundings.heartbeat()
    return body["state"] != "out_of_service", set(body["causes"])


@pytest.mark.parametrize(
    ("what", "kind", "settings"),
    [("reader", "card", {**NO_CAMERA, **NO_PRINTER}), ("printer", "printer", NO_CAMERA)],
)
def test_a_fault_is_named_and_gone_when_it_is_mended(
    tmp_path: Path, what: str, kind: str, settings: dict[tuple[str, str], str]
) -> None:
    known = tuple(faults.READER if what == "reader" else faults.PRINTER)
    with hall(tmp_path, settings=settings) as stand:
        device = stand.terminal.devices.named()[kind]
        assert wait_until(lambda: device.status().usable)
        for fault in [name for name in known if name not in HARMLESS[what]]:
            stand.village.set(what, fault)
            assert wait_until(lambda: not device.status().usable), f"{fault} is not noticed"
            assert any(cause.startswith(f"{kind}.") for cause in report(stand)[1]), fault
            assert stand.view.state is State.ATTRACT
            stand.village.set(what, faults.OK)
            assert wait_until(lambda: device.status().usable), f"{fault} does not heal"
        for fault in HARMLESS[what]:
            stand.village.set(what, fault)
            assert device.probe().usable, fault


@pytest.mark.parametrize("fault", [name for name in faults.CABINET if name != faults.OK])
def test_the_cabinet_tells_what_is_the_matter(stand: Hall, fault: str) -> None:
    cause = {"unreadable": "sensor_unreadable"}.get(fault, fault)
    stand.village.set("cabinet", fault)
    assert wait_until(lambda: f"cabinet.{cause}" in report(stand)[1]), fault
    stand.village.set("cabinet", faults.OK)
    assert wait_until(lambda: not any(c.startswith("cabinet.") for c in report(stand)[1])), fault


def test_an_a4_printer_that_is_gone_is_told_and_comes_back(tmp_path: Path) -> None:
    """What fails only within a job is in tests/drivers/document_printer."""
    settings = {**NO_CAMERA, **NO_PRINTER, ("card_reader", "kind"): "none"}
    with hall(tmp_path, settings=settings, use_a4=True) as stand:
        device = stand.terminal.devices.named()["a4"]
        assert wait_until(lambda: device.status().usable)
        stand.village.set("a4", faults.UNPLUGGED)
        assert wait_until(lambda: not device.status().usable)
        assert any(cause.startswith("a4.") for cause in report(stand)[1])
        stand.village.set("a4", faults.OK)
        assert wait_until(lambda: device.status().usable)


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    settings = {**NO_CAMERA, **NO_PRINTER, ("card_reader", "kind"): "none"}
    with hall(tmp_path_factory.mktemp("cabinet"), settings=settings) as made:
        yield made


def test_the_bench_offers_every_fault_that_the_simulators_have() -> None:
    for what, known in (
        ("reader", faults.READER),
        ("smart_card", SMART_CARD),
        ("printer", faults.PRINTER),
        ("lens", faults.LENS),
        ("paper", faults.PAPER),
        ("a4", faults.A4),
        ("cabinet", faults.CABINET),
        ("service", faults.SERVICE),
    ):
        assert {choice.value for choice in moves.OFFERED[what]} == set(known)
        assert set(VILLAGE[what]) == set(known), "a scenario can make every fault of the bench"


def test_a_scenario_has_the_far_ends_that_it_moves(tmp_path: Path) -> None:
    def scenario(text: str) -> Scenario:
        file = tmp_path / "made.toml"
        file.write_text(text, "utf-8")
        return load(file)

    plain = scenario('[[step]]\npress = "begin"\n')
    assert not plain.uses_a4
    assert not plain.uses_helper_card
    assert scenario('[[step]]\na4 = "jam"\n').uses_a4
    assert scenario('[village]\nservice = "down"\n[[step]]\npress = "begin"\n').uses_helper_card
    with pytest.raises(ScenarioError, match="jam-after-a-page"):
        scenario('[[step]]\na4 = "eaten"\n')


def test_a_scenario_moves_the_reader_that_it_has_and_is_refused_with_words_for_the_other(
    tmp_path: Path,
) -> None:
    def scenario(text: str) -> Scenario:
        file = tmp_path / "made.toml"
        file.write_text(text, "utf-8")
        return load(file)

    smart = 'card_reader = "pcsc"\n'
    silent = '[[step]]\nsmart_card = "silent"\n'
    made = scenario(smart + silent)
    assert (made.card_reader, made.uses_card_service, made.uses_helper_card) == ("pcsc", True, False)
    with pytest.raises(ScenarioError, match='with card_reader = "pcsc" at the top'):
        scenario(silent)
    with pytest.raises(ScenarioError, match="moved by smart_card"):
        scenario(smart + '[village]\nreader = "silent"\n[[step]]\npress = "begin"\n')
    with pytest.raises(ScenarioError, match="not one of sdt, pcsc"):
        scenario('card_reader = "serial"\n' + silent)
    with pytest.raises(ScenarioError, match="transaction"):
        scenario(smart + '[[step]]\nsmart_card = "eaten"\n')


READER_LEFT_OUT = {
    Fault.SPLIT: "every serial line does it, nobody sees it: drivers/card_reader/test_sdt.py",
    Fault.DATA: "what a chip may hold is for the layout's tests",
    Fault.STAYS: "another speed is a matter of setting up: drivers/card_reader/test_speed.py",
}
PRINTER_LEFT_OUT = {
    "silent_after_bytes": "`silent` and `stops_reading` show the same to a resident",
    "answers_zero": "`garbage` shows the same",
    "unplug_after_bytes": "`dies_mid_job`, then `unplugged`",
    "drop_sensor": "within the driver's own protocol: drivers/receipt_printer",
    "ignores_clear": "within the driver's own protocol: drivers/receipt_printer",
    "reply_delay_s": "within the driver's own protocol: drivers/receipt_printer",
    "offline": "`unplugged` shows the same",
}
"""What a simulator can do and the bench does not offer, with the reason."""


def test_each_fault_of_the_card_readers_simulator_is_offered_or_left_out_for_a_reason() -> None:
    offered = {rule.fault for rule in faults.READER.values() if rule is not None}
    left_out = set(READER_LEFT_OUT)
    assert offered | left_out == set(Fault)
    assert not offered & left_out


def test_each_fault_of_the_receipt_printers_simulator_is_offered_or_left_out_for_a_reason() -> None:
    fine = {**asdict(SimulatedState()), **asdict(Faults())}
    offered = {name for fields in faults.PAPER.values() for name in fields}
    for state, wrong in faults.PRINTER.values():
        offered |= {name for name, value in {**asdict(state), **asdict(wrong)}.items() if value != fine[name]}
    left_out = set(PRINTER_LEFT_OUT)
    assert offered | left_out == set(fine)
    assert not offered & left_out
