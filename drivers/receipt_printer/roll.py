"""How much of the roll is used: counted by what was printed, since many printers have no sensor for it.

An estimate warns and never refuses. It does not know that a half-used roll was put in, or a
longer one; a job that meets the end of the paper is told as failed by the sensor for that,
and may be repeated. A near-end *sensor* is a measurement: once it has seen the end come near,
a slip that might be longer than what is left is not begun.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from drivers.line_log import LineLog
from drivers.receipt_printer.protocol import Condition

ROWS_PER_MM: Final = 8
CUT_MM: Final = 20
"""From the print line to the knife, and the white below a slip."""

USUAL_SLIP_MM: Final = 180
"""Until one was printed. A receipt with every line is about 140 mm."""

_WARN_SHARE: Final = 0.1
_WARN_SLIPS: Final = 10
_COMPACT_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Roll:
    """What is known of the roll in the printer, in millimetres of paper. `low_since_mm`: used when the
    near-end sensor first said so. `out`: the paper was seen to end.
    """

    used_mm: float = 0.0
    low_since_mm: float | None = None
    out: bool = False
    slip_mm: float = USUAL_SLIP_MM


class PaperRoll:
    """Kept on the disk, one line a change; a torn line leaves the one before.

    `length_m` of a new roll; `left_cm` is what the near-end sensor is taken to leave, 0 when
    nothing is to be refused for it. A disk that refuses is kept in `problem`; the count goes on.
    """

    def __init__(self, path: Path, *, length_m: int, near_end_sensor: bool, left_cm: int) -> None:
        self.problem = ""
        self._log = LineLog(path)
        self._length_mm = length_m * 1000
        self._sensor = near_end_sensor
        self._left_mm = left_cm * 10
        self._roll = Roll()
        if path.exists():
            self._guarded(self._start)

    @property
    def roll(self) -> Roll:
        """As last known; what another process wrote is seen."""
        self._guarded(self._reload_if_changed)
        return self._roll

    def printed(self, rows: int) -> None:
        """A slip of so many dot rows came out, or a part of it, and was cut."""
        mm = rows / ROWS_PER_MM + CUT_MM
        self._change(lambda roll: replace(roll, used_mm=roll.used_mm + mm, slip_mm=mm))

    def renewed(self) -> None:
        """Staff have put a new roll in."""
        self._change(lambda _roll: Roll())

    def observed(self, conditions: frozenset[Condition]) -> None:
        """A complete answer of the printer: paper that is there after it had ended is a new roll."""
        if Condition.COVER_OPEN in conditions:
            return  # with an open cover the sensors see no paper, whatever the roll
        out = Condition.PAPER_OUT in conditions
        low = self._sensor and Condition.PAPER_LOW in conditions
        roll = self.roll
        if out:
            if not roll.out:
                self._change(lambda now: replace(now, out=True))
        elif roll.out or (roll.low_since_mm is not None and not low):
            self._change(lambda _roll: Roll())
        elif low and roll.low_since_mm is None:
            self._change(lambda now: replace(now, low_since_mm=now.used_mm))

    def low_by_estimate(self) -> bool:
        """True when less than a tenth of the roll, or ten slips, should be left and no sensor would tell."""
        roll = self.roll
        left_mm = self._length_mm - roll.used_mm
        return not self._sensor and left_mm < max(self._length_mm * _WARN_SHARE, _WARN_SLIPS * roll.slip_mm)

    def may_end_within(self, rows: int | None = None) -> bool:
        """True when the near-end sensor has spoken and a slip (None: as long as the last) might not fit."""
        roll = self.roll
        if not self._sensor or not self._left_mm or roll.low_since_mm is None:
            return False
        mm = roll.slip_mm if rows is None else rows / ROWS_PER_MM + CUT_MM
        return roll.used_mm - roll.low_since_mm + mm > self._left_mm

    def _start(self) -> None:
        with self._log.locked():
            self._reload()
            if self._log.size() > _COMPACT_BYTES:
                self._log.rewrite([_fields(self._roll)])

    def _change(self, change: Callable[[Roll], Roll]) -> None:
        def write() -> None:
            with self._log.locked():
                self._reload_if_changed()
                self._roll = change(self._roll)
                self._log.append(_fields(self._roll))

        if self._guarded(write):
            self.problem = ""
        else:
            self._roll = change(self._roll)

    def _guarded(self, work: Callable[[], None]) -> bool:
        before = self._roll
        try:
            work()
        except OSError as error:
            self.problem = f"roll: {error.strerror}"
            self._roll = before
            return False
        return True

    def _reload_if_changed(self) -> None:
        if self._log.changed():
            self._reload()

    def _reload(self) -> None:
        known = [roll for fields in self._log.read() if (roll := _roll(fields)) is not None]
        self._roll = known[-1] if known else Roll()


def _fields(roll: Roll) -> dict[str, Any]:
    return {
        "used_mm": round(roll.used_mm, 1),
        "low_since_mm": roll.low_since_mm,
        "out": roll.out,
        "slip_mm": round(roll.slip_mm, 1),
    }


def _roll(fields: dict[str, Any]) -> Roll | None:
    try:
        low = fields["low_since_mm"]
        roll = Roll(
            float(fields["used_mm"]),
            None if low is None else float(low),
            bool(fields["out"]),
            float(fields["slip_mm"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    lengths_mm = (roll.used_mm, roll.low_since_mm or 0.0, roll.slip_mm)
    return roll if all(math.isfinite(mm) and mm >= 0 for mm in lengths_mm) else None
