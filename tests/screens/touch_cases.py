"""What the cases K01, K02 and K03 send: times in ms, places as shares of the window (y upwards)."""

from __future__ import annotations

DOUBLED_PRESS = (
    (0, "mouse", "down", (0.5, 0.2)),
    (3, "mtdev", "down", (0.501, 0.199)),
    (80, "mouse", "up", (0.5, 0.2)),
    (82, "mtdev", "up", (0.501, 0.199)),
)
"""K01: one finger, told by two providers."""
IMPATIENT_TAPS_MS = (0, 120, 240)
KEYS = (
    "escape", "f1", "f11", "super", "alt+f4", "alt+tab", "ctrl+q", "ctrl+w", "ctrl+c", "ctrl+alt+t",
    "ctrl+alt+f2", "print", "menu", "shift+f12",
)  # fmt: skip
"""K03, one after another on every screen."""
BURST_TEXT = "GUI r;cmd;ENTER;"
BURST_KEYS = 2000
