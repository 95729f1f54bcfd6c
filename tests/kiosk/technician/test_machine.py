"""Where a device is not there, the technician sees what is."""

from __future__ import annotations

from pathlib import Path

from kiosk.doctor.machine import Connected, connected


def usb(root: Path, name: str, **told: str) -> None:
    device = root / "bus" / "usb" / "devices" / name
    device.mkdir(parents=True)
    for file, text in told.items():
        (device / file).write_text(f"{text}\n")


def test_what_is_plugged_in_is_named_as_kiosk_ini_wants_it(tmp_path: Path) -> None:
    dev, sys = tmp_path / "dev", tmp_path / "sys"
    (dev / "serial" / "by-id").mkdir(parents=True)
    (dev / "ttyUSB3").touch()
    link = dev / "serial" / "by-id" / "usb-Sample_Reader-if00"
    link.symlink_to(dev / "ttyUSB3")
    usb(sys, "1-2", idVendor="0400", idProduct="c35a", bDeviceClass="00", serial="A1", product="Reader")
    usb(
        sys,
        "1-3",
        idVendor="04b8",
        idProduct="0e15",
        bDeviceClass="00",
        manufacturer="Sample",
        product="Printer",
    )
    usb(sys, "usb1", idVendor="1d6b", idProduct="0002", bDeviceClass="09", product="Hub")
    usb(sys, "1-2:1.0")
    assert connected(dev, sys) == (
        Connected("serial", str(link), "ttyUSB3"),
        Connected("usb", "usb:0400:c35a:A1", "Reader"),
        Connected("usb", "usb:04b8:0e15", "Sample Printer"),
    )
    assert "串口" in connected(dev, sys)[0].line()


def test_a_machine_with_nothing_is_no_trouble(tmp_path: Path) -> None:
    assert connected(tmp_path / "dev", tmp_path / "sys") == ()
