"""The far end of the centre's registers: an HTTP server on loopback that knows who lost a card, and its faults.

The centre asks it over a real connection, as it asks a county's system (`central/departments/over_http.py` has
the form). Every register of the demo stands here, each under its name.
"""

from __future__ import annotations

from typing import Any

from kiosk.bench.far_end import FAULTS, FarEnd

__all__ = ["FAULTS", "NAMES", "STANDING", "SimulatedRegisters"]

NAMES = ("card_status", "cycle_state", "agent_authority")
"""What the demo's definitions name in `offline.recheck_at_sync`."""
STANDING = {
    "ok": {},
    "lost": {"card_status": "card_lost"},
    "out_of_scope": {"cycle_state": "not_eligible"},
    "no_authority": {"agent_authority": "helper_without_authority"},
}
"""What is on record -> what each register says of everybody; `clear` where nothing is written."""
ABOUT_AGENTS = "agent_authority"
"""Has nothing to say where nobody acted for another."""


class SimulatedRegisters(FarEnd):
    """`set` takes a key of `STANDING` as well; `asked` counts by name."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = dict.fromkeys(NAMES, 0)
        super().__init__()

    def options(self) -> tuple[str, ...]:
        """Those of `main.py central` that attach all of them; asked again soon, since who plays wants to see it."""
        named = [part for name in NAMES for part in ("--register", name, self.address(name))]
        return (*named, "--recheck-again", "2")

    def knows(self, value: str) -> bool:
        return value in STANDING or super().knows(value)

    def reply(self, path: str, question: dict[str, Any]) -> dict[str, Any] | None:
        if path not in NAMES or question.get("register") != path:
            return None
        with self.lock:
            self.asked[path] += 1
        standing = STANDING.get(self.now, {}).get(path, "clear")
        if path == ABOUT_AGENTS and not question.get("helper_number"):
            standing = "clear"
        return {"kind": "standing", "standing": standing}
