"""Keys of a real keyboard: they do nothing here, and are counted (field case K03). Pure.

A resident writes on the screen's own keyboard. What comes over a cable is a toy, an attack or a
scanner in the wrong mode: it reaches no field, and what was typed is looked at by nobody.
"""

from __future__ import annotations

QUIET_S = 2.0
"""A burst is over after so long without a key."""
REPORT_S = 60.0
"""A burst that does not end is told of this often."""


class KeyCount:
    """Counts keys into bursts; `now_s` is monotonic time in seconds."""

    def __init__(self) -> None:
        self._keys = 0
        self._first_s = 0.0
        self._last_s = 0.0

    def pressed(self, now_s: float) -> None:
        if not self._keys:
            self._first_s = now_s
        self._keys += 1
        self._last_s = now_s

    def due(self, now_s: float) -> int:
        """How many keys the burst had that is to be told now; 0 when there is none."""
        if now_s - self._last_s < QUIET_S and now_s - self._first_s < REPORT_S:
            return 0
        keys, self._keys = self._keys, 0
        return keys
