"""Words beside a live picture that do not flicker: one at a time, long enough to be read and done."""

from __future__ import annotations

from drivers.face.contract import Guidance

SETTLED_S = 0.3
"""A change is believed when it was seen for so long, and in two frames."""
SHOWN_S = 1.5
"""How long a request stays at least: it must be heard, understood and followed."""
POINT_S = 6.0
"""Without one usable frame for so long the screen points to the other way, which it offers all along."""


class SteadyGuidance:
    """Fed with every frame's guidance, says what is to be shown. Times are monotonic seconds."""

    def __init__(self, now_s: float) -> None:
        self._shown: Guidance | None = None
        self._shown_at_s: float | None = None
        """None: nothing was shown yet."""
        self._next: Guidance | None = None
        self._next_since_s = now_s
        self._next_seen = 0
        self._unusable_since_s = now_s

    def see(self, guidance: Guidance | None, now_s: float) -> bool:
        """True when `guidance` is to be shown now, in place of what is shown.

        The first is shown at once. "Good" (None) needs no minimum: who stands well is told so soon.
        """
        if guidance is None:
            self._unusable_since_s = now_s
        if self._shown_at_s is not None and guidance == self._shown:
            self._next_seen = 0
            return False
        if self._next_seen == 0 or guidance != self._next:
            self._next, self._next_since_s, self._next_seen = guidance, now_s, 0
        self._next_seen += 1
        if self._shown_at_s is not None:
            settled = self._next_seen >= 2 and now_s - self._next_since_s >= SETTLED_S
            read = self._shown is None or guidance is None or now_s - self._shown_at_s >= SHOWN_S
            if not (settled and read):
                return False
        self._shown, self._shown_at_s, self._next_seen = guidance, now_s, 0
        return True

    def points_elsewhere(self, now_s: float) -> bool:
        """Whether the other way is to be pointed at: no frame was usable for `POINT_S`."""
        return now_s - self._unusable_since_s >= POINT_S
