"""How many things came out of a printer in its journal's whole life, each counted once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

_KEPT_KEYS = 500
"""A copy is asked for while its original is among the last so many; behind them only their number is kept."""


@dataclass(frozen=True, slots=True)
class PrintTally:
    """`printed`: known to have come out. `unknown`: may have; never counted as printed before that is known."""

    printed: int = 0
    unknown: int = 0


class KeyedTally:
    """Counts keys, not prints: a copy, or a line that is read again, changes nothing."""

    def __init__(self) -> None:
        self._before = PrintTally()
        self._printed: dict[str, bool] = {}

    def note(self, key: str, *, printed: bool) -> None:
        """What became of a print of `key`. What once came out stays so, whatever becomes of its copies."""
        self._printed[key] = self._printed.get(key, False) or printed

    def told(self) -> PrintTally:
        printed = sum(self._printed.values())
        return PrintTally(self._before.printed + printed, self._before.unknown + len(self._printed) - printed)

    def fields(self) -> dict[str, Any]:
        """All of it as one line for the journal."""
        old = list(islice(self._printed.items(), max(0, len(self._printed) - _KEPT_KEYS)))
        printed = sum(came_out for _key, came_out in old)
        return {
            "printed": self._before.printed + printed,
            "unknown": self._before.unknown + len(old) - printed,
            "keys": dict(islice(self._printed.items(), len(old), None)),
        }

    def read(self, told: object) -> None:
        """Go on from such a line; one that is damaged changes nothing."""
        match told:
            case {"printed": int(printed), "unknown": int(unknown), "keys": dict(keys)} if (
                min(printed, unknown) >= 0
            ):
                self._before = PrintTally(printed, unknown)
                self._printed = {str(key): came_out is True for key, came_out in keys.items()}
