"""When nobody touches: a warning with a countdown, then the visit is wiped (rule D1)."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.journey import events as ev
from kiosk.journey.states import STAFF, State
from kiosk.journey.visit import Visit

ENDED_SHOWN_S = 4.0
"""How long the good-bye stays before the attract screen."""
STAFF_LEFT_S = 120.0
"""The staff menu shuts by itself; without a warning, since nothing is lost."""
SLOW_STATES = frozenset({State.CAMERA, State.FORM, State.REVIEW, State.WITHDRAW})
SLOW_FACTOR = 2.0
ELDER_FACTOR = 2.0
BUSY_STATES = frozenset({State.SUBMITTING})
"""Here the terminal works, not the resident: no clock runs."""
LOOK_S = 900.0
"""Nor while a camera looks at the resident, who only stands there. No look takes so long: with movements of 15 s, twice
the time and three kinds declined it ends within nine minutes; one that never answers must not hold a visit.
"""


@dataclass(slots=True)
class IdleClock:
    """Monotonic seconds in, events out. A technician may lengthen the limits, never remove them."""

    warn_s: float
    countdown_s: float
    last_touch_s: float = 0.0
    _last_left: int = -1
    _looking_since_s: float | None = None

    def touched(self, now_s: float) -> None:
        self.last_touch_s = now_s
        self._last_left = -1

    def tick(self, now_s: float, visit: Visit) -> ev.Event | None:
        """The event due now, if any; the warning repeats once a second with what is left.

        The first screen has nobody to warn: a dialog, a language or the large type that somebody
        left there just goes.
        """
        idle_s, state, elder = now_s - self.last_touch_s, visit.state, visit.elder
        if state in BUSY_STATES or visit == Visit() or self._is_looked_at(now_s, visit):
            self.touched(now_s)
            return None
        if state is State.ATTRACT:
            return ev.IdleExpired() if idle_s >= self.warn_s else None
        if state is State.ENDED:
            return ev.IdleExpired() if idle_s >= ENDED_SHOWN_S else None
        if state in STAFF:
            return ev.IdleExpired() if idle_s >= STAFF_LEFT_S else None
        factor = (ELDER_FACTOR if elder else 1.0) * (SLOW_FACTOR if state in SLOW_STATES else 1.0)
        left_s = self.warn_s * factor + self.countdown_s - idle_s
        if left_s <= 0:
            self.touched(now_s)
            return ev.IdleExpired()
        if left_s > self.countdown_s:
            return None
        left = int(left_s) + 1
        if left == self._last_left:
            return None
        self._last_left = left
        return ev.IdleWarning(left)

    def _is_looked_at(self, now_s: float, visit: Visit) -> bool:
        """Nobody has to touch anything: the face is looked at, or what looks at it is waited for."""
        if visit.state is not State.FACE or not (visit.face.looking or visit.face.waiting):
            self._looking_since_s = None
            return False
        self._looking_since_s = now_s if self._looking_since_s is None else self._looking_since_s
        return now_s - self._looking_since_s < LOOK_S
