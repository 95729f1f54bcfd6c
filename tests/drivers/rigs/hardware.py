"""A real device on the bench: the suite asks a technician to be the hands.

`pytest tests/drivers/test_contract.py -s --hardware sdt:/dev/ttyUSB0` runs what a person can do;
rubbish, slowness and silence are for the simulators.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import ClassVar

from drivers.camera.contract import Camera
from drivers.card_reader.contract import CardReader
from drivers.contract import Device, Ok, Outcome
from drivers.receipt_printer.contract import ReceiptPrinter
from tests.drivers.receipt_printer.slips import fonts, slip
from tests.drivers.rigs.rig import Rig, Verb
from tests.drivers.waiting import wait_until

BY_HAND = "a person at the bench cannot do this to a real device"
CARD_S = 60.0


@dataclass(frozen=True, slots=True)
class Family:
    """How the devices of a family are opened and used."""

    open: Callable[[str], Device]
    use: Callable[[Device], bool]
    ask: str


def _sdt(address: str) -> Device:
    from drivers.card_reader.links import link_to
    from drivers.card_reader.sdt import SdtReader

    return SdtReader(link_to(address, 115200))


def _pcsc(address: str) -> Device:
    from drivers.card_reader.pcsc import PcscReader

    return PcscReader(address)


def _printer(address: str) -> Device:
    from drivers.receipt_printer.escpos_printer import EscposPrinter

    return EscposPrinter(address, fonts(), Path(tempfile.mkdtemp()) / "jobs.jsonl")


def _camera(address: str) -> Device:
    from drivers.camera.opencv import OpencvCamera

    return OpencvCamera(address)


def _read(device: Device) -> bool:
    reader: CardReader = device  # type: ignore[assignment] # the table below pairs them
    return isinstance(reader.read(CARD_S, Event()), Ok)


def _print(device: Device) -> bool:
    printer: ReceiptPrinter = device  # type: ignore[assignment]
    return printer.print_slip(slip()).outcome is Outcome.DONE


def _look(device: Device) -> bool:
    camera: Camera = device  # type: ignore[assignment]
    opened = camera.open()
    try:
        return isinstance(opened, Ok) and wait_until(lambda: isinstance(camera.latest(), Ok), 5.0)
    finally:
        camera.stop()


FAMILIES: dict[str, Family] = {
    "sdt": Family(_sdt, _read, "放一张身份证 / put an identity card on the pad"),
    "pcsc": Family(_pcsc, _read, "插一张卡 / put a card in"),
    "printer": Family(_printer, _print, "看着出纸 / watch the paper"),
    "camera": Family(_camera, _look, "看着镜头 / watch the lens"),
}


class HardwareRig(Rig):
    """`address` is FAMILY:ADDRESS, the address as the settings name it."""

    cannot: ClassVar = dict.fromkeys((Verb.RESTART_SERVICE, Verb.GARBLE, Verb.SLOW, Verb.SILENCE), BY_HAND)

    def __init__(self, address: str) -> None:
        family, _, self._address = address.partition(":")
        self._family = FAMILIES[family]

    def driver(self) -> Device:
        return self._family.open(self._address)

    def operate(self, device: Device, *, long: bool = False) -> bool:
        if not long:
            ask(self._family.ask)
        return self._family.use(device)

    def wait_busy(self) -> bool:
        ask("一开始动就按回车 / press Enter as soon as it is at work")
        return True

    def plug(self) -> None:
        ask("插上 / plug it in")

    def unplug(self) -> None:
        ask("拔掉 / pull it out")

    def replug_elsewhere(self) -> None:
        ask("换一个口插上 / plug it in at another port")

    def heal(self) -> None:
        """Nothing was done that a person must undo."""

    def close(self) -> None:
        """The device stays."""


def ask(words: str) -> None:
    """Tell the technician and wait for Enter, whatever pytest does with the outputs."""
    with Path("/dev/tty").open("r+") as terminal:
        terminal.write(f"\n>>> {words}，然后按回车 / then press Enter ")
        terminal.flush()
        terminal.readline()
