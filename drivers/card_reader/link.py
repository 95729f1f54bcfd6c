"""The wire to an SDT reader, whatever it is made of: bytes out, bytes in, every failure one value."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from drivers.contract import Failed, Ok


class LinkFailure(StrEnum):
    """Why there is no link."""

    ABSENT = "absent"
    DENIED = "denied"
    HELD = "held"
    LOST = "lost"


class Link(Protocol):
    """One wire that can be opened again and again. Used by one thread at a time."""

    @property
    def name(self) -> str:
        """As kiosk.ini names it."""
        ...

    @property
    def speeds(self) -> tuple[int, ...]:
        """The speeds it can run at, in bits per second; none where the wire has no such thing."""
        ...

    @property
    def speed(self) -> int:
        """The present speed; 0 where there is none."""
        ...

    @property
    def is_open(self) -> bool: ...

    def open(self, deadline_s: float, /) -> Failed[LinkFailure] | None:
        """Open it if it is not open; None when it is. Where that may take long, no longer than this."""
        ...

    def set_speed(self, bits_per_second: int) -> Failed[LinkFailure] | None:
        """Only one of `speeds`; kept when the link is opened again."""
        ...

    def write(self, data: bytes) -> Failed[LinkFailure] | None:
        """Throw away what came unasked, then send; a write that stalls for 1 s counts as lost."""
        ...

    def read(self) -> Ok[bytes] | Failed[LinkFailure]:
        """What arrives within 50 ms; empty when nothing does."""
        ...

    def close(self) -> None:
        """Close it; what is gone counts as closed."""
        ...

    def end(self) -> None:
        """Close it for good, with whatever served it."""
        ...
