"""Departments of an invented county: the same question gets the same answer. Refused in production.

Like any simulator here it is the other end of the line, with a fault for each way in which a real one fails.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from central.departments.port import (
    DecisionQuestion,
    Departments,
    MessageQuestion,
    NotConnectedError,
    OrderQuestion,
    Question,
    RecordQuestion,
    StandingQuestion,
)

PENSION, ALLOWANCE = "110199-YL-01", "110199-GL-01"
PLACE, NOWHERE_HERE = "living_village", "elsewhere"
"""An answer of the demo's pension service with which its department is not content yet."""
SILENT_S = 60.0
"""A silent one lets go at last, as a socket would."""


class Fault(StrEnum):
    """What a department does instead of answering."""

    NONE = "none"
    SLOW = "slow"
    """Answers, but only after `slow_s`."""
    SILENT = "silent"
    ERROR = "error"
    UNREACHABLE = "unreachable"
    """No question gets there; `asked` does not count it."""
    GARBAGE = "garbage"
    REFUSES = "refuses"
    OVER_QUOTA = "over_quota"


class SimulatedError(Exception):
    """What `Fault.ERROR` raises."""


@dataclass
class SimulatedDepartment:
    """`fault` may be changed at any time. `asked` counts questions by their key or kind."""

    fault: Fault = Fault.NONE
    slow_s: float = 0.0
    retry_after_s: float = 120.0
    outcome: str = "decided"
    standing: str = "clear"
    order_open_s: float = 900.0
    """How long an order of this provider can be paid."""
    asked: Counter[str] = field(default_factory=Counter)
    has_mobile: bool = True
    """Whether this department has anybody's mobile number."""
    sent: list[MessageQuestion] = field(default_factory=list)
    """What this gateway was given, oldest first."""
    _over: threading.Event = field(default_factory=threading.Event, repr=False)

    def ask(self, question: Question, deadline_s: float) -> bytes:  # noqa: ARG002 - a bad neighbour ignores it
        if self.fault is Fault.UNREACHABLE:
            raise NotConnectedError
        self.asked[_name(question)] += 1
        match self.fault:
            case Fault.SLOW:
                self._over.wait(self.slow_s)
            case Fault.SILENT:
                self._over.wait(SILENT_S)
            case Fault.ERROR:
                raise SimulatedError
            case Fault.GARBAGE:
                return b'{"kind": "records", "records": [{"name": "<script>"}]}'
            case Fault.REFUSES:
                return _json({"kind": "turned_down"})
            case Fault.OVER_QUOTA:
                return _json({"kind": "turned_down", "retry_after_s": self.retry_after_s})
            case Fault.NONE:
                pass
        return _json(self._answer(question))

    def close(self) -> None:
        """Whoever is slow or silent answers now."""
        self._over.set()

    def _answer(self, question: Question) -> dict[str, Any]:
        match question:
            case RecordQuestion():
                return {"kind": "records", "records": _records(question) if self.has_mobile else []}
            case MessageQuestion():
                self.sent.append(question)
                return {"kind": "handed", "reference": f"message-{len(self.sent)}"}
            case StandingQuestion():
                return {"kind": "standing", "standing": self.standing}
            case DecisionQuestion(answers=answers):
                lacking = self.outcome == "decided" and answers.get(PLACE) == NOWHERE_HERE
                outcome = "needs_correction" if lacking else self.outcome
                return {"kind": "decision", "outcome": outcome, **_WORDS[outcome]}
            case OrderQuestion(order=order, amount_fen=amount):
                expires = datetime.now(UTC) + timedelta(seconds=self.order_open_s)
                text = f"https://pay.example.invalid/{order}?fen={amount}"
                return {
                    "kind": "order",
                    "pay_text": text,
                    "expires_at": expires.isoformat(timespec="seconds"),
                }


_WORDS = {
    "decided": {
        "words_zh": "今年的养老待遇资格已经确认。",
        "words_en": "Your pension is confirmed for this year.",
    },
    "accepted": {"words_zh": "部门已经接下，会按时办好。", "words_en": "The department has taken it up."},
    "needs_correction": {
        "words_zh": "居住地要核对，请补填现在住的村，或带居住证明到窗口。",
        "words_en": "Please say in which village you live now, or bring proof to the counter.",
    },
    "needs_clerk": {"words_zh": "由工作人员核对后办理。", "words_en": "A clerk will check it."},
}


def _records(question: RecordQuestion) -> list[dict[str, str]]:
    """Invented, and drawn from the number alone; what nobody keeps on record is left out."""
    drawn = int.from_bytes(hashlib.sha256(question.number.encode()).digest()[:6])
    mobile = {
        "name": "mobile",
        "value": f"139{drawn % 10**8:08d}",
        "source_zh": "县社会保险中心",
        "source_en": "County Social Insurance Centre",
        "as_of": "2026-03-01T09:00:00+08:00",
    }
    return [record for record in (mobile,) if record["name"] in question.records]


def _name(question: Question) -> str:
    match question:
        case RecordQuestion():
            return "records"
        case DecisionQuestion(key=key):
            return key
        case OrderQuestion(order=order):
            return order
        case MessageQuestion():
            return "message"
        case StandingQuestion(register=register):
            return register


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def simulated_departments() -> Departments:
    """For the demo: who answers for the demo's services."""
    department = SimulatedDepartment()
    return Departments({PENSION: department, ALLOWANCE: department}, payments=department)
