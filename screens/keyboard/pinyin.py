"""The window's pinyin engine: opens in the background, since compiling the schema takes a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from drivers.contract import Failed, Ok
from screens.keyboard.engine import Candidate, EngineState
from screens.keyboard.rime import Rime
from screens.keyboard.rime_opening import RimeFailure, open_rime

Opener = Callable[[Path], Ok[Rime] | Failed[RimeFailure]]


class Pinyin:
    """An `engine.Engine`. `start` once, `close` at the end; `folder` holds settings, never what is typed."""

    def __init__(self, folder: Path, opener: Opener = open_rime) -> None:
        self._folder = folder
        self._opener = opener
        self._rime: Rime | None = None
        self._state = EngineState.OPENING
        self._thread = threading.Thread(target=self._open, name="pinyin")
        self.failure: Failed[RimeFailure] | None = None
        """Why it is unavailable, for the technician."""

    def start(self) -> None:
        """Begin to open; returns at once."""
        self._thread.start()

    @property
    def state(self) -> EngineState:
        return self._state

    @property
    def ready(self) -> bool:
        return self._state is EngineState.READY

    def candidates(self, letters: str, *, single: bool = False) -> tuple[Candidate, ...]:
        if self._rime is None or not self.ready or not letters:
            return ()
        found = self._rime.candidates(letters, single=single)
        if found is None:
            self.failure = Failed(RimeFailure.NOT_DEPLOYED, "no session any more")
            self._state = EngineState.UNAVAILABLE
            return ()
        return found

    def forget(self) -> None:
        if self._rime is not None:
            self._rime.forget()

    def close(self) -> None:
        """Wait until it is open or has failed, then end it."""
        if self._thread.ident is not None:
            self._thread.join()
        self._state = EngineState.UNAVAILABLE
        if self._rime is not None:
            self._rime.close()
        self._rime = None

    def _open(self) -> None:
        state = EngineState.UNAVAILABLE
        try:
            match self._opener(self._folder):
                case Ok(rime):
                    self._rime = rime
                    state = EngineState.READY
                case Failed() as failure:
                    self.failure = failure
        finally:  # a defect shows its trace, and the keyboard still learns that pinyin is not there
            self._state = state
