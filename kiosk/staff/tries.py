"""How many PINs were tried in a row, on the disk before any is looked at.

No wall clock is in it: a lock is counted in time since boot (CLOCK_BOOTTIME, which goes on while the
machine sleeps) together with the boot's id. After a restart of the machine nobody can say how long
it was off, so what was left of the lock begins again in full.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiosk.catalogue import strict_json
from kiosk.clock import boot_id, since_boot_ns
from kiosk.durable import write_durably

FREE_TRIES = 5
FIRST_LOCK_S, LONGEST_LOCK_S = 60, 3600
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Tried:
    """`failed` tries in a row, the last one `at_ns` after the boot `boot` began."""

    failed: int
    boot: str
    at_ns: int


def lock_s(failed: int) -> int:
    """How long the door is locked after so many: one minute after the fifth, twice as long after each more."""
    if failed < FREE_TRIES:
        return 0
    doublings = min(failed - FREE_TRIES, 16)  # far over the longest lock already
    return min(FIRST_LOCK_S << doublings, LONGEST_LOCK_S)


class Tries:
    """The count on disk. A file that is missing or torn raises ValueError: the door stays shut.

    OSError when the disk refuses. One thread at a time.
    """

    def __init__(
        self,
        file: Path,
        *,
        now_ns: Callable[[], int] = since_boot_ns,
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self._file = file
        self._now_ns = now_ns
        self._boot = boot

    def clear(self) -> None:
        """The next try is the first."""
        self._write(0)

    def add(self) -> int:
        """Count one more, durably, and return how many there are."""
        failed = self._read().failed + 1
        self._write(failed)
        return failed

    def look(self) -> tuple[int, int]:
        """Failed tries, and the seconds that the door is still locked (rounded up)."""
        tried = self._read()
        whole_s = lock_s(tried.failed)
        if not whole_s:
            return tried.failed, 0
        if tried.boot != self._boot():
            self._write(tried.failed)  # another boot: the lock begins again, and counts from now
            return tried.failed, whole_s
        passed_s = max(0, self._now_ns() - tried.at_ns) / NS
        return tried.failed, max(0, math.ceil(whole_s - passed_s))

    def _write(self, failed: int) -> None:
        kept = {"failed": failed, "boot": self._boot(), "at_ns": self._now_ns()}
        write_durably(self._file, json.dumps(kept).encode(), 0o600)

    def _read(self) -> Tried:
        try:
            kept = strict_json.read(self._file.read_bytes())
        except FileNotFoundError as error:
            raise ValueError("the count of tries is missing") from error
        if not isinstance(kept, dict):
            raise ValueError("not a count of tries")
        failed, boot, at_ns = kept.get("failed"), kept.get("boot"), kept.get("at_ns")
        if type(failed) is not int or failed < 0 or type(at_ns) is not int or type(boot) is not str:
            raise ValueError("not a count of tries")
        return Tried(failed, boot, at_ns)
