"""Two cases about the same business (rule F5): the second by time of receipt is suspected, and a clerk decides.

What makes business the same is the definition's `business_key`, a short text such as a person and a year. It is
kept as a digest only, keyed with what is derived from the centre's sealing key, so that a copy of the database tells
nobody who did what. The counter's paper and every terminal's cases are compared alike.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select, update

from central import log
from central.bulk import insert_new
from central.locks import lock_businesses
from central.log import Event
from central.rechecks import Published
from central.schema import businesses, cases
from central.whose import issuer
from kiosk.business import business_of
from kiosk.case import TRANSITIONS, CasePayload, CaseState

_OVER = frozenset({CaseState.WITHDRAWN, CaseState.NOT_ACCEPTED})
"""A case that ended so leaves room for another."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A case that is about to be opened. `digests`: its business under each key, the present key's first."""

    code: str
    received_at: datetime
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Businesses:
    """`keys`: the present one first, then those of retired sealing keys."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    definitions: Published = field(default_factory=dict)

    def concern(self, service: str, version: str) -> bool:
        """Whether this version of the service says what makes business the same."""
        definition = self.definitions.get((service, version))
        return bool(self.keys) and definition is not None and definition.business_key is not None

    def claim(self, case: CasePayload, received_at: str) -> Claim | None:
        """None when the service has no such key, or it cannot be told from this case."""
        definition = self.definitions.get((case.service, case.definition_version))
        if definition is None or not self.concern(case.service, case.definition_version):
            return None
        moment = datetime.fromisoformat(received_at)
        business = business_of(definition, case, moment)
        if business is None:
            return None
        digests = tuple(hmac.digest(key, business.encode(), "sha256").hex() for key in self.keys)
        return Claim(case.case_code, moment, digests)


NO_BUSINESSES = Businesses()


@dataclass(slots=True)
class Found:
    """`second`: code -> the code that was received before it. `moved`: cases here that turn out to be second."""

    second: dict[str, str] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)


def compare(connection: Connection, claims: Iterable[Claim], at: str) -> Found:
    """Claim the business of new cases. The caller holds their issuers' locks and has changed no case yet, so that
    nobody who waits here holds what another one needs.
    """
    found = Found()
    wanted = sorted(claims, key=lambda one: one.received_at)  # of one moment: the first that came stays first
    if not wanted:
        return found
    digests = {digest for claim in wanted for digest in claim.digests}
    lock_businesses(connection, digests)
    known = _known(connection, digests)
    for claim in wanted:
        others = [one for digest in claim.digests for one in known[digest]]
        earlier = [one for one in others if one.received_at <= claim.received_at or not one.may_wait]
        if earlier:
            found.second[claim.code] = min(earlier, key=lambda one: one.received_at).code
        for one in others if not earlier else ():
            if _suspect(connection, one.code, claim.code, at):
                found.moved.append(one.code)
        known[claim.digests[0]].append(_Other(claim.code, claim.received_at, may_wait=True))
    rows = [
        {
            "terminal": issuer(claim.code),
            "code": claim.code,
            "digest": claim.digests[0],
            "received_at": claim.received_at.isoformat(),
        }
        for claim in wanted
    ]
    insert_new(connection, businesses, rows)
    return found


@dataclass(frozen=True, slots=True)
class _Other:
    code: str
    received_at: datetime
    may_wait: bool
    """False: a department has it in hand, so whatever comes now is the one to look at."""


def _known(connection: Connection, digests: Iterable[str]) -> Mapping[str, list[_Other]]:
    same = (cases.c.terminal == businesses.c.terminal) & (cases.c.code == businesses.c.code)
    query = select(
        businesses.c.digest, businesses.c.code, businesses.c.received_at, cases.c.state
    ).select_from(businesses.join(cases, same))
    found: dict[str, list[_Other]] = defaultdict(list)
    for row in connection.execute(query.where(businesses.c.digest.in_(digests))):
        state = CaseState(row.state)
        if state not in _OVER:
            waits = (
                state is CaseState.DUPLICATE_SUSPECTED or CaseState.DUPLICATE_SUSPECTED in TRANSITIONS[state]
            )
            found[row.digest].append(_Other(row.code, datetime.fromisoformat(row.received_at), waits))
    return found


def _suspect(connection: Connection, code: str, first: str, at: str) -> bool:
    """A case that is here already and was received later. Only its row is locked: another process may move it."""
    here = (cases.c.terminal == issuer(code)) & (cases.c.code == code)
    registered = here & (cases.c.state == CaseState.REGISTERED.value)
    values = {"state": CaseState.DUPLICATE_SUSPECTED.value, "reason": None, "words_zh": "", "words_en": ""}
    if not connection.execute(update(cases).where(registered).values(**values)).rowcount:
        return False
    log.write(connection, at, Event.CASE_DUPLICATE, issuer(code), code, f"of {first}")
    return True
