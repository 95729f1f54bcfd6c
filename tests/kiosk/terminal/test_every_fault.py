"""Each fault that the bench can make: the health names it, the terminal serves on, and it heals by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.bench import faults, moves
from kiosk.journey.states import State
from tests.drivers.waiting import wait_until
from tests.kiosk.terminal.hall import NO_CAMERA, Hall, hall

NO_PRINTER = {("receipt_printer", "address"): "none"}
HARMLESS = {
    "reader": {faults.OK, "slow", "noise"},
    "printer": {faults.OK, "slow", "dies_mid_job", "cutter_fails"},
}
"""Slow is not broken, noise is filtered, and what fails only within a job cannot be known before one."""


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


def test_the_bench_offers_every_fault_that_the_simulators_have() -> None:
    for what, known in (
        ("reader", faults.READER),
        ("printer", faults.PRINTER),
        ("lens", faults.LENS),
        ("paper", faults.PAPER),
    ):
        assert {choice.value for choice in moves.OFFERED[what]} == set(known)
