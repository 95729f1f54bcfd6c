"""Which touch counts as a press. Pure, so that every odd finger can be tested without a window.

A press acts when the finger leaves the very target it came down on, on the same screen, with no
dialog opened meanwhile (field cases K01, K02). One finger counts at a time; a second provider's
copy of it, or a palm, does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

SETTLE_S = {False: 0.25, True: 0.4}
"""After a change of screen, touches do nothing for so long, by elder mode: the second half of a
double tap was never meant for what has just appeared."""
REST_S = 2.0
"""The same action rests so long unless the screen changes; the journey answers far sooner."""
TAKE_OVER_S = 1.0
"""A finger held for so long gives way to the next one that comes down, and does nothing any more: a
panel that loses a lifting would otherwise take no press until the screen changes. A second
provider's copy comes within milliseconds (K01), so it never takes over."""
LET_GO_S = 10.0
"""No press lasts so long: its lifting was lost, or a bag leans on the panel. Nothing stays drawn dark."""


@dataclass(frozen=True, slots=True)
class Held:
    """A finger on a target, and when it came down (monotonic, seconds)."""

    touch: str
    target: str
    since_s: float


class PressGuard:
    """Decides; `now_s` is monotonic time in seconds."""

    def __init__(self) -> None:
        self._screen: object = None
        self._settled_at_s = 0.0
        self._resting: dict[str, float] = {}
        self.held: Held | None = None

    @property
    def settled_at_s(self) -> float:
        """Monotonic time from which touches on this screen count."""
        return self._settled_at_s

    def screen(self, key: object, now_s: float, *, elder: bool) -> bool:
        """Tell which screen is shown (state, page, dialog ...). True when it is another one."""
        if key == self._screen:
            return False
        first = self._screen is None
        self._screen = key
        self._settled_at_s = now_s if first else now_s + SETTLE_S[elder]
        self._resting.clear()
        self.held = None
        return True

    def down(self, touch: str, target: str | None, now_s: float) -> bool:
        """A finger came down on `target` (None: on nothing). True: it is held now."""
        if target is None or now_s < self._settled_at_s or now_s < self._resting.get(target, 0.0):
            return False
        if self.held is not None and now_s - self.held.since_s < TAKE_OVER_S:
            return False
        self.held = Held(touch, target, now_s)
        return True

    def let_go(self, now_s: float) -> bool:
        """Forget a finger that is held for too long. True when there was one."""
        if self.held is None or now_s - self.held.since_s < LET_GO_S:
            return False
        self.held = None
        return True

    def up(self, touch: str, target: str | None, now_s: float, *, rest_s: float = REST_S) -> str | None:
        """A finger left over `target`. The target to act on, or None."""
        if self.held is None or self.held.touch != touch:
            return None
        held, self.held = self.held, None
        if held.target != target:
            return None
        self._resting[target] = now_s + rest_s
        return target
