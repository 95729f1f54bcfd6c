"""The registers that are asked when a case arrives (rule F8): who has lost a card, who is in scope.

They are other houses' systems, so they are asked before the transaction that opens the case and never in it:
a silent one costs its own line's threads and a short wait, and the case goes on as "not checked yet".
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import TypeVar

from central.departments.line import Line
from central.departments.port import Department, Standing, StandingQuestion
from central.rechecks import Doubt, Silence, Told
from kiosk.case import CasePayload

K = TypeVar("K")
_DOUBTS: Mapping[str, Doubt | None] = {
    "clear": None,
    "card_lost": Doubt.CARD_LOST,
    "card_expired": Doubt.CARD_EXPIRED,
    "not_eligible": Doubt.NOT_ELIGIBLE,
    "helper_without_authority": Doubt.HELPER,
}


class Registers:
    """One a process: a line to each register, by the name that definitions use."""

    def __init__(self, by_name: Mapping[str, Department]) -> None:
        self._lines = {name: Line(name, register) for name, register in by_name.items()}

    def __bool__(self) -> bool:
        return bool(self._lines)

    def ask(self, cases: Mapping[K, CasePayload], within_s: float) -> dict[K, Told]:
        """What each case's registers say; blocks for `within_s` at most, for all of them together.

        In a case's answer are those of its registers that are attached here.
        """
        until_s = time.monotonic() + within_s
        told: dict[K, dict[str, Doubt | Silence | None]] = defaultdict(dict)
        begun = []
        for name, line in self._lines.items():
            asked = [key for key, case in cases.items() if name in case.recheck_at_sync]
            questions = [_question(name, cases[key]) for key in asked]
            begun.append((name, asked, line.begin(questions, Standing, within_s)))
        for name, asked, under_way in begun:
            for key, reply in zip(asked, under_way.collect(until_s), strict=True):
                told[key][name] = (
                    _DOUBTS[reply.standing] if isinstance(reply, Standing) else Silence.UNANSWERED
                )
        return dict(told)


NO_REGISTERS = Registers({})


def _question(register: str, case: CasePayload) -> StandingQuestion:
    person = case.person
    acted = case.agent.person if case.agent is not None else case.helper
    return StandingQuestion(
        register=register,
        service=case.service,
        number=person.number if person else "",
        document_kind=person.document_kind if person else "",
        helper_number=acted.number if acted else "",
        received_at=case.received_at_kiosk,
    )
