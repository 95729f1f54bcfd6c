"""An SDT reader in a process whose memory can be searched: the terminal's own holds it in a thread."""

from __future__ import annotations

import sys
from threading import Event

from drivers.card_reader.contract import CardRead
from drivers.card_reader.photo import PhotoFailure, decode
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.tapped_link import TappedLink
from drivers.contract import Failed, Ok
from tests.drivers.waiting import PATIENCE_S

DECODER = (sys.executable, "-m", "drivers.card_reader.simulated_photo_decoder")


class SdtHolder:
    """Reads one card, recorded as when a fault is hunted, and has its photo decoded."""

    def __init__(self, path: str) -> None:
        self._reader = SdtReader(TappedLink(SerialLink(path), lambda *_: None))
        self._held: CardRead | None = None

    def read(self) -> bool:
        """True when there is a card's photo; it is held until `drop`."""
        outcome = self._reader.read(PATIENCE_S, Event())
        self._held = outcome.value if isinstance(outcome, Ok) else None
        return self._held is not None and self._held.photo is not None

    def decoded(self) -> PhotoFailure | None:
        """None when the decoder made a picture of it."""
        assert self._held is not None
        assert self._held.photo is not None
        done = decode(DECODER, self._held.photo, PATIENCE_S)
        return done.reason if isinstance(done, Failed) else None

    def drop(self) -> None:
        self._held = None
