"""What systemd is told of the terminal: that it serves, and from then on that it still moves.

Told by the main loop, and only while the rest moves too: what hangs is ended by systemd after `WatchdogSec` and
started anew (`deploy/systemd/jiujin-kiosk.service`). The protocol is sd_notify(3): a datagram to a Unix socket.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)
_US = 1_000_000


class Watchdog:
    """Silent where no systemd asked to be told. Used by one thread.

    `moves`: whether all else that has to move does. `environment`: NOTIFY_SOCKET, WATCHDOG_USEC (microseconds within
    which systemd wants a word), WATCHDOG_PID (of whom it wants it).
    """

    def __init__(
        self,
        moves: Callable[[], bool],
        environment: Mapping[str, str] = os.environ,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._moves = moves
        self._now_s = now_s
        self._address = environment.get("NOTIFY_SOCKET", "")
        wanted_of = environment.get("WATCHDOG_PID", "")
        within_us = environment.get("WATCHDOG_USEC", "")
        mine = wanted_of in ("", str(os.getpid()))
        # Half of the time, as sd_watchdog_enabled(3) advises.
        self._every_s = int(within_us) / _US / 2 if mine and within_us.isdecimal() else None
        self._next_s = 0.0
        self._told_failure = False
        self._told_still = False

    def ready(self) -> None:
        """The first screen is shown."""
        self._tell("READY=1")

    def beat(self) -> None:
        """One turn of the main loop; may be called as often as it turns."""
        now_s = self._now_s()
        if self._every_s is None or now_s < self._next_s:
            return
        self._next_s = now_s + self._every_s
        if self._moves():
            self._told_still = False
            self._tell("WATCHDOG=1")
        elif not self._told_still:
            self._told_still = True
            log.error(
                "what carries the cases to the centre does not move: systemd is not told to wait longer"
            )

    def stopping(self) -> None:
        """It ends because it was told to."""
        self._tell("STOPPING=1")

    def _tell(self, word: str) -> None:
        if not self._address:
            return
        # A leading @ stands for the zero byte of an abstract address.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
                to.settimeout(1.0)
                to.sendto(word.encode(), address)
        except OSError as error:
            if not self._told_failure:
                self._told_failure = True
                log.error("systemd cannot be told anything: %s", error.strerror or type(error).__name__)
