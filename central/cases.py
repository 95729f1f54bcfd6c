"""What items do to their cases, by the state machine of `kiosk.case`. Nothing is ever overwritten.

A desk holds the cases that some items concern: loaded once, worked on in memory, stored once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy import case as sql_case

from central import log
from central.bulk import insert_new
from central.form import Reason, is_time
from central.log import Event
from central.opening import Content, GivenBack
from central.rechecks import NOTHING_FOUND, Doubt, Findings
from central.schema import cases, evaluations, events, refusals
from central.verdicts import settle_refused
from central.whose import Arrival, Known, issuer
from kiosk.case import (
    AFTER_ACCEPTANCE,
    TRANSITIONS,
    CasePayload,
    CaseState,
    EvaluationPayload,
    ReturnedPayload,
    WithdrawalPayload,
    move,
)
from offline_queue.wire import Kind, VerdictKind


def states_of(connection: Connection, codes: Collection[str]) -> dict[str, CaseState]:
    """Where these cases stand; a code without a case is not in it."""
    here = cases.c.terminal.in_({issuer(code) for code in codes}) & cases.c.code.in_(codes)
    return {code: CaseState(state) for code, state in connection.execute(_STATES.where(here))}


_STATES = select(cases.c.code, cases.c.state)
_STAYS = cases.c.state == bindparam("to")
_MOVED = update(cases).values(
    state=bindparam("to"),
    reason=bindparam("why"),
    words_zh=sql_case((_STAYS, cases.c.words_zh), else_=""),
    words_en=sql_case((_STAYS, cases.c.words_en), else_=""),
)
"""Words are said of one state: another one has its own."""
_GIVEN_BACK = (
    update(refusals)
    .where(
        refusals.c.terminal == bindparam("by"),
        refusals.c.code == bindparam("named"),
        refusals.c.kind == Kind.CASE.value,
        refusals.c.outcome.is_(None),
        refusals.c.verdict != VerdictKind.CONFLICT.value,
    )
    .values(outcome="given_back")
)


@dataclass(slots=True)
class Desk:
    """The cases of some items. Whoever loads it has locked their issuers against others (`central.work`)."""

    at: str
    states: dict[str, CaseState]
    rated: set[str]
    known: Known = field(default_factory=Known)
    _new: dict[str, dict[str, Any]] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _ratings: list[dict[str, Any]] = field(default_factory=list)
    _lines: list[dict[str, Any]] = field(default_factory=list)
    _settled_refusals: list[dict[str, str]] = field(default_factory=list)
    _given_back: list[dict[str, str]] = field(default_factory=list)
    """Carrying terminal and code of the cases whose refused items were given back there."""
    _returned: list[tuple[str, str]] = field(default_factory=list)
    """Carrying terminal and id of refused items that were given back there one by one."""
    _instead_of: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Code of a new case -> carrying terminal and id of the refused item in whose place it came."""
    reasons: dict[str, str | None] = field(default_factory=dict)
    """Code -> the first doubt, of the cases that an item moved."""
    asked_from: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Code -> terminals that have to hear of it since a withdrawal from there waited for it."""

    @classmethod
    def load(cls, connection: Connection, codes: Collection[str], at: str, known: Known) -> Desk:
        issuers = {issuer(code) for code in codes}
        rated = select(evaluations.c.code).where(
            evaluations.c.terminal.in_(issuers), evaluations.c.code.in_(codes)
        )
        return cls(at, states_of(connection, codes), set(connection.execute(rated).scalars()), known)

    def store(self, connection: Connection) -> None:
        self._keep_first_times(connection)
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
        if self._given_back:
            connection.execute(_GIVEN_BACK, self._given_back)
        settle_refused(connection, self._returned, "given_back")
        insert_new(connection, evaluations, self._ratings)
        insert_new(connection, events, self._lines)

    def case(self, item: Arrival, content: CasePayload, found_out: Findings = NOTHING_FOUND) -> None:
        known = self.states.get(item.code)
        # Anybody can seal to the centre's key, so an item that another terminal carries proves nothing about
        # who issued it: a person confirms it. Whoever completes a case elsewhere is known there (rule F11).
        carried = not item.at_home and not (known is not None and self.known.is_of(item, content))
        doubts = found_out.doubts
        if self.known.is_of_another(item, content):
            doubts = (Doubt.OTHER_PERSON, *doubts)
        self.known.file(item, content)
        # The chip may have had no room for the whole name: only a person with the paper knows the rest.
        cut = content.person is not None and not content.person.name_complete
        found = CaseState.NEEDS_CLERK if carried or cut else replace(found_out, doubts=doubts).state
        if content.supersedes is not None:
            self._settled_refusals.append({"by": item.carried_by, "named": content.supersedes})
        if known is None:
            self.reasons[item.code] = doubts[0].value if doubts else None
            self._open(item, _first_state(found))
            if content.supersedes is not None:
                self._instead_of[item.code] = (item.carried_by, content.supersedes)
            self._log(item, Event.CASE_REGISTERED, f"item {item.item_id}")
        elif known is CaseState.WITHDRAWN:
            self._log(item, Event.CASE_AFTER_WITHDRAWAL, f"item {item.item_id}")
            return
        else:
            replaced = f" for {content.supersedes}" if content.supersedes else ""
            self._log(item, Event.CASE_SUPERSEDED, f"item {item.item_id}{replaced}")
            if known is CaseState.NEEDS_CORRECTION:
                self.reasons[item.code] = doubts[0].value if doubts else None
                self._complete(item.code, found)
        if content.agent is not None:
            self._log(item, Event.CASE_BY_AGENT, content.agent.ground)
        if carried:
            self._log(item, Event.CASE_CARRIED, f"issued by {item.terminal}")
        if cut:
            self._log(item, Event.CASE_NAME_CUT)
        if found_out.duplicate_of is not None and known is None:
            self._log(item, Event.CASE_DUPLICATE, f"of {found_out.duplicate_of}")
        if doubts:
            self._log(item, Event.CASE_IN_DOUBT, " ".join(doubts))
        if found_out.not_done:
            self._log(item, Event.CASE_NOT_RECHECKED, " ".join(found_out.not_done))
        if found_out.unanswered:
            self._log(item, Event.CASE_RECHECK_WAITS, " ".join(found_out.unanswered))
        if known is None:
            self._hear_who_waited(item.code)

    def _hear_who_waited(self, code: str) -> None:
        """The case has come: those who asked to withdraw it before are heard, in their order."""
        for asked, wish in self.known.waiting.pop(code, ()):
            self.asked_from[code].add(asked.carried_by)
            self._withdraw_for(asked, wish, self.states[code])

    def withdrawal(self, item: Arrival, content: WithdrawalPayload | None) -> None:
        """It may overtake its case: from the case's own terminal by its sending class, from another by the line.

        Without evidence (a technician's, an older terminal's) only the case's own terminal is heard.
        """
        known = self.states.get(item.code)
        home = issuer(item.code) == item.carried_by
        if content is None and not home:
            self._log(item, Event.CASE_CARRIED, "withdrawal")
        elif known is None and content is not None:
            self.known.waiting[item.code].append((item, content))
            self._log(item, Event.WITHDRAWAL_WAITS)
        elif known is None:
            self._open(item, CaseState.WITHDRAWN)
            self._log(item, Event.CASE_WITHDRAWN, "before its case came")
        elif content is not None:
            self._withdraw_for(item, content, known)
        else:
            self._withdraw(item, known)

    def given_back(self, item: Arrival) -> None:
        """The terminal has closed what it brought of this case and was refused: nobody need look after that here.

        A case that is here without it stays where it is. Else it ends: the resident asked for nothing and is told why.
        """
        self._given_back.append({"by": item.carried_by, "named": item.code})
        if self.states.get(item.code) is not None and not self._only_erased(item.code):
            self._log(item, Event.ITEM_GIVEN_BACK)
            return
        self.withdrawal(item, None)
        if self.states.get(item.code) is CaseState.WITHDRAWN:
            self.reasons[item.code] = Doubt.GIVEN_BACK.value
            self._set(item.code, CaseState.WITHDRAWN)

    def _only_erased(self, code: str) -> bool:
        """Nothing came of it but the header of what was erased at its terminal, and no clerk has taken it up."""
        erased = code in self.known.erased and code not in self.known.persons
        return erased and self.states[code] is CaseState.NEEDS_CLERK

    def returned(self, item: Arrival, content: ReturnedPayload) -> None:
        """The terminal gave back this one refused item of a case, which is not moved by that."""
        self._returned.append((item.carried_by, content.item_id))
        self._log(item, Event.ITEM_GIVEN_BACK, f"item {content.item_id}")

    def _withdraw_for(self, item: Arrival, content: WithdrawalPayload, known: CaseState) -> None:
        """Only for the person of the case, recognised; else a clerk looks, and the resident reads why."""
        if self.known.may_withdraw(item, content):
            self._withdraw(item, known)
            return
        self._log(item, Event.WITHDRAWAL_UNPROVEN)
        if CaseState.NEEDS_CLERK in TRANSITIONS[known]:
            self.reasons[item.code] = Doubt.WITHDRAWAL_UNPROVEN.value
            self._set(item.code, CaseState.NEEDS_CLERK)

    def _withdraw(self, item: Arrival, known: CaseState) -> None:
        if CaseState.WITHDRAWN in TRANSITIONS[known]:
            self.reasons[item.code] = None
            self._set(item.code, move(known, CaseState.WITHDRAWN))
            self._log(item, Event.CASE_WITHDRAWN)
            return
        self._log(item, Event.WITHDRAWAL_TOO_LATE, f"state {known}")
        if known in AFTER_ACCEPTANCE:
            self.reasons[item.code] = Doubt.WITHDRAWAL_LATE.value
            self._set(item.code, known)

    def evaluation(self, item: Arrival, content: EvaluationPayload) -> None:
        first = item.code not in self.rated
        self._log(item, Event.EVALUATION_RECEIVED if first else Event.EVALUATION_REPEATED)
        if first:
            self.rated.add(item.code)
            row = {"terminal": issuer(item.code), "code": item.code, "service": item.service}
            self._ratings.append({**row, "level": content.level, "registered_at": self.at})

    def unusable(self, item: Arrival, reason: Reason) -> None:
        """The seal or what is in it is wrong: the case waits for a clerk, the sealed form is kept.

        So does one that was erased: if the withdrawal that it stands for never comes, somebody has to ask.
        """
        erased = reason is Reason.ERASED
        self._log(
            item,
            Event.CASE_ERASED if erased else Event.CASE_NOT_OPENED,
            f"{reason.value} item {item.item_id}",
        )
        known = self.states.get(item.code)
        if item.kind == "evaluation":
            return
        if known is None:
            self._open(item, move(CaseState.SYNCED, CaseState.NEEDS_CLERK))
            if erased:
                self.known.erase(item)
                self._hear_who_waited(item.code)
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
            case WithdrawalPayload() | None:
                self.withdrawal(item, content)
            case ReturnedPayload():
                self.returned(item, content)
            case GivenBack():
                self.given_back(item)

    def _keep_first_times(self, connection: Connection) -> None:
        """A resident whose item was refused came when that one was filed (rule F11)."""
        for code, (by, named) in self._instead_of.items():
            here = (refusals.c.terminal == by) & (refusals.c.item_id == named) & (refusals.c.code == code)
            columns = (refusals.c.received_at_kiosk, refusals.c.clock_quality)
            first = connection.execute(select(*columns).where(here)).mappings().one_or_none()
            if first is not None and is_time(first["received_at_kiosk"]):
                self._new[code] |= first

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

    def _complete(self, code: str, found: CaseState) -> None:
        """What was asked to be completed came; it may be asked for more."""
        registered = move(CaseState.NEEDS_CORRECTION, CaseState.REGISTERED)
        self._set(code, registered if found is registered else move(registered, found))

    def _set(self, code: str, state: CaseState) -> None:
        self.states[code] = state
        self._changed.add(code)
        if code in self._new:
            self._new[code] |= {"state": state.value, "reason": self.reasons.get(code)}

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
