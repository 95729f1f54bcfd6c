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
_NO_READER = ["--config", "/dev/null"]
_POLL_S = 0.05
_STOP_S = 5.0


class ServiceFailure(StrEnum):
    """Why there is no service for virtual cards."""

    NOT_INSTALLED = "not_installed"
    DID_NOT_START = "did_not_start"
    NOT_OURS = "not_ours"
    """Somebody else's pcscd runs on this machine; what concerns all its users is not done to it."""


class VirtualService:
    """Uses the pcscd that runs, or else starts one of its own and ends only that.

    `configuration`: a folder for pcscd instead of /etc/reader.conf.d, and the name of its first reader.
    """

    def __init__(self, configuration: Path | None = None, reader_name: str = READER_NAME) -> None:
        self._arguments = [] if configuration is None else ["--config", str(configuration)]
        self._reader_name = reader_name
        self._plugged = True
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, if it is ours."""
        return None if self._process is None else self._process.pid

    @property
    def is_ours(self) -> bool:
        return self._process is not None

    @property
    def plugged(self) -> bool:
        """Whether the virtual reader is there when the service runs."""
        return self._plugged

    def unplug(self) -> Ok[str] | Failed[ServiceFailure]:
        """Take the virtual reader away, with both its slots.

        vpcd's never goes while its pcscd runs, so that ends, and one without any reader follows.
        """
        return self._start_anew(plugged=False)

    def plug(self) -> Ok[str] | Failed[ServiceFailure]:
        """Bring the virtual reader back."""
        return self._start_anew(plugged=True)

    def _start_anew(self, *, plugged: bool) -> Ok[str] | Failed[ServiceFailure]:
        if not self.is_ours:
            return Failed(ServiceFailure.NOT_OURS, "the card service that runs on this machine is not ours")
        self.stop()
        self._plugged = plugged
        return self.start()

    def start(self, deadline_s: float = 10.0) -> Ok[str] | Failed[ServiceFailure]:
        """Return the virtual reader's name once the service lists it, or answers while it is unplugged."""
        if self._stands():
            return Ok(self._reader_name)
        program = shutil.which("pcscd") or shutil.which("pcscd", path="/usr/sbin")
        if program is None:
            return Failed(ServiceFailure.NOT_INSTALLED, "packages pcscd and vsmartcard-vpcd are needed")
        self._process = subprocess.Popen(
            [program, "--foreground", "--error", *(self._arguments if self._plugged else _NO_READER)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C at the keyboard is for its owner, who ends it in order
        )
        ends_s = time.monotonic() + deadline_s
        while not self._stands():
            if self._process.poll() is not None or time.monotonic() > ends_s:
                code = self._process.poll()
                self.kill()
                wanted = "lists no virtual reader" if self._plugged else "does not answer"
                return Failed(ServiceFailure.DID_NOT_START, f"pcscd {wanted} (exit code {code})")
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

    def _stands(self) -> bool:
        names = _readers()
        return names is not None and (self._reader_name in names) is self._plugged


def card_events(reader_name: str) -> int | None:
    """How often the service saw a card come or go at this reader; None while there is no such reader."""
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code != scard.SCARD_S_SUCCESS:
        return None
    try:
        code, states = scard.SCardGetStatusChange(context, 0, [(reader_name, scard.SCARD_STATE_UNAWARE)])
        return states[0][1] >> 16 if code == scard.SCARD_S_SUCCESS else None
    finally:
        scard.SCardReleaseContext(context)


def _readers() -> list[str] | None:
    """The names that the service lists; None when none runs."""
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code != scard.SCARD_S_SUCCESS:
        return None
    try:
        code, names = scard.SCardListReaders(context, [])
        return list(names) if code == scard.SCARD_S_SUCCESS else []
    finally:
        scard.SCardReleaseContext(context)
