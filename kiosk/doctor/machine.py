"""What hangs on this machine, as kiosk.ini would name it: files of the kernel alone, so nothing is opened or disturbed.

`doctor` shows it under the findings: where a device is "not there", the technician sees what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HUB_CLASS = "09"
WORDS = {
    "serial": ("串口", "serial port"),
    "camera": ("摄像头", "camera"),
    "usb": ("USB 设备", "USB device"),
}
_LINKS = {"serial": "serial/by-id", "camera": "v4l/by-id"}


@dataclass(frozen=True, slots=True)
class Connected:
    """`name` is what kiosk.ini takes; `about` is what the device says of itself."""

    kind: str
    name: str
    about: str = ""

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "name": self.name, "about": self.about}

    def line(self) -> str:
        zh, en = WORDS[self.kind]
        return f"   {zh} {en}: {self.name}{f'  ({self.about})' if self.about else ''}"


def connected(dev: Path = Path("/dev"), sys: Path = Path("/sys")) -> tuple[Connected, ...]:
    """Serial ports and cameras by the links that survive a replug, and every USB device but hubs."""
    found = [
        Connected(kind, str(link), str(link.resolve().name))
        for kind, folder in _LINKS.items()
        for link in _sorted(dev / folder)
    ]
    for device in _sorted(sys / "bus" / "usb" / "devices"):
        vendor, product = _text(device / "idVendor"), _text(device / "idProduct")
        if not vendor or _text(device / "bDeviceClass") == HUB_CLASS:
            continue
        serial = _text(device / "serial")
        about = " ".join(filter(None, (_text(device / "manufacturer"), _text(device / "product"))))
        found.append(Connected("usb", f"usb:{vendor}:{product}{f':{serial}' if serial else ''}", about))
    return tuple(found)


def _sorted(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
