"""One panel, one provider: a touch that a second provider tells too is dropped (field case K01)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ECHO_S = 0.5
"""After a touch of one device, another device's touches are its echo for so long. Nobody changes from
the panel to a mouse in that time; a doubled touch comes within milliseconds."""
PHONES_ONLY = frozenset({"SDL2MotionEventProvider"})
"""Kivy's window adds this provider always, and gives it fingers on Android and iOS alone
(kivy 2.3.1, window_sdl2.py). On Linux SDL turns the finger into the mouse, which the provider `mouse` tells."""


def delivering(providers: Iterable[Any]) -> tuple[str, ...]:
    """The devices of Kivy's input providers that can deliver the panel. More than one double it."""
    return tuple(p.device for p in providers if type(p).__name__ not in PHONES_ONLY)


class OneProvider:
    """Whose touches count; `now_s` is monotonic time in seconds."""

    def __init__(self) -> None:
        self._device = ""
        self._seen_s = float("-inf")
        self.doubled: frozenset[str] = frozenset()
        """The devices that told one touch twice, as far as it was seen."""

    def counts(self, device: str, now_s: float) -> bool:
        """A finger came down, as `device` tells."""
        if device != self._device and now_s - self._seen_s < ECHO_S:
            self.doubled |= {device, self._device}
            return False
        self._device = device
        self._seen_s = now_s
        return True

    def seen(self, device: str, now_s: float) -> None:
        """A finger moved or left, as `device` tells."""
        if device == self._device:
            self._seen_s = now_s
