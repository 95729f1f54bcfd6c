"""A real device on the bench: the suite asks a technician to be the hands.

`pytest tests/drivers/test_contract.py -s --hardware sdt:/dev/ttyUSB0` runs what a person can do;
rubbish, slowness and silence are for the simulators.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import ClassVar

from drivers.camera.contract import Camera
from drivers.card_reader.contract import CardReader
from drivers.contract import Device, Ok, Outcome
from drivers.document_camera.contract import DocumentCamera, SheetFormat
from drivers.document_printer.contract import DocumentPrinter
from drivers.receipt_printer.contract import ReceiptPrinter
from drivers.token.contract import Authenticator
from tests.drivers.document_printer.rig import document
from tests.drivers.receipt_printer.slips import fonts, slip
from tests.drivers.rigs.rig import Rig, Verb
from tests.drivers.waiting import wait_until

BY_HAND = "a person at the bench cannot do this to a real device"
PATIENCE_S = 60.0
"""For a person to lay a card or a sheet down."""
HANDS: tuple[Verb, ...] = (Verb.PLUG, Verb.UNPLUG, Verb.REPLUG_ELSEWHERE)
GUEST = "a token is a guest: the device is the vendor's module, which is fine without one"
WIRED = "a sensor is wired to the board, and its file stays when the wire is pulled"


@dataclass(frozen=True, slots=True)
class Family:
    """How the devices of a family are opened and used."""

    open: Callable[[str], Device]
    use: Callable[[Device], bool]
    ask: str
    cannot: Mapping[Verb, str] = field(default_factory=dict)
    """What cannot be done by hand to this family alone."""


def _sdt(address: str) -> Device:
    from drivers.card_reader.links import link_to
    from drivers.card_reader.sdt import SdtReader

    return SdtReader(link_to(address, 115200))


def _pcsc(address: str) -> Device:
    from drivers.card_reader.identity_file import IdentityFile
    from drivers.card_reader.pcsc import PcscReader
    from drivers.card_reader.social_security import SocialSecurityCard

    return PcscReader(address, (IdentityFile(), SocialSecurityCard()))


def _printer(address: str) -> Device:
    from drivers.receipt_printer.escpos_printer import EscposPrinter

    return EscposPrinter(address, fonts(), Path(tempfile.mkdtemp()) / "jobs.jsonl")


def _camera(address: str) -> Device:
    from drivers.camera.opencv import OpencvCamera

    return OpencvCamera(address)


def _document_camera(address: str) -> Device:
    from drivers.camera.opencv import OpencvCamera
    from drivers.document_camera.camera import CameraForDocuments
    from kiosk.settings.model import DocumentCameraSection

    return CameraForDocuments(OpencvCamera(address, size_px=DocumentCameraSection().size_px))


def _a4(address: str) -> Device:
    from drivers.document_printer.cups_printer import CupsPrinter

    return CupsPrinter(address, Path(tempfile.mkdtemp()) / "jobs.jsonl")


def _token(address: str) -> Device:
    from drivers.token.pkcs11_token import Pkcs11Authenticator

    return Pkcs11Authenticator(address, "jiujin:bench")


def _sensors(address: str) -> Device:
    """`door=/sys/...,temperature=/sys/...`: the keys of kiosk.ini's [sensors]."""
    from drivers.sensors.contract import Wanted
    from drivers.sensors.sysfs import SysfsCabinet
    from kiosk.settings.model import SensorsSection

    named = dict(pair.split("=", 1) for pair in address.split(","))
    return SysfsCabinet(Wanted(**SensorsSection.model_validate(named).model_dump()))


def _touch(address: str) -> Device:
    from drivers.touch_panel import SysfsTouchPanel

    return SysfsTouchPanel(address)


def _read(device: Device) -> bool:
    reader: CardReader = device  # type: ignore[assignment] # the table below pairs them
    return isinstance(reader.read(PATIENCE_S, Event()), Ok)


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


def _take_a_page(device: Device) -> bool:
    desk: DocumentCamera = device  # type: ignore[assignment]
    opened = desk.open()
    try:
        return isinstance(opened, Ok) and wait_until(
            lambda: isinstance(desk.take(SheetFormat.A4), Ok), PATIENCE_S
        )
    finally:
        desk.stop()


def _print_a_page(device: Device) -> bool:
    printer: DocumentPrinter = device  # type: ignore[assignment]
    return printer.print_document(document(f"bench-{time.time_ns()}")).outcome is Outcome.DONE


def _list_tokens(device: Device) -> bool:
    """No PIN is asked for: a wrong one would cost a try."""
    authenticator: Authenticator = device  # type: ignore[assignment]
    listed = authenticator.tokens()
    return isinstance(listed, Ok) and bool(listed.value)


def _ask_again(device: Device) -> bool:
    return device.probe().usable


FAMILIES: dict[str, Family] = {
    "sdt": Family(_sdt, _read, "放一张身份证 / put an identity card on the pad"),
    "pcsc": Family(_pcsc, _read, "插一张卡 / put a card in"),
    "printer": Family(_printer, _print, "看着出纸 / watch the paper"),
    "camera": Family(_camera, _look, "看着镜头 / watch the lens"),
    "document-camera": Family(
        _document_camera, _take_a_page, "在高拍仪下放平一张 A4 纸 / lay an A4 sheet flat before the lens"
    ),
    "a4": Family(_a4, _print_a_page, "看着出纸 / watch the paper"),
    "token": Family(_token, _list_tokens, "插上一个令牌 / plug a token in", dict.fromkeys(HANDS, GUEST)),
    "sensors": Family(_sensors, _ask_again, "什么都不用动 / leave all as it is", dict.fromkeys(HANDS, WIRED)),
    "touch": Family(_touch, _ask_again, "什么都不用动 / leave all as it is"),
}


def cannot_do(address: str) -> frozenset[Verb]:
    """What nobody can do by hand to the device at FAMILY:ADDRESS."""
    return frozenset(HardwareRig.cannot) | frozenset(FAMILIES[address.partition(":")[0]].cannot)


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
