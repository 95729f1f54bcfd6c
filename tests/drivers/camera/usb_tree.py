"""The kernel's view of cameras on USB, as directories: what sysfs and /dev show of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drivers.camera.binding import Roots


@dataclass(frozen=True, slots=True)
class UsbTree:
    """`plug` and `unplug` what the kernel would show; `roots` go to the driver."""

    folder: Path

    @property
    def roots(self) -> Roots:
        return Roots(self.folder / "sys", self.folder / "dev")

    def plug(
        self,
        number: int,
        *,
        usb: tuple[str, str, str] | None = None,
        port: str = "1-2",
        index: int = 0,
        beneath: str = "pci0000:00/0000:00:14.0/usb1",
        content: bytes = b"",
    ) -> None:
        """One video node. `usb`: vendor, product and serial; `index`: which node of its interface."""
        devices = self.folder / "sys" / "devices" / beneath
        if usb is not None:
            devices /= port
            devices.mkdir(parents=True, exist_ok=True)
            for name, value in zip(("idVendor", "idProduct", "serial"), usb, strict=True):
                if value:
                    (devices / name).write_text(f"{value}\n", "utf-8")
            devices /= f"{port}:1.0"
        shown = devices / "video4linux" / f"video{number}"
        shown.mkdir(parents=True)
        (shown / "index").write_text(f"{index}\n", "utf-8")
        names = self.folder / "sys" / "class" / "video4linux"
        names.mkdir(parents=True, exist_ok=True)
        (names / f"video{number}").symlink_to(shown)
        self.roots.dev.mkdir(exist_ok=True)
        (self.roots.dev / f"video{number}").write_bytes(content)

    def link(self, name: str, number: int) -> str:
        """What udev writes; the source for kiosk.ini."""
        place = self.roots.dev / "v4l" / "by-id"
        place.mkdir(parents=True, exist_ok=True)
        (place / name).unlink(missing_ok=True)
        (place / name).symlink_to(f"../../video{number}")
        return f"/dev/v4l/by-id/{name}"

    def unplug(self, number: int) -> None:
        name = self.roots.sys / "class" / "video4linux" / f"video{number}"
        shown = name.resolve()
        name.unlink()
        (shown / "index").unlink()
        shown.rmdir()
        (self.roots.dev / f"video{number}").unlink()
