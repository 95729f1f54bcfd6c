"""The smart-card service of the demo: the one that runs already, or one of our own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

SOCKET = Path("/run/pcscd/pcscd.comm")
VPCD_PORT = 35963
START_S = 5.0


class PcscService:
    """Started only where none answers; ends only what it started."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> bool:
        """True when a service with the virtual reader answers within 5 s."""
        if _answers():
            return True
        if shutil.which("pcscd") is None:
            return False
        self._process = subprocess.Popen(
            ["pcscd", "--foreground"],  # noqa: S607 - Debian's path differs between releases
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline_s = time.monotonic() + START_S
        while time.monotonic() < deadline_s and self._process.poll() is None:
            if _answers():
                return True
            time.sleep(0.05)
        return _answers()

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(3.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(3.0)
            self._process = None


def _answers() -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(SOCKET))
        except OSError:
            return False
    return True
