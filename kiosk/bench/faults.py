"""What can go wrong with each simulated device, by name: for the bench page and for scenarios.

`ok` mends all of it. Each fault holds until another is chosen.
"""

from __future__ import annotations

from dataclasses import replace

from drivers.camera.simulated import CameraFault, SimulatedCamera
from drivers.card_reader.protocol import SPEEDS, Command
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import FIRST_SAM_ID, Fault, Rule, SamId
from drivers.contract import Failed
from drivers.document_printer.simulated import Fault as DocumentFault
from drivers.document_printer.simulated import VirtualPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from drivers.sensors.simulated import SimulatedSysfs

OK = "ok"
UNPLUGGED = "unplugged"
SILENT = "silent"
GARBAGE = "garbage"
ALWAYS = 1_000_000
"""Commands; longer than any bench stands."""
SLOW_READER_S = 1.2
SLOW_ROW_S = 0.004
OTHER_SPEED = SPEEDS[1]
OTHER_SAM_ID: SamId = (5, 1, 20260202, 654321, 9870)
MID_JOB_BYTES = 3000
MID_JOB_ROWS = 200

READER: dict[str, Rule | None] = {
    OK: None,
    UNPLUGGED: None,
    SILENT: Rule(Fault.SILENCE, times=ALWAYS),
    "slow": Rule(Fault.SLOW, times=ALWAYS, delay_s=SLOW_READER_S),
    "noise": Rule(Fault.NOISE, times=ALWAYS),
    "false_head": Rule(Fault.FALSE_HEAD, times=ALWAYS),
    "truncated": Rule(Fault.TRUNCATED, times=ALWAYS),
    "late": Rule(Fault.LATE, Command.FIND, times=ALWAYS),
    "other_speed": None,
    "stays_at_other_speed": Rule(Fault.STAYS, times=ALWAYS),
    "another_module": None,
    "lost_mid_answer": Rule(Fault.UNPLUG),
    "pull_card": Rule(Fault.PULL_CARD, Command.READ_BASE, times=ALWAYS),
    "damaged": Rule(Fault.WRONG_CHECKSUM, times=ALWAYS),
    "sam_error": Rule(Fault.STATUS, times=ALWAYS, status=0x60),
    "unauthorised": Rule(Fault.STATUS, times=ALWAYS, status=0x66),
}
PRINTER: dict[str, tuple[SimulatedState, Faults]] = {
    OK: (SimulatedState(), Faults()),
    UNPLUGGED: (SimulatedState(), Faults()),
    "cover": (SimulatedState(cover_open=True), Faults()),
    "cutter": (SimulatedState(cutter_error=True), Faults()),
    "error": (SimulatedState(unrecoverable=True), Faults()),
    "hot": (SimulatedState(head_hot=True), Faults()),
    "feeding": (SimulatedState(feeding=True), Faults()),
    "waiting": (SimulatedState(waiting=True), Faults()),
    SILENT: (SimulatedState(), Faults(silent=True)),
    GARBAGE: (SimulatedState(), Faults(garbage=b"\xff\xfe")),
    "stops_reading": (SimulatedState(), Faults(stops_reading_after_bytes=MID_JOB_BYTES)),
    "no_process_id": (SimulatedState(), Faults(drop_process_id=True)),
    "out_mid_job": (SimulatedState(), Faults(paper_rows=MID_JOB_ROWS)),
    "dies_mid_job": (SimulatedState(), Faults(reset_after_bytes=MID_JOB_BYTES)),
    "cutter_fails": (SimulatedState(), Faults(cutter_fails=True)),
    "slow": (SimulatedState(), Faults(row_delay_s=SLOW_ROW_S)),
}
PAPER: dict[str, dict[str, bool]] = {OK: {}, "low": {"near_end": True}, "out": {"paper_out": True}}
LENS: dict[str, CameraFault] = {
    OK: CameraFault.NONE,
    UNPLUGGED: CameraFault.NONE,
    **{fault.value: fault for fault in CameraFault if fault is not CameraFault.NONE},
}


A4: dict[str, DocumentFault] = {
    OK: DocumentFault.NONE,
    UNPLUGGED: DocumentFault.NONE,
    SILENT: DocumentFault.NONE,
    GARBAGE: DocumentFault.NONE,
    **{fault.value: fault for fault in DocumentFault if fault is not DocumentFault.NONE},
}
SERVICE = ("up", "down")
"""The machine's smart-card service, and its print service."""
CABINET: dict[str, dict[str, str]] = {
    OK: {},
    "door_open": {"gpio/value": "1"},
    "too_hot": {"hwmon/temp1_input": "71000"},
    "too_cold": {"hwmon/temp1_input": "-9000"},
    "on_battery": {"power_supply/AC/online": "0", "power_supply/BAT0/status": "Discharging"},
    "battery_low": {
        "power_supply/AC/online": "0",
        "power_supply/BAT0/status": "Discharging",
        "power_supply/BAT0/capacity": "9",
    },
    "unreadable": {"hwmon/temp1_input": "rubbish"},
}
"""File of the simulated sysfs -> what it says."""


def set_reader(reader: SimulatedSdtReader, fault: str) -> None:
    """Raises KeyError for a fault that there is not; so do the others."""
    rule = READER[fault]
    reader.clear_faults()
    if fault == UNPLUGGED:
        reader.unplug()
        return
    module = OTHER_SAM_ID if fault == "another_module" else FIRST_SAM_ID
    if not reader.plugged or reader.sam_id != module:
        reader.sam_id = module
        reader.replug()
    if fault in ("other_speed", "stays_at_other_speed"):
        reader.speed = OTHER_SPEED
    elif reader.speed == OTHER_SPEED:
        reader.speed = SPEEDS[0]  # as after a moment without power
    if rule is not None:
        reader.inject(rule)


def set_printer(printer: SimulatedPrinter, fault: str, paper: str) -> None:
    """The paper is a thing of its own: it may be out while the cover is open."""
    state, faults = PRINTER[fault]
    printer.set_state(replace(state, **PAPER[paper]))
    printer.set_faults(faults)
    if fault == UNPLUGGED:
        printer.unplug()
    else:
        printer.plug()


def set_lens(camera: SimulatedCamera, fault: str) -> None:
    camera.misbehave(LENS[fault])
    if fault == UNPLUGGED:
        camera.unplug()
    else:
        camera.plug()


def set_a4(printer: VirtualPrinter, fault: str) -> None:
    """Raises OSError when it does not come back."""
    printer.set_fault(A4[fault])
    printer.thaw()
    if fault == UNPLUGGED:
        printer.kill()
    elif fault == GARBAGE:
        printer.babble()
    elif not printer.runs and isinstance(started := printer.start(port=printer.port), Failed):
        raise OSError(started.detail or started.reason.value)
    if fault == SILENT:
        printer.freeze()


def set_cabinet(sysfs: SimulatedSysfs, fault: str) -> None:
    said = CABINET[fault]
    sysfs.restore()
    for name, value in said.items():
        sysfs.write(name, value)
