"""A card service for virtual cards: pcscd with vpcd, for the demo and the tests, never on a terminal.

vpcd listens on every address of the machine, which is why a terminal must not have it.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from enum import StrEnum
from pathlib import Path

from smartcard import scard

from drivers.contract import Failed, Ok

READER_NAME = "Virtual PCD 00 00"
SECOND_READER_NAME = "Virtual PCD 00 01"
SECOND_PORT = 35964
_POLL_S = 0.05
_STOP_S = 5.0


class ServiceFailure(StrEnum):
    """Why there is no service for virtual cards."""

    NOT_INSTALLED = "not_installed"
    DID_NOT_START = "did_not_start"


class VirtualService:
    """Uses the pcscd that runs, or else starts one of its own and ends only that.

    `configuration`: a folder for pcscd instead of /etc/reader.conf.d, and the name of its first reader.
    """

    def __init__(self, configuration: Path | None = None, reader_name: str = READER_NAME) -> None:
        self._arguments = [] if configuration is None else ["--config", str(configuration)]
        self._reader_name = reader_name
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, if it is ours."""
        return None if self._process is None else self._process.pid

    @property
    def is_ours(self) -> bool:
        return self._process is not None

    def start(self, deadline_s: float = 10.0) -> Ok[str] | Failed[ServiceFailure]:
        """Return the virtual reader's name once the service lists it."""
        if _lists(self._reader_name):
            return Ok(self._reader_name)
        program = shutil.which("pcscd") or shutil.which("pcscd", path="/usr/sbin")
        if program is None:
            return Failed(ServiceFailure.NOT_INSTALLED, "packages pcscd and vsmartcard-vpcd are needed")
        self._process = subprocess.Popen(
            [program, "--foreground", "--error", *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C at the keyboard is for its owner, who ends it in order
        )
        ends_s = time.monotonic() + deadline_s
        while not _lists(self._reader_name):
            if self._process.poll() is not None or time.monotonic() > ends_s:
                code = self._process.poll()
                self.kill()
                return Failed(
                    ServiceFailure.DID_NOT_START, f"pcscd lists no virtual reader (exit code {code})"
                )
            time.sleep(_POLL_S)
        return Ok(self._reader_name)

    def stop(self) -> None:
        """End the service in good order, if it is ours."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it without a goodbye, as a crash would; only if it is ours."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _lists(reader_name: str) -> bool:
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code != scard.SCARD_S_SUCCESS:
        return False
    try:
        code, names = scard.SCardListReaders(context, [])
        return code == scard.SCARD_S_SUCCESS and reader_name in names
    finally:
        scard.SCardReleaseContext(context)
