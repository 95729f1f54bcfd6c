"""Another program on the machine that wants the resident's card too: in a process of its own, through pcscd.

A browser's signing component, a bank's or a hospital's middleware: whatever waits for any card in any
reader. `python -m drivers.card_reader.virtual_rival HABIT READER` is that program. It writes one line
when it is in place and one for each deed, and ends with its standard input.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from threading import Condition, Thread
from typing import Final

from smartcard import scard

from drivers.card_reader.pcsc_codes import SUCCESS, TIMEOUT, settled

_PROJECT: Final = Path(__file__).resolve().parents[2]
_PROTOCOLS: Final = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_PAUSE_S: Final = 0.3
_LOOK_MS: Final = 300


class Habit(StrEnum):
    """What the other program does, again and again."""

    RESET = "reset"
    """Connects to the card, and resets it as it leaves."""
    TRANSACTION = "transaction"
    """Begins a transaction and never ends it: a call of anybody else waits."""
    EXCLUSIVE = "exclusive"
    """Has each card for itself alone as soon as it is in: others are refused."""


class Rival:
    """One such program at a time, at the reader of this name."""

    def __init__(self, reader_name: str) -> None:
        self._reader_name = reader_name
        self._process: subprocess.Popen[bytes] | None = None
        self._lines = 0
        self._told = Condition()

    @property
    def deeds(self) -> int:
        """How often it reset a card, or took one for itself."""
        return max(0, self._lines - 1)

    def start(self, habit: Habit, deadline_s: float = 10.0) -> None:
        """Return when it is in place. Raises OSError when it is not in time."""
        self.stop()
        self._lines = 0
        command = [sys.executable, "-m", __spec__.name, habit.value, self._reader_name]
        process = subprocess.Popen(
            command,
            cwd=_PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C at the keyboard is for its owner, who ends it
        )
        self._process = process
        self._listener = Thread(target=self._listen, args=(process,), name="virtual-rival", daemon=True)
        self._listener.start()
        with self._told:
            in_place = self._told.wait_for(lambda: self._lines > 0, deadline_s)
        if not in_place:
            self.stop()
            message = f"the other program did not get at {self._reader_name}"
            raise OSError(message)

    def stop(self) -> None:
        """End it, whatever it waits for. pcscd then gives back what it held."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        self._listener.join()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        for _ in process.stdout or ():
            with self._told:
                self._lines += 1
                self._told.notify_all()


def _say() -> None:
    os.write(1, b"-\n")


def _reset_each_card(context: int, reader: str) -> None:
    """Until the service is lost."""
    _say()
    while settled(scard.SCardIsValidContext(context))[0] == SUCCESS:
        code, rest = settled(scard.SCardConnect(context, reader, scard.SCARD_SHARE_SHARED, _PROTOCOLS))
        if code == SUCCESS:
            scard.SCardDisconnect(rest[0], scard.SCARD_RESET_CARD)
            _say()
        time.sleep(_PAUSE_S)


def _hold(context: int, reader: str, *, exclusive: bool) -> None:
    """From before there is a card, so that nobody is quicker; until the service or such a card is lost."""
    code, rest = settled(scard.SCardConnect(context, reader, scard.SCARD_SHARE_DIRECT, 0))
    if code != SUCCESS:
        return
    held = rest[0]
    if settled(scard.SCardBeginTransaction(held))[0] != SUCCESS:
        return
    _say()
    known, has_card = scard.SCARD_STATE_UNAWARE, False
    while True:
        code, rest = settled(scard.SCardGetStatusChange(context, _LOOK_MS, [(reader, known)]))
        if code not in (SUCCESS, TIMEOUT):
            return
        known = rest[0][0][1] & ~scard.SCARD_STATE_CHANGED
        present = bool(known & scard.SCARD_STATE_PRESENT)
        if has_card and not present:
            return
        if present and not has_card:
            if exclusive:
                taken = scard.SCardReconnect(
                    held, scard.SCARD_SHARE_EXCLUSIVE, _PROTOCOLS, scard.SCARD_LEAVE_CARD
                )
                if settled(taken)[0] != SUCCESS:
                    return
            has_card = True
            _say()


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


def main(habit: Habit, reader: str) -> None:
    """Until it is ended. A service that is lost is looked for again."""
    Thread(target=_end_with_standard_input, daemon=True).start()
    while True:
        code, rest = settled(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
        if code == SUCCESS:
            if habit is Habit.RESET:
                _reset_each_card(rest[0], reader)
            else:
                _hold(rest[0], reader, exclusive=habit is Habit.EXCLUSIVE)
            scard.SCardReleaseContext(rest[0])
        time.sleep(_PAUSE_S)


if __name__ == "__main__":
    main(Habit(sys.argv[1]), sys.argv[2])
