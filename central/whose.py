"""Whose a case is, and which withdrawals wait for it: read out of what the centre has taken in before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from central.form import Reason
from central.opening import open_content
from central.schema import items
from kiosk.case import RECOGNISED, CasePayload, Person, WithdrawalPayload, is_same_person
from offline_queue.seal import PrivateKey
from offline_queue.wire import Item, Kind


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

    @property
    def vouched(self) -> bool:
        """Sent by the terminal that made it: what it says of a person was seen there. Anybody can seal."""
        return self.terminal == self.carried_by

    @property
    def at_home(self) -> bool:
        """Sent by the terminal that made it and issued the case's code."""
        return self.vouched and issuer(self.code) == self.carried_by


def arrival(row: Row[Any]) -> Arrival:
    """Of a row of `items`."""
    return Arrival(
        terminal=row.terminal,
        carried_by=row.carried_by,
        item_id=row.item_id,
        code=row.code,
        kind=row.kind,
        service=row.service,
        received_at_kiosk=row.received_at_kiosk,
        clock_quality=row.clock_quality,
        arrived_at=row.registered_at,
    )


Asked = tuple[Arrival, WithdrawalPayload]


@dataclass(slots=True)
class Known:
    """Exists in memory only, for the cases of some items."""

    persons: dict[str, Person | None] = field(default_factory=dict)
    """Code -> who filed it at the terminal of its code; a code that is missing is of nobody known here."""
    waiting: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    """Code -> withdrawals with evidence, in the order in which they came."""
    erased: set[str] = field(default_factory=set)
    """Codes of cases whose own terminal erased the content for a withdrawal, and so had made sure whose it was."""

    def file(self, item: Arrival, content: CasePayload) -> None:
        """The first one at the code's own terminal says whose the case is."""
        if item.at_home:
            self.persons.setdefault(item.code, content.person)

    def erase(self, item: Arrival) -> None:
        """It came as its header, from the terminal that is to be believed that it was withdrawn there."""
        if item.at_home:
            self.erased.add(item.code)

    def is_of(self, item: Arrival, content: CasePayload | WithdrawalPayload) -> bool:
        """Recognised (level 2), where the item was made, as the person of the case."""
        filed = self.persons.get(item.code)
        return (
            item.vouched
            and content.assurance in RECOGNISED
            and content.person is not None
            and filed is not None
            and is_same_person(content.person, filed)
        )

    def may_withdraw(self, item: Arrival, content: WithdrawalPayload) -> bool:
        """As its person; or by the terminal that erased it, since nobody else can tell any more whose it was."""
        erased_there = item.at_home and item.code in self.erased and item.code not in self.persons
        return self.is_of(item, content) or erased_there

    def is_of_another(self, item: Arrival, content: CasePayload) -> bool:
        """Both are somebody, and not the same."""
        filed = self.persons.get(item.code)
        return filed is not None and content.person is not None and not is_same_person(filed, content.person)


def known_before(connection: Connection, codes: Collection[str], keys: Mapping[str, PrivateKey]) -> Known:
    """What earlier items of these codes say. What was swept since, or could not be used, says nothing."""
    known = Known()
    if not codes:
        return known
    query = select(items).where(
        items.c.code.in_(codes),
        items.c.kind.in_((Kind.CASE.value, Kind.WITHDRAWAL.value)),
        items.c.opened_at.is_not(None),
        (items.c.erased_at.is_(None) & items.c.finding.is_(None)) | (items.c.finding == Reason.ERASED.value),
    )
    for row in connection.execute(query.order_by(items.c.registered_at, items.c.sequence)):
        if row.finding is not None:
            known.erase(arrival(row))
            continue
        content = open_content(Item(**row.header, sealed=row.sealed), keys)
        if isinstance(content, CasePayload):
            known.file(arrival(row), content)
        elif isinstance(content, WithdrawalPayload):
            known.waiting[row.code].append((arrival(row), content))
    return known
