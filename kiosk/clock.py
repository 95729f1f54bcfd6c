"""Wall time with its quality, time since boot, and the boot's id.

The wall clock of a terminal without a battery or a network may say anything. It is told as
claimed, never earlier than what the terminal has already seen, and with a quality beside it.
Order inside the terminal never comes from here.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from kiosk.catalogue import strict_json
from kiosk.durable import write_durably
from kiosk.uptime import Age, Boot, Uptimes, from_json

log = logging.getLogger(__name__)

BUILD_DATE = datetime(2026, 11, 1, tzinfo=UTC)
"""No terminal with this program lived earlier."""
JUMP_S = 5.0
"""Wall and boot clock may part by this much before it counts as a jump, plus `DRIFT`."""
DRIFT = 2e-4
"""200 ppm: ten times a poor crystal, so that weeks without network are no jump."""
SAVE_EVERY_S = 60.0
TIME_SERVICE_MARK = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches it when it has set or confirmed the clock since boot (systemd-timesyncd.service(8))."""


class ClockQuality(StrEnum):
    """How far the wall time may be trusted; the same strings as `offline_queue.wire.ClockQuality`."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"
    JUMPED = "jumped"


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading. `monotonic_ns` counts from boot and goes on while the machine sleeps."""

    wall_utc: datetime
    monotonic_ns: int
    boot_id: str
    quality: ClockQuality


def _wall() -> datetime:
    return datetime.now(UTC)


