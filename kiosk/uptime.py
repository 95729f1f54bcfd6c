"""How long ago something happened, whatever the wall clock said in between.

A boot has an id and counts its own seconds. What happened in the present boot is exactly so long ago as the
count says. What happened in an earlier one is at least as long ago as the boots since then lasted; the hours
in which the machine was off are known only when the centre told its time in both boots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BOOTS_KEPT = 64
"""Two months of a terminal that is started every morning, in 6 KB."""
_UNASKED_KEPT = 512
"""While nobody has asked yet, so that a case's boot is not forgotten before."""
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Age:
    """At least so many seconds; exactly so many, but for the drift of a crystal, when `exact`."""

    seconds: float
    exact: bool

    @property
    def hours(self) -> float:
        return self.seconds / 3600


@dataclass(slots=True)
class Boot:
    """Seconds. `before_s`: how long all earlier boots lasted together; `lasted_s`: this one, as far as it was
    seen; `known`: a moment of it by the centre's clock, as seconds since boot and Unix time.
    """

    id: str
    before_s: float
    lasted_s: float
    known: tuple[float, float] | None = None

    def at(self, since_boot_s: float) -> float | None:
        """The Unix time of one of its moments; None when the centre never told its time in it."""
        return None if self.known is None else self.known[1] + since_boot_s - self.known[0]


class Uptimes:
    """The boots of one machine, the present one last. Not for several threads at once."""

    def __init__(self, saved: Sequence[Boot], boot_id: str) -> None:
        self._boots = list(saved)
        if not self._boots or self._boots[-1].id != boot_id:
            last = self._boots[-1] if self._boots else Boot("", 0.0, 0.0)
            self._boots.append(Boot(boot_id, last.before_s + last.lasted_s, 0.0))
        self._asked: set[str] = set()

    def seen(self, monotonic_ns: int) -> None:
        """The present boot has lasted so long."""
        now = self._boots[-1]
        now.lasted_s = max(now.lasted_s, monotonic_ns / _NS)

    def told(self, monotonic_ns: int, centre_time: datetime) -> None:
        """The centre's time (aware) at a moment of the present boot. The newest counts."""
        self._boots[-1].known = (monotonic_ns / _NS, centre_time.timestamp())

    def age(self, boot_id: str, monotonic_ns: int, claimed: datetime | None, now_ns: int) -> Age:
        """Of what happened at that moment of that boot. `claimed`: its wall time (aware), if that can be trusted."""
        now, then_s, now_s = self._boots[-1], monotonic_ns / _NS, now_ns / _NS
        self._asked.add(boot_id)
        if boot_id == now.id:
            return Age(max(0.0, now_s - then_s), exact=True)
        boot = next((boot for boot in self._boots if boot.id == boot_id), None)
        # Of a boot that is not remembered only this is sure: the present one came later.
        least_s = now_s if boot is None else now.before_s + now_s - boot.before_s - then_s
        then_at = None if boot is None else boot.at(then_s)
        if then_at is None and claimed is not None:
            then_at = claimed.timestamp()
        now_at = now.at(now_s)
        if then_at is None or now_at is None:
            return Age(max(0.0, least_s), exact=False)
        return Age(max(0.0, least_s, now_at - then_at), exact=True)

    def to_json(self) -> list[list[Any]]:
        """The newest, and those that were asked for since last time: the oldest cases', however many boots ago."""
        most = BOOTS_KEPT if self._asked else _UNASKED_KEPT
        self._boots = [
            *(boot for boot in self._boots[:-most] if boot.id in self._asked),
            *self._boots[-most:],
        ]
        self._asked.clear()
        return [
            [boot.id, int(boot.before_s), int(boot.lasted_s), *map(round, boot.known or ())]
            for boot in self._boots
        ]


def from_json(value: object) -> list[Boot]:
    """What `to_json` told. ValueError for anything else."""
    if not isinstance(value, list):
        message = "no list of boots"
        raise ValueError(message)
    return [_boot(row) for row in value]


def _boot(row: object) -> Boot:
    if not isinstance(row, list) or len(row) not in (3, 5) or not isinstance(row[0], str):
        message = "this is no boot"
        raise ValueError(message)
    numbers = [float(number) for number in row[1:] if isinstance(number, int | float)]
    if len(numbers) != len(row) - 1 or min(numbers) < 0:
        message = "a boot is told in seconds"
        raise ValueError(message)
    if len(numbers) == 2:
        return Boot(row[0], numbers[0], numbers[1])
    datetime.fromtimestamp(numbers[3], UTC)  # OverflowError, ValueError: no time at all
    return Boot(row[0], numbers[0], numbers[1], (numbers[2], numbers[3]))
