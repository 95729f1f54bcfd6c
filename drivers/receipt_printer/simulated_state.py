"""What a simulated printer is like, and what goes wrong with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulatedState:
    """What the printer would say of itself."""

    near_end: bool = False
    paper_out: bool = False
    cover_open: bool = False
    offline: bool = False
    cutter_error: bool = False
    unrecoverable: bool = False
    head_hot: bool = False
    feeding: bool = False
    """Its feed button is pressed."""
    waiting: bool = False
    """Offline until its feed button is pressed, with paper in and the cover closed."""

    @property
    def ready(self) -> bool:
        """True when it prints what it receives."""
        of_paper = (self.paper_out, self.cover_open, self.feeding, self.waiting)
        return not any((*of_paper, self.offline, self._error))

    @property
    def _error(self) -> bool:
        return self.cutter_error or self.unrecoverable or self.head_hot

    @property
    def _errors(self) -> int:
        """The same bits in DLE EOT 3 and in the second byte of GS a."""
        return 0x08 * self.cutter_error | 0x20 * self.unrecoverable | 0x40 * self.head_hot

    def realtime(self, kind: int) -> int:
        """The answer to DLE EOT `kind`."""
        match kind:
            case 1:
                bits = 0x08 * (not self.ready) | 0x20 * self.waiting | 0x40 * self.feeding
            case 2:
                bits = 0x04 * self.cover_open | 0x08 * self.feeding
                bits |= 0x20 * self.paper_out | 0x40 * self._error
            case 3:
                bits = self._errors
            case _:
                bits = 0x0C * (self.near_end or self.paper_out) | 0x60 * self.paper_out
        return 0x12 | bits

    def sensor(self) -> int:
        """The answer to GS r 1."""
        return 0x03 * (self.near_end or self.paper_out) | 0x0C * self.paper_out

    def automatic(self) -> bytes:
        """The four bytes of GS a."""
        first = 0x10 | 0x08 * (not self.ready) | 0x20 * self.cover_open | 0x40 * self.feeding
        second = 0x01 * self.waiting | 0x02 * self.feeding | self._errors
        return bytes((first, second, self.sensor(), 0))


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong. Counters begin when the faults are set. `garbage` comes instead of every answer."""

    silent: bool = False
    silent_after_bytes: int | None = None
    answers_zero: bool = False
    stops_reading_after_bytes: int | None = None
    paper_rows: int | None = None
    drop_process_id: bool = False
    drop_sensor: bool = False
    ignores_clear: bool = False
    cutter_fails: bool = False
    reset_after_bytes: int | None = None
    unplug_after_bytes: int | None = None
    garbage: bytes = b""
    row_delay_s: float = 0.0
    reply_delay_s: float = 0.0

    @property
    def breaks_after_bytes(self) -> int | None:
        """Where the wire ends, for now or until it is plugged in again."""
        return self.reset_after_bytes if self.unplug_after_bytes is None else self.unplug_after_bytes

    def mute(self, received: int) -> bool:
        """True when it answers nothing after `received` bytes."""
        return self.silent or _reached(self.silent_after_bytes, received)

    def stopped_reading(self, received: int) -> bool:
        """True when it takes nothing more after `received` bytes."""
        return _reached(self.stops_reading_after_bytes, received)


def _reached(limit: int | None, count: int) -> bool:
    return limit is not None and count >= limit
