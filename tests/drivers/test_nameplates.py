"""What each device says that it is, and that nobody is told what it did not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.camera.opencv import OpencvCamera
from drivers.card_reader.pcsc_attributes import version_text
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.contract import Nameplate, Ok
from drivers.document_camera.camera import CameraForDocuments
from drivers.document_printer.ipp import Answer, Attributes, Group
from drivers.document_printer.protocol import read_printer
from drivers.touch_panel import SysfsTouchPanel
from tests.drivers.camera.usb_tree import UsbTree
from tests.drivers.test_touch_panel import plug
from tests.drivers.waiting import wait_until

NAMELESS = Nameplate()


def test_an_identity_card_reader_has_its_modules_number_while_it_is_there() -> None:
    module = SimulatedSdtReader()
    reader = SdtReader(SerialLink(module.path), short_timeout_s=0.3)
    try:
        assert reader.nameplate() == NAMELESS, "nobody has asked it yet"
        assert wait_until(lambda: reader.probe().usable)
        assert reader.nameplate() == Nameplate(serial="05.01-20260101-0000123456-0000007890")
        module.close()
        assert wait_until(lambda: not reader.probe().usable)
        assert reader.nameplate() == NAMELESS
    finally:
        reader.close()
        module.close()


@pytest.mark.parametrize(
    ("version", "said"),
    [(bytes.fromhex("0F000201"), "1.2.15"), (b"", ""), (b"\1\2", "")],
)
def test_a_readers_version_is_three_numbers_or_not_told(version: bytes, said: str) -> None:
    assert version_text(version) == said


def described(tree: UsbTree, **told: str) -> None:
    for device in tree.folder.rglob("idVendor"):
        for name, text in told.items():
            (device.parent / name).write_text(f"{text}\n", "utf-8")


@pytest.mark.parametrize("source", ["usb:1234:5678", "usb:1234:5678:A7", "link"])
def test_a_camera_is_named_by_its_usb_device(tmp_path: Path, source: str) -> None:
    tree = UsbTree(tmp_path)
    tree.plug(2, usb=("1234", "5678", "A7"))
    tree.plug(3, usb=("1234", "5678", "A7"), index=1)
    described(tree, manufacturer="Sample", product="Desk Camera", bcdDevice="0103")
    named = tree.link("usb-Sample-index0", 2) if source == "link" else source
    camera = OpencvCamera(named, roots=tree.roots)
    desk = CameraForDocuments(camera)
    try:
        assert camera.nameplate() == Nameplate("Sample Desk Camera usb:1234:5678", "0103", "A7")
        assert desk.nameplate() == camera.nameplate()
    finally:
        desk.close()


@pytest.mark.parametrize("source", ["usb:1234:5678", "usb:1234:5678:A9", "http://127.0.0.1:9/"])
def test_a_camera_that_nothing_or_more_than_one_fits_has_no_name(tmp_path: Path, source: str) -> None:
    tree = UsbTree(tmp_path)
    tree.plug(2, usb=("1234", "5678", "A7"), port="1-2")
    tree.plug(3, usb=("1234", "5678", "A8"), port="1-3")
    camera = OpencvCamera(source, roots=tree.roots, demo=True)
    try:
        assert camera.nameplate() == NAMELESS
    finally:
        camera.close()


def test_a_touch_panel_has_the_kernels_name(tmp_path: Path) -> None:
    plug(tmp_path, 3, "ILITEK Multi-Touch-V5000")
    assert SysfsTouchPanel("ilitek", tmp_path).nameplate() == Nameplate("ILITEK Multi-Touch-V5000")
    assert SysfsTouchPanel("other", tmp_path).nameplate() == NAMELESS


@pytest.mark.parametrize(
    ("told", "nameplate"),
    [
        ({}, NAMELESS),
        ({"printer-make-and-model": ("Sample L100",)}, Nameplate("Sample L100")),
        (
            {
                "printer-make-and-model": ("Sample L100",),
                "printer-firmware-string-version": ("2.07", "1.0"),
                "printer-device-id": ("MFG:Sample;MDL:L100;CMD:PDF;SN:X1Y2;",),
            },
            Nameplate("Sample L100", "2.07", "X1Y2"),
        ),
        ({"printer-device-id": ("MFG:Sample;SERN:Z9",)}, Nameplate(serial="Z9")),
    ],
)
def test_a_document_printers_ipp_attributes(told: Attributes, nameplate: Nameplate) -> None:
    found: Attributes = {"printer-state": (3,), "printer-is-accepting-jobs": (True,), **told}
    read = read_printer(Answer(0, 1, ((Group.PRINTER, found),)))
    assert isinstance(read, Ok)
    assert read.value.nameplate == nameplate
