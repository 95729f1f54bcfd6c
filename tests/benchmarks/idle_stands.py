"""Devices that nobody uses, each with a real far end: what `idle` sits down beside.

Whatever the terminal opens by kiosk.ini is opened so here as well. The cables that a village has not, and
the devices that no terminal has yet, are built as their tests build them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.simulated_usb import SimulatedUsbReader
from drivers.card_reader.simulated_usb_backend import simulated_port
from drivers.card_reader.usb_address import parse
from drivers.card_reader.usb_link import UsbLink
from drivers.code_reader.reader import ZxingCodeReader
from drivers.contract import Device, DeviceState, DeviceStatus
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.port_usb import Bridge
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_usb import UsbEnd
from drivers.token.pkcs11_token import Pkcs11Authenticator
from drivers.touch_panel import SysfsTouchPanel
from kiosk.assembly.devices import open_devices
from kiosk.bench.configure import village_ini
from kiosk.bench.village import Village
from kiosk.settings import Settings, load_text
from tests.benchmarks.village import PROJECT, SETUP
from tests.drivers.receipt_printer.slips import fonts
from tests.drivers.token import soft_tokens

Opener: TypeAlias = Callable[[ExitStack], list[Device]]
"""Pickles; opens the devices of one stand in the process that is measured."""
Setting: TypeAlias = tuple[str, str]
"""Section and key of kiosk.ini."""
D = TypeVar("D", bound=Device)

SENSORS = ("door", "temperature", "mains", "battery")
OFF: dict[Setting, str] = {
    ("card_reader", "kind"): "none",
    ("card_reader", "helper_kind"): "none",
    ("camera", "source"): "",
    ("receipt_printer", "address"): "none",
    ("document_printer", "queue"): "none",
    **{("sensors", name): "" for name in SENSORS},
}
NO_DEVICE = "no_device"


@contextmanager
def stands() -> Iterator[dict[str, Opener]]:
    """Name -> opener, the far ends up until the end; `NO_DEVICE` is the watch and nothing to watch."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        village = Village(SETUP / "faces", 1, use_a4=True)
        stack.callback(village.close)
        assert village.helper_slot, "needs pcscd with vpcd"
        assert village.a4, "needs cupsd with ippeveprinter"
        opened = {
            name: partial(_assembled, _settings(name, wanted, village, folder))
            for name, wanted in _of_kiosk_ini(village).items()
        }
        yield {NO_DEVICE: _nothing, **opened, **_built(folder, stack)}


def _of_kiosk_ini(village: Village) -> dict[str, dict[Setting, str]]:
    """What is switched on, all else being `OFF`."""
    there = village.settings()

    def of(*keys: Setting) -> dict[Setting, str]:
        return {key: there[key] for key in keys}

    return {
        "card": of(("card_reader", "kind")),
        "smart_card": {("card_reader", "kind"): "pcsc"},
        "printer": of(("receipt_printer", "address")),
        "a4": of(("document_printer", "queue")),
        "camera_and_face": of(("camera", "source")),
        "document_camera": {("document_camera", "source"): village.camera.address},
        "cabinet": of(*(("sensors", name) for name in SENSORS)),
    }


def _settings(name: str, wanted: dict[Setting, str], village: Village, folder: Path) -> Settings:
    state = folder / name
    state.mkdir()
    text = village_ini(PROJECT, {**village.settings(), **OFF, **wanted}, state)
    settings, problems = load_text(text, "kiosk.ini", folder)
    assert settings is not None, problems
    return settings


def _assembled(settings: Settings, stack: ExitStack) -> list[Device]:
    return list(open_devices(settings, stack).named().values())


def _built(folder: Path, stack: ExitStack) -> dict[str, Opener]:
    reader, cable = SimulatedUsbReader(), UsbEnd()
    stack.callback(reader.close)
    stack.enter_context(SimulatedPrinter(cable))
    panel = folder / "input" / "input0"
    panel.mkdir(parents=True)
    (panel / "name").write_text("Simulated Touch\n", "utf-8")
    tokens = folder / "token"
    tokens.mkdir()
    soft_tokens.make(tokens, "idle", "ec", soft_tokens.new_issuer())
    return {
        "card_usb": partial(_card_usb, reader.path),
        "printer_usb": partial(_printer_usb, cable.bridge, folder / "usb_jobs.jsonl"),
        "code_reader": _code_reader,
        "touch": partial(_touch, panel.parent),
        "token": partial(_token, soft_tokens.module(), soft_tokens.configure(tokens)),
    }


def _kept(device: D, stack: ExitStack) -> list[Device]:
    stack.callback(device.close)
    return [device]


def _card_usb(path: str, stack: ExitStack) -> list[Device]:
    return _kept(SdtReader(UsbLink(parse("usb:"), simulated_port, (path,))), stack)


def _printer_usb(bridge: Bridge, journal: Path, stack: ExitStack) -> list[Device]:
    return _kept(EscposPrinter("usb:", fonts(), journal, usb_bridge=bridge), stack)


def _code_reader(stack: ExitStack) -> list[Device]:
    return _kept(ZxingCodeReader(), stack)


def _touch(sysfs: Path, stack: ExitStack) -> list[Device]:
    return _kept(SysfsTouchPanel("simulated touch", sysfs), stack)


def _token(module: Path, configuration: Path, stack: ExitStack) -> list[Device]:
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    return _kept(Pkcs11Authenticator(str(module), "jiujin:0142"), stack)


def _nothing(stack: ExitStack) -> list[Device]:
    return _kept(_Nothing(), stack)


class _Nothing:
    """Always there, and no work to ask."""

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.READY)

    def probe(self) -> DeviceStatus:
        return self.status()

    def close(self) -> None:
        """Nothing is held."""
