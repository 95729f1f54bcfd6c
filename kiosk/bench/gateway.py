"""The far end of the centre's gateway for short messages: an HTTP server on loopback, and the phones behind it.

What a phone shows stands in `messages`, in this process alone and until it ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kiosk.bench.far_end import FarEnd

MESSAGES_KEPT = 20
_CODE = re.compile(r"\b\d{6}\b")


@dataclass(frozen=True, slots=True, repr=False)
class PhoneMessage:
    """What one phone shows."""

    mobile: str
    text: str

    @property
    def code(self) -> str:
        """The code in it; empty where there is none."""
        found = _CODE.search(self.text)
        return found.group() if found else ""


class SimulatedGateway(FarEnd):
    """Takes every message; `messages` are the newest, oldest first."""

    kind = "handed"

    def __init__(self) -> None:
        self.messages: list[PhoneMessage] = []
        self.taken = 0
        super().__init__()

    def options(self) -> tuple[str, ...]:
        """Those of `main.py central` that attach it."""
        return ("--sms-gateway", self.address("messages"))

    def reply(self, path: str, question: dict[str, Any]) -> dict[str, Any] | None:
        match question:
            case {"question": "message", "mobile": str(mobile), "text": str(text)} if path == "messages":
                with self.lock:
                    if self.now in ("ok", "slow"):
                        self.messages = [*self.messages, PhoneMessage(mobile, text)][-MESSAGES_KEPT:]
                    self.taken += 1
                    return {"kind": "handed", "reference": f"demo-{self.taken}"}
            case _:
                return None
