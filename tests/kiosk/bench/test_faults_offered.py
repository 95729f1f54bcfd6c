"""No fault that a simulator can make is forgotten: the bench offers it, or there is a reason why not.

What smart cards and their rivals can do is in `test_bench_with_smart_cards`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from enum import StrEnum

import pytest

from drivers.camera.simulated import CameraFault
from drivers.card_reader.simulated_module import Fault
from drivers.document_printer.simulated import Fault as DocumentFault
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from kiosk.bench import faults, moves
from kiosk.bench.fault_proxy import Mode

READER_LEFT_OUT = {
    Fault.SPLIT: "every serial line does it, nobody sees it: drivers/card_reader/test_sdt.py",
    Fault.DATA: "what a chip may hold is for the layout's tests",
}
NETWORK_LEFT_OUT = {
    Mode.THROTTLED: "`slow` shows the same to a resident: tests/crash and tests/soak have it",
    Mode.TRUNCATED: "below TLS it shows as a torn line",
    Mode.CORRUPTED: "below TLS it shows as a torn line",
    Mode.REORDERED: "TCP puts it right: it shows as a slow line",
    Mode.ANSWER_LOST_ONCE: "`answer_lost`, then `up`",
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


@pytest.mark.parametrize(
    ("simulated", "offered", "left_out"),
    [
        (Fault, [rule.fault for rule in faults.READER.values() if rule is not None], READER_LEFT_OUT),
        (CameraFault, faults.LENS.values(), {}),
        (DocumentFault, faults.A4.values(), {}),
        (Mode, [Mode(one.value) for one in moves.NETWORKS], NETWORK_LEFT_OUT),
    ],
)
def test_each_fault_of_a_simulator_is_offered_or_left_out_for_a_reason(
    simulated: type[StrEnum], offered: Iterable[StrEnum], left_out: Mapping[StrEnum, str]
) -> None:
    assert {*offered} | {*left_out} == {*simulated}
    assert not {*offered} & {*left_out}


def test_each_fault_of_the_receipt_printers_simulator_is_offered_or_left_out_for_a_reason() -> None:
    fine = {**asdict(SimulatedState()), **asdict(Faults())}
    offered = {name for fields in faults.PAPER.values() for name in fields}
    for state, wrong in faults.PRINTER.values():
        offered |= {name for name, value in {**asdict(state), **asdict(wrong)}.items() if value != fine[name]}
    left_out = set(PRINTER_LEFT_OUT)
    assert offered | left_out == set(fine)
    assert not offered & left_out
