"""A card service for virtual cards: pcscd with vpcd, for the demo and the tests, never on a terminal.

vpcd listens on every address of the machine, which is why a terminal must not have it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from smartcard import scard

from drivers.card_reader.virtual_card import PORTS, VirtualCard
from drivers.contract import Failed, Ok

NAME = "Virtual PCD"
READER_NAME = f"{NAME} 00 00"
SECOND_READER_NAME = f"{NAME} 00 01"
_PACKAGED = Path("/etc/reader.conf.d/vpcd")
_NO_READER = Path("/dev/null")
_POLL_S = 0.05
_STOP_S = 5.0
_SEEN_S = 10.0
"""How long a hand waits for the service's look, which comes every 0.4 s on a machine that is not busy."""
_LOOK_S = 0.02


class ServiceFailure(StrEnum):
    """Why there is no service for virtual cards."""

    NOT_INSTALLED = "not_installed"
    DID_NOT_START = "did_not_start"
    NOT_OURS = "not_ours"
    """Somebody else's pcscd runs on this machine; what concerns all its users is not done to it."""


class VirtualService:
    """Uses the pcscd that runs, or else starts one of its own and ends only that. `name` is the reader's."""

    def __init__(self, name: str = NAME) -> None:
        self._name = name
        self._plugged = True
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, if it is ours."""
        return None if self._process is None else self._process.pid

    @property
    def is_ours(self) -> bool:
        return self._process is not None

    def reader_name(self, slot: int = 0) -> str:
        """What the service calls the slot, 0 or 1: to it each is a reader."""
        return f"{self._name} 00 {slot:02}"

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
            return Ok(self.reader_name())
        program = shutil.which("pcscd") or shutil.which("pcscd", path="/usr/sbin")
        if program is None or not _PACKAGED.exists():
            return Failed(ServiceFailure.NOT_INSTALLED, "packages pcscd and vsmartcard-vpcd are needed")
        with tempfile.TemporaryDirectory(prefix="pcscd-") as folder:
            configuration = _configuration(self._name, Path(folder)) if self._plugged else _NO_READER
            return self._started(program, configuration, deadline_s)

    def _started(
        self, program: str, configuration: Path, deadline_s: float
    ) -> Ok[str] | Failed[ServiceFailure]:
        self._process = subprocess.Popen(
            [program, "--foreground", "--error", "--config", str(configuration)],
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
        return Ok(self.reader_name())

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
        return names is not None and (self.reader_name() in names) is self._plugged


class VirtualSlot:
    """A slot of the virtual reader, and the hand at it, which is no quicker than the service's look.

    pcscd looks at a slot every 0.4 s. A card that is back before that look is no news to it; and when its client
    died in the middle of a talk and the card left, it calls the slot empty without a look, so that such a card is
    lost to it until it is out again (pcsc-lite 1.9.9, `SCardDisconnect` and `EHStatusHandlerThread`).
    """

    def __init__(self, service: VirtualService, slot: int = 0) -> None:
        self._reader_name = service.reader_name(slot)
        self._card: VirtualCard | None = None
        self._events: int | None = None
        """`_card_events` when the service had seen the last card that was put in."""

    def put(self, card: VirtualCard) -> None:
        """Put it in, in the place of another, when the service has seen that leave; return when it sees this one.

        Raises OSError when no vpcd listens, TimeoutError (an OSError) when the service sees nothing.
        """
        self.take()
        before = self._until(lambda events: events is None or events != self._events, "leave")
        card.insert()
        self._card = card
        self._events = self._until(lambda events: events is not None and events != before, "come")

    def take(self) -> None:
        """Nothing happens when no card is in."""
        if self._card is not None:
            self._card.remove()
            self._card = None

    def _until(self, seen: Callable[[int | None], bool], what: str) -> int | None:
        deadline_s = time.monotonic() + _SEEN_S
        while not seen(events := _card_events(self._reader_name)):
            if time.monotonic() > deadline_s:
                message = f"the card service does not see the card {what}"
                raise TimeoutError(message)
            time.sleep(_LOOK_S)
        return events


def _configuration(name: str, folder: Path) -> Path:
    """Debian's for vpcd, with this name and our port."""
    [library] = [line for line in _PACKAGED.read_text("utf-8").splitlines() if line.startswith("LIBPATH")]
    file = folder / "vpcd"
    file.write_text(
        f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{PORTS[0]:#x}\n{library}\nCHANNELID {PORTS[0]:#x}\n',
        "utf-8",
    )
    return file


def _card_events(reader_name: str) -> int | None:
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
