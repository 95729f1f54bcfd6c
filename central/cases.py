"""What items do to their cases, by the state machine of `kiosk.case`. Nothing is ever overwritten.

A desk holds the cases that some items concern: loaded once, worked on in memory, stored once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from central import log
from central.bulk import insert_new
from central.form import Reason
from central.log import Event
from central.opening import Content
from central.rechecks import NOTHING_FOUND, Findings
from central.schema import cases, evaluations, events, refusals
from kiosk.case import TRANSITIONS, CasePayload, CaseState, EvaluationPayload, move


def issuer(code: str) -> str:
    """The terminal that a case code was issued by: its first four signs."""
    return code[:4]


@dataclass(frozen=True, slots=True)
class Arrival:
    """The clear header of an item that the centre has taken in, and who brought it when."""

    terminal: str
    carried_by: str
    item_id: str
    code: str
    kind: str
    service: str
    received_at_kiosk: str
    clock_quality: str
    arrived_at: str


def states_of(connection: Connection, codes: Collection[str]) -> dict[str, CaseState]:
    """Where these cases stand; a code without a case is not in it."""
    here = cases.c.terminal.in_({issuer(code) for code in codes}) & cases.c.code.in_(codes)
    return {code: CaseState(state) for code, state in connection.execute(_STATES.where(here))}


_STATES = select(cases.c.code, cases.c.state)
_MOVED = update(cases).values(state=bindparam("to"), reason=bindparam("why"), words_zh="", words_en="")
"""Words are said of one state: another one has its own."""


@dataclass(slots=True)
class Desk:
    """The cases of some items. Whoever loads it has locked their issuers against others (`central.work`)."""

    at: str
    states: dict[str, CaseState]
    rated: set[str]
    _new: dict[str, dict[str, Any]] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _ratings: list[dict[str, Any]] = field(default_factory=list)
    _lines: list[dict[str, Any]] = field(default_factory=list)
    _settled_refusals: list[dict[str, str]] = field(default_factory=list)
    reasons: dict[str, str | None] = field(default_factory=dict)
    """Code -> the first doubt, of the cases that a case item moved."""

    @classmethod
    def load(cls, connection: Connection, codes: Collection[str], at: str) -> Desk:
        issuers = {issuer(code) for code in codes}
        rated = select(evaluations.c.code).where(
            evaluations.c.terminal.in_(issuers), evaluations.c.code.in_(codes)
        )
        return cls(at, states_of(connection, codes), set(connection.execute(rated).scalars()))

    def store(self, connection: Connection) -> None:
        insert_new(connection, cases, list(self._new.values()))
        if changed := self._changed - self._new.keys():
            here = (cases.c.terminal == bindparam("of")) & (cases.c.code == bindparam("named"))
            rows = [
                {
                    "of": issuer(code),
                    "named": code,
                    "to": self.states[code].value,
                    "why": self.reasons.get(code),
                }
                for code in changed
            ]
            connection.execute(_MOVED.where(here), rows)
        if self._settled_refusals:
            refused = (refusals.c.terminal == bindparam("by")) & (refusals.c.item_id == bindparam("named"))
            connection.execute(
                update(refusals).where(refused).values(outcome="superseded"), self._settled_refusals
            )
        insert_new(connection, evaluations, self._ratings)
        insert_new(connection, events, self._lines)

    def case(self, item: Arrival, content: CasePayload, found_out: Findings = NOTHING_FOUND) -> None:
        # Anybody can seal to the centre's key, so an item that another terminal carries proves nothing about
        # who issued it: a person confirms it.
        carried = item.terminal != item.carried_by or issuer(item.code) != item.carried_by
        # The chip may have had no room for the whole name: only a person with the paper knows the rest.
        cut = content.person is not None and not content.person.name_complete
        found = CaseState.NEEDS_CLERK if carried or cut else found_out.state
        known = self.states.get(item.code)
        if content.supersedes is not None:
            self._settled_refusals.append({"by": item.carried_by, "named": content.supersedes})
        if known is None:
            self.reasons[item.code] = found_out.doubts[0].value if found_out.doubts else None
            self._open(item, _first_state(found))
            self._log(item, Event.CASE_REGISTERED, f"item {item.item_id}")
        elif known is CaseState.WITHDRAWN:
            self._log(item, Event.CASE_AFTER_WITHDRAWAL, f"item {item.item_id}")
            return
        else:
            replaced = f" for {content.supersedes}" if content.supersedes else ""
            self._log(item, Event.CASE_SUPERSEDED, f"item {item.item_id}{replaced}")
            if known is CaseState.NEEDS_CORRECTION:
                self.reasons[item.code] = found_out.doubts[0].value if found_out.doubts else None
                self._set(item.code, found)
        if carried:
            self._log(item, Event.CASE_CARRIED, f"issued by {item.terminal}")
        if cut:
            self._log(item, Event.CASE_NAME_CUT)
        if found_out.duplicate_of is not None and known is None:
            self._log(item, Event.CASE_DUPLICATE, f"of {found_out.duplicate_of}")
        if found_out.doubts:
            self._log(item, Event.CASE_IN_DOUBT, " ".join(found_out.doubts))
        if found_out.not_done:
            self._log(item, Event.CASE_NOT_RECHECKED, " ".join(found_out.not_done))
        if found_out.unanswered:
            self._log(item, Event.CASE_RECHECK_WAITS, " ".join(found_out.unanswered))

    def withdrawal(self, item: Arrival) -> None:
        """It may overtake its case (higher sending class): the case then begins as withdrawn."""
        known = self.states.get(item.code)
        if issuer(item.code) != item.carried_by:
            # Another terminal's word alone withdraws nothing; the clerk finds it in the case's trail.
            self._log(item, Event.CASE_CARRIED, "withdrawal")
        elif known is None:
            self._open(item, CaseState.WITHDRAWN)
            self._log(item, Event.CASE_WITHDRAWN, "before its case came")
        elif CaseState.WITHDRAWN in TRANSITIONS[known]:
            self._set(item.code, move(known, CaseState.WITHDRAWN))
            self._log(item, Event.CASE_WITHDRAWN)
        else:
            self._log(item, Event.WITHDRAWAL_TOO_LATE, f"state {known}")

    def evaluation(self, item: Arrival, content: EvaluationPayload) -> None:
        first = item.code not in self.rated
        self._log(item, Event.EVALUATION_RECEIVED if first else Event.EVALUATION_REPEATED)
        if first:
            self.rated.add(item.code)
            row = {"terminal": issuer(item.code), "code": item.code, "service": item.service}
            self._ratings.append({**row, "level": content.level, "registered_at": self.at})

    def unusable(self, item: Arrival, reason: Reason) -> None:
        """The seal or what is in it is wrong: the case waits for a clerk, the sealed form is kept."""
        self._log(item, Event.CASE_NOT_OPENED, f"{reason.value} item {item.item_id}")
        known = self.states.get(item.code)
        if item.kind == "evaluation":
            return
        if known is None:
            self._open(item, move(CaseState.SYNCED, CaseState.NEEDS_CLERK))
        elif CaseState.NEEDS_CLERK in TRANSITIONS[known]:
            self._set(item.code, CaseState.NEEDS_CLERK)

    def apply(self, item: Arrival, content: Content | Reason, found_out: Findings = NOTHING_FOUND) -> None:
        match content:
            case Reason():
                self.unusable(item, content)
            case CasePayload():
                self.case(item, content, found_out)
            case EvaluationPayload():
                self.evaluation(item, content)
            case None:
                self.withdrawal(item)

    def _open(self, item: Arrival, state: CaseState) -> None:
        self.states[item.code] = state
        self._new[item.code] = {
            "terminal": issuer(item.code),
            "code": item.code,
            "service": item.service,
            "state": state.value,
            "received_at_kiosk": item.received_at_kiosk,
            "clock_quality": item.clock_quality,
            "synced_at": item.arrived_at,
            "registered_at_centre": self.at,
            "reason": self.reasons.get(item.code),
        }

    def _set(self, code: str, state: CaseState) -> None:
        self.states[code] = state
        self._changed.add(code)
        if code in self._new:
            self._new[code]["state"] = state.value

    def _log(self, item: Arrival, event: Event, detail: str = "") -> None:
        self._lines.append(log.line(self.at, event, item.carried_by, item.code, detail))


def _first_state(found: CaseState) -> CaseState:
    """Only a registered case can be asked to be completed (chapter F)."""
    if found is CaseState.NEEDS_CORRECTION:
        return move(move(CaseState.SYNCED, CaseState.REGISTERED), found)
    return move(CaseState.SYNCED, found)


def waiting_state(kind: str) -> str:
    """How a case stands whose item is taken in and not opened yet; only a case item makes a case."""
    return CaseState.SYNCED.value if kind == "case" else ""


def words(states: Mapping[str, CaseState], code: str, kind: str) -> str:
    """A case's state as a verdict tells it."""
    known = states.get(code)
    return waiting_state(kind) if known is None else known.value