def since_boot_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """The kernel's random id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class Clock:
    """The terminal's clock. `state_file` keeps the latest wall time that was seen and how long each boot
    lasted, over restarts.

    Quality is `unsynced` until `confirm` compares with the centre, `synced` from then on, and
    `jumped` once the wall clock moves by itself or runs behind the trust bound, until the next
    `confirm`. May be used from any thread.
    """

    def __init__(
        self,
        state_file: Path,
        *,
        wall: Callable[[], datetime] = _wall,
        monotonic_ns: Callable[[], int] = since_boot_ns,
        boot: Callable[[], str] = boot_id,
        build_date: datetime = BUILD_DATE,
        time_service: Path = TIME_SERVICE_MARK,
    ) -> None:
        self._file = state_file
        self._time_service = time_service
        self._wall = wall
        self._monotonic_ns = monotonic_ns
        self._boot_id = boot()
        self._lock = threading.Lock()
        bound, vouched, boots = _load(state_file)
        self._bound = max(build_date, bound or build_date)
        self._vouched = vouched or build_date
        self._uptimes = Uptimes(boots, self._boot_id)
        self._saved_ns: int | None = None
        self._anchor = (wall(), monotonic_ns())
        self._quality = ClockQuality.UNSYNCED

    def now(self) -> Moment:
        """The present moment; the wall time is never earlier than the trust bound."""
        with self._lock:
            wall, monotonic_ns = self._wall(), self._monotonic_ns()
            if self._moved(wall, monotonic_ns) or wall < self._bound - timedelta(seconds=JUMP_S):
                self._quality = ClockQuality.JUMPED
                self._anchor = (wall, monotonic_ns)
            shown = max(wall, self._bound)
            if self._quality is not ClockQuality.JUMPED:
                # A clock that jumped must not lift the bound: it may have jumped forward by years.
                self._bound = shown
            self._save_sometimes(monotonic_ns)
            return Moment(shown, monotonic_ns, self._boot_id, self._quality)

    def confirm(self, centre_time: datetime, tolerance_s: float = 30.0) -> bool:
        """Compare with the centre's time (aware). True when they agree: the clock is synced.

        A false bound (the clock had been ahead for a while) is taken back to the centre's time.
        """
        with self._lock:
            wall, monotonic_ns = self._wall(), self._monotonic_ns()
            self._uptimes.told(monotonic_ns, centre_time)
            if abs((centre_time - wall).total_seconds()) > tolerance_s:
                self._quality = ClockQuality.JUMPED
                return False
            self._anchor = (wall, monotonic_ns)
            self._quality = ClockQuality.SYNCED
            self._bound = min(self._bound, max(wall, centre_time))
            self._vouch(wall)
            self._save_sometimes(monotonic_ns)
            return True

    def age(self, boot_id: str, monotonic_ns: int, claimed: datetime | None) -> Age:
        """How long ago that moment of that boot was. `claimed`: its wall time (aware), only if it was synced.

        Never more than has passed; exact in the present boot, and once the centre told its time in both.
        """
        with self._lock:
            return self._uptimes.age(boot_id, monotonic_ns, claimed, self._monotonic_ns())

    def trusted(self) -> bool:
        """Whether the centre or the system's time service has confirmed the wall clock since boot.

        Only then may an expired certificate be blamed on the certificate (field case Q05).
        """
        return self.now().quality is ClockQuality.SYNCED or self._time_service.exists()

    def vouched(self) -> datetime:
        """A time that the present cannot precede: the latest at which the centre or the time service
        vouched for the clock, kept over restarts.

        What must not be used after its last day goes by this: a clock that only claims to be ahead
        does not end it, and one that fell behind does not bring it back.
        """
        moment = self.now()
        with self._lock:
            if moment.quality is ClockQuality.SYNCED or (
                moment.quality is ClockQuality.UNSYNCED and self._time_service.exists()
            ):
                self._vouch(moment.wall_utc)
            return self._vouched

    def _vouch(self, wall: datetime) -> None:
        """A later voucher is right against an earlier one, also when it goes back."""
        if wall.date() != self._vouched.date():
            self._saved_ns = None  # another day: what may have ended today stays ended after a power cut
        self._vouched = wall
        self._save_sometimes(self._monotonic_ns())

    def skew_s(self, centre_time: datetime) -> float:
        """How far this clock is ahead of the centre's, in seconds."""
        return (self._wall() - centre_time).total_seconds()

    def _moved(self, wall: datetime, monotonic_ns: int) -> bool:
        then_wall, then_ns = self._anchor
        elapsed_s = (monotonic_ns - then_ns) / 1e9
        parted_s = abs((wall - then_wall).total_seconds() - elapsed_s)
        return parted_s > JUMP_S + DRIFT * elapsed_s

    def _save_sometimes(self, monotonic_ns: int) -> None:
        self._uptimes.seen(monotonic_ns)
        if self._saved_ns is not None and monotonic_ns - self._saved_ns < SAVE_EVERY_S * 1e9:
            return
        self._saved_ns = monotonic_ns
        state = {
            "latest_wall_utc": self._bound.isoformat(),
            "vouched_utc": self._vouched.isoformat(),
            "boots": self._uptimes.to_json(),
        }
        try:
            write_durably(self._file, json.dumps(state).encode("ascii"))
        except OSError as error:
            # A full disk must not stop the clock; the bound is then only as good as this run.
            log.warning("the clock's state was not saved: errno %d", error.errno or 0)


def _load(state_file: Path) -> tuple[datetime | None, datetime | None, list[Boot]]:
    """The latest wall time, the latest vouched one and the boots; what cannot be read is begun anew, each for itself."""
    try:
        state = strict_json.read(state_file.read_bytes())
    except FileNotFoundError:
        return None, None, []
    except (OSError, ValueError):
        log.warning("the clock's state could not be read; the build date is the bound")
        return None, None, []
    state = state if isinstance(state, dict) else {}
    bound = _time_of(state, "latest_wall_utc")
    # A program before this one kept none: it is known again at the next voucher.
    vouched = _time_of(state, "vouched_utc") if "vouched_utc" in state else None
    try:
        return bound, vouched, from_json(state.get("boots", []))
    except (ValueError, OverflowError):
        log.warning("the lengths of earlier boots could not be read; what waits is older than can be told")
        return bound, vouched, []


def _time_of(state: dict[str, Any], key: str) -> datetime | None:
    try:
        time_kept = datetime.fromisoformat(state[key])
    except (ValueError, KeyError, TypeError):
        log.warning("the clock's latest time could not be read; the build date is the bound")
        return None
    return time_kept if time_kept.tzinfo is not None else None
