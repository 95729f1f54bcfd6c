"""Whether the staff took the terminal out of service: a file, so that it survives a restart."""

from __future__ import annotations

from pathlib import Path

from kiosk.durable import write_durably

FILE = "out-of-service"
OUT_OF_SERVICE = "staff.out_of_service"


class ServiceSwitch:
    """`state` is the terminal's folder. Turned by the staff's lane, read by any thread."""

    def __init__(self, state: Path) -> None:
        self._file = state / FILE
        self._out = self._file.exists()

    @property
    def causes(self) -> tuple[str, ...]:
        return (OUT_OF_SERVICE,) if self._out else ()

    def turn(self, *, out: bool) -> None:
        """OSError when the disk refuses: then it stands as before."""
        if out:
            write_durably(self._file, b"")
        else:
            self._file.unlink(missing_ok=True)
        self._out = out
