"""Any link with a recorder at its side, which gets the traffic redacted."""

from __future__ import annotations

import time

from drivers.card_reader.link import Link, LinkFailure
from drivers.card_reader.redaction import Redactor
from drivers.contract import Failed, Ok
from drivers.tap import Direction, Tap


class TappedLink:
    """See `Link`. `tap` is called for every piece, in the thread that uses the link."""

    def __init__(self, link: Link, tap: Tap) -> None:
        self._link = link
        self._tap = tap
        self._redactor = Redactor()

    @property
    def name(self) -> str:
        return self._link.name

    @property
    def speeds(self) -> tuple[int, ...]:
        return self._link.speeds

    @property
    def speed(self) -> int:
        return self._link.speed

    @property
    def is_open(self) -> bool:
        return self._link.is_open

    def open(self, deadline_s: float, /) -> Failed[LinkFailure] | None:
        if self._link.is_open:
            return None
        failed = self._link.open(deadline_s)
        if failed is None:
            self._redactor = Redactor()
            self._note(b"opened")
        return failed

    def set_speed(self, bits_per_second: int) -> Failed[LinkFailure] | None:
        return self._lost_or(self._link.set_speed(bits_per_second))

    def write(self, data: bytes) -> Failed[LinkFailure] | None:
        self._tap(Direction.TO_DEVICE, self._redactor.to_device(data), time.monotonic_ns())
        return self._lost_or(self._link.write(data))

    def read(self) -> Ok[bytes] | Failed[LinkFailure]:
        got = self._link.read()
        if isinstance(got, Failed):
            return self._lost_or(got) or got
        if got.value and (redacted := self._redactor.from_device(got.value)):
            self._tap(Direction.FROM_DEVICE, redacted, time.monotonic_ns())
        return got

    def close(self) -> None:
        if self._link.is_open:
            self._note(b"closed")
        self._link.close()

    def end(self) -> None:
        self.close()
        self._link.end()

    def _lost_or(self, failed: Failed[LinkFailure] | None) -> Failed[LinkFailure] | None:
        if failed is not None:
            self._note(b"lost")
        return failed

    def _note(self, word: bytes) -> None:
        self._tap(Direction.LINE, word, time.monotonic_ns())
