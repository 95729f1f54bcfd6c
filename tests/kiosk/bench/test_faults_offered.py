"""No fault that a simulator can make is forgotten: the bench offers it, or there is a reason why not.

What smart cards and their rivals can do is in `test_bench_with_smart_cards`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from inspect import isroutine
from pathlib import Path
from typing import Any

import pytest

from drivers.camera.simulated import CameraFault
from drivers.camera.simulated_name import NamedCamera
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault
from drivers.card_reader.virtual_card import VirtualCard
from drivers.card_reader.virtual_rival import Rival
from drivers.card_reader.virtual_service import VirtualService, VirtualSlot
from drivers.document_printer.simulated import Fault as DocumentFault
from drivers.document_printer.simulated import VirtualPrinter, VirtualPrintService
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from drivers.sensors.simulated import SimulatedSysfs
from kiosk.bench import faults, moves
from kiosk.bench.fault_proxy import Mode
from kiosk.bench.village import Village
from tests.drivers.test_contract import RIGS

PROJECT = Path(__file__).resolve().parents[3]
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


@dataclass(frozen=True, slots=True)
class Simulator:
    """What can be called of a simulator: a fault, with the moves that call it, or a part of its ordinary life."""

    kind: type
    offered: Mapping[str, tuple[str, str]]
    """Method -> a move of the bench that calls it, and its value."""
    ordinary: str
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Method -> why no move calls it."""


SIMULATORS = (
    Simulator(
        SimulatedSdtReader,
        {"inject": ("reader", "noise"), "unplug": ("reader", "unplugged"), "replug": ("replug", "reader")},
        "put_card take_card clear_faults heard wait_heard power_up hear send close",
    ),
    Simulator(
        NamedCamera,
        {
            "misbehave": ("lens", "black"),
            "unplug": ("lens", "unplugged"),
            "replug_elsewhere": ("replug", "camera"),
            "play_pictures": ("movement", "turn_left"),
        },
        "show plug close",
        {"play": "single pictures that are bad show nothing: drivers/camera"},
    ),
    Simulator(
        SimulatedPrinter,
        {
            "set_state": ("printer", "hot"),
            "set_faults": ("printer", "garbage"),
            "unplug": ("printer", "unplugged"),
        },
        "plug paper_png wait_until_idle close",
        {"power": "`silent` while it is off, `dies_mid_job` when it goes: tests/drivers/receipt_printer"},
    ),
    Simulator(
        VirtualPrinter,
        {
            "set_fault": ("a4", "jam"),
            "kill": ("a4", "unplugged"),
            "freeze": ("a4", "silent"),
            "babble": ("a4", "garbage"),
        },
        "start thaw set_pages begun questions close",
    ),
    Simulator(
        VirtualPrintService,
        {"kill": ("print_service", "down")},
        "start thaw forget_jobs add_queue close",
        {
            "freeze": "`down` shows the same: drivers/document_printer",
            "change_queue": "what a technician sets wrongly: drivers/document_printer",
            "remove_queue": "what a technician sets wrongly: drivers/document_printer",
        },
    ),
    Simulator(
        VirtualService,
        {"stop": ("service", "down"), "unplug": ("smart_card", "unplugged")},
        "start plug reader_name",
        {"kill": "`down` shows the same: drivers/card_reader"},
    ),
    Simulator(VirtualSlot, {"take": ("helper", "")}, "put"),
    Simulator(
        VirtualCard,
        {"misbehave": ("smart_card", "garbage"), "remove": ("card", "")},
        "insert",
    ),
    Simulator(Rival, {"start": ("smart_card", "exclusive")}, "stop"),
    Simulator(
        SimulatedSysfs,
        {"write": ("cabinet", "door_open")},
        "grown restore",
        {"remove": "`unreadable` shows the same: drivers/sensors"},
    ),
)
IN_A_VILLAGE = {
    "sdt": "reader",
    "pcsc": "smart_card",
    "printer-tcp": "printer",
    "a4": "a4",
    "camera": "lens",
    "cabinet": "cabinet",
    "face": "kill",
}
"""The contract suite's name of a device -> the move that makes faults of it."""
IN_NO_VILLAGE = {
    "sdt-usb": "the same module on another wire: its faults are the reader's, its wire's in drivers/card_reader",
    "printer-serial": "the same printer on another wire: drivers/receipt_printer/test_wires.py",
    "printer-usb": "the same printer on another wire: drivers/receipt_printer/test_wires.py",
    "document-camera": "a village has one lens, the resident's: the contract suite does all this to the desk's lens",
    "token": "its far end is a compiled module, which a demo cannot count on: the contract suite",
    "code-reader": "it looks through the resident's camera: `lens`",
    "touch-panel": "the window's own events, no wire: the contract suite",
}
"""Why the bench has no faults of it."""


@pytest.mark.parametrize("simulator", SIMULATORS, ids=lambda one: one.kind.__name__)
def test_each_method_of_a_simulator_is_ordinary_or_offered_or_left_out_for_a_reason(
    simulator: Simulator,
) -> None:
    kind = simulator.kind
    methods = [name for name in dir(kind) if not name.startswith("_") and isroutine(getattr(kind, name))]
    assert sorted(methods) == sorted(
        [*simulator.ordinary.split(), *simulator.offered, *simulator.left_out]
    ), "each once"
    for what, value in simulator.offered.values():
        assert value in [choice.value for choice in moves.OFFERED[what]] or what in moves.TAKEN_AWAY


def test_each_kind_of_device_has_faults_on_the_bench_or_there_is_a_reason_why_not() -> None:
    assert sorted([*IN_A_VILLAGE, *IN_NO_VILLAGE]) == sorted(RIGS)
    assert set(IN_A_VILLAGE.values()) <= set(moves.OFFERED)


def test_what_a_village_puts_up_is_in_the_list_and_its_moves_call_what_they_are_said_to_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the A4 printer and the services, which take long to start, `test_every_fault` sees what comes of it."""
    called: list[str] = []

    def told(kind: type, method: str) -> None:
        real = getattr(kind, method)

        def noted(*given: Any, **named: Any) -> Any:
            called.append(method)
            return real(*given, **named)

        monkeypatch.setattr(kind, method, noted)

    village = Village(PROJECT / ".setup" / "faces", 1, use_helper_slot=False)
    hands = moves.Moves(village)
    try:
        parts = {
            type(part) for part in vars(village).values() if type(part).__module__.startswith("drivers.")
        }
        assert parts <= {one.kind for one in SIMULATORS}
        for simulator in (one for one in SIMULATORS if one.kind in parts - {VirtualService, VirtualSlot}):
            for method, (what, value) in simulator.offered.items():
                told(simulator.kind, method)
                assert hands.make(what, value) is None
                assert method in called, (simulator.kind, method)
                called.clear()
                if what not in moves.ONCE:
                    assert hands.make(what, faults.OK) is None
                called.clear()
    finally:
        hands.close()
        village.close()
