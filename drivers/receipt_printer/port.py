"""The raw end of a wire: bytes out, bytes in, gone. What differs between TCP, serial and USB, and nothing more."""

from __future__ import annotations

from typing import Final, Protocol

POLL_S: Final = 0.2
"""No call on a port lasts much longer, so that a wire can always be closed."""


class PortLostError(Exception):
    """The other end is gone, however the system puts it; the text is for technicians."""


class Port(Protocol):
    """One open port. `take` and `receive` are called from one thread each, at the same time."""

    bytes_per_s: float
    """The slowest pace that is still waited for."""

    def take(self, data: memoryview) -> int:
        """Hand over a first part within about `POLL_S`; return its length, 0 when nothing was taken.

        Raises PortLostError.
        """
        ...

    def receive(self) -> bytes:
        """What came, or nothing after about `POLL_S`. Raises PortLostError."""
        ...

    def interrupt(self, *, discard: bool) -> None:
        """Called before `close`: wake `receive`; `discard` drops what has not yet left this machine."""
        ...

    def close(self) -> None:
        """Release the port; `receive` is not running any more. A port that is gone counts as closed."""
        ...
