"""Finding the cases of a person who stands at a counter, by the number on the document and nothing else of it.

Which cases name a person as the one they are for (also where another acted) is kept as a digest of what makes two
documents one person's (`kiosk.case.person_key`), keyed with what is derived from the centre's sealing key: a copy of the
database tells nobody who filed what, and cannot be tried with numbers. Who acted for another is not entered: the case
is not theirs; nor is whom only another terminal, or a later item, names instead of the person who filed it.
Every search is written down, with who and why and never with the number.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, exists, select, tuple_

from central import log
from central.bulk import insert_new
from central.contents import open_row
from central.database import as_text, utc_now, writing
from central.locks import lock_issuers
from central.log import NO_TERMINAL, Event
from central.schema import cases, events, items, persons
from central.staff_words import Signed
from central.whose import Arrival, Known, arrival, issuer
from kiosk.case import CITIZEN_KINDS, CasePayload, Person, person_key
from kiosk.identity import NUMBER_WORDS, NumberProblem, normalise_number, read_number
from offline_queue.seal import PrivateKey
from offline_queue.wire import Kind

NOBODY = ""
"""Stands for a digest where a case names nobody: it is entered, and no search finds it."""
OLDER_AT_ONCE = 100
"""Cases of one transaction that enters those from before there were such digests."""
NUMBER_MAX = 32
BIRTH_MAX = 10
BEGINNING = ("", "")
Place = tuple[str, str]
"""Terminal and code of the case after which to go on."""


@dataclass(frozen=True, slots=True)
class Document:
    """`kinds`: of `Person.document_kind`."""

    kinds: tuple[str, ...]
    zh: str
    en: str


CITIZEN = "citizen"
DOCUMENTS: Mapping[str, Document] = {
    CITIZEN: Document(
        tuple(sorted(CITIZEN_KINDS)), "居民身份证、社会保障卡", "ID card, social security card"
    ),
    "hmt_permit": Document(
        ("hmt_permit",), "港澳台居民居住证", "Residence permit for Hong Kong, Macao, Taiwan residents"
    ),
    "foreign_pr": Document(
        ("foreign_pr_2017", "foreign_pr_2023"), "外国人永久居留身份证", "Foreigner's permanent residence card"
    ),
    "passport": Document(("passport",), "护照", "Passport"),
}
"""What staff choose from."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """What was typed and cannot be looked for: `field` is `number`, `birth` or `document`. Repeats nothing of it."""

    field: str
    reason: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """One person, as the texts that `person_key` can have made of the document."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Persons:
    """`keys`: the present one first, then those of retired sealing keys."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)

    def of(self, person: Person | None) -> str:
        """The digest under which a case of this person is entered."""
        if person is None:
            return NOBODY
        return _digest(self.keys[0], person_key(person.document_kind, person.number, person.birth_date))

    def of_wanted(self, wanted: Wanted) -> set[str]:
        return {_digest(key, text) for key in self.keys for text in wanted.texts}


NO_PERSONS = Persons()


@dataclass(frozen=True, slots=True)
class Found:
    """`rows` of `cases`, newest first. `by_another`: codes where somebody else acted for the person."""

    rows: list[Row[Any]]
    by_another: frozenset[str]
    more: bool
    """There are more than were asked for."""
    complete: bool
    """False while cases of before are not entered yet, or as long as some cannot be opened."""


def read_wanted(document: str, number: str, birth: str = "") -> Wanted | Unfit:
    """Judge what was typed. `birth`: as 1990-01-31 or 19900131; only documents that are no citizen's need it."""
    chosen = DOCUMENTS.get(document)
    if chosen is None:
        names = "、".join(DOCUMENTS)
        return Unfit("document", "unknown", f"证件种类要选一个：{names}", f"choose a document: {names}")
    if document == CITIZEN:
        read = read_number(number)
        if isinstance(read, NumberProblem):
            told = NUMBER_WORDS[read]
            return Unfit("number", read.value, told["zh"], told["en"])
        return Wanted((person_key(chosen.kinds[0], read.value, None),))
    normal = normalise_number(number)
    if not (normal.isascii() and normal.isalnum() and len(normal) <= NUMBER_MAX):
        return Unfit(
            "number",
            "signs",
            f"证件号码只有数字和字母，最多 {NUMBER_MAX} 位，请对照证件看一看。",
            f"A document number has digits and letters only, at most {NUMBER_MAX}. Please compare with the document.",
        )
    born = _day(birth)
    if born is None:
        return Unfit(
            "birth",
            "date",
            "这种证件还要出生日期，写成 1990-01-31，请对照证件看一看。",
            "This document needs the date of birth too, as 1990-01-31. Please compare with the document.",
        )
    # A case that was entered from paper may lack the date.
    dates = (born.isoformat(), None)
    return Wanted(tuple(person_key(kind, normal, one) for kind in chosen.kinds for one in dates))


def repeats(number: str, signed: Signed) -> Unfit | None:
    """What staff wrote is kept; the number must not stand in it. Long ones are refused in any words (`staff_words`)."""
    wanted = normalise_number(number)
    if not any(wanted in normalise_number(words) for words in (signed.by, signed.why)):
        return None
    return Unfit(
        "by",
        "number",
        "经办人或原因里写了证件号码，这里会记下来，请不要写号码。",
        "The number of the document stands in who looks or why, which is written down: please leave it out.",
    )


def _day(typed: str) -> date | None:
    text = normalise_number(typed)
    try:
        return date.fromisoformat(text) if len(text) in (8, 10) and "W" not in text else None
    except ValueError:
        return None


def is_for(item: Arrival, content: CasePayload, known: Known) -> bool:
    """Whether the case can be taken to be for whom this item names. `known`: with this item filed.

    Made where the code was issued, as what ends with the case's content there ends its digests too (`central.retention`).
    """
    return item.terminal == issuer(item.code) and not known.is_of_another(item, content)


def enter(connection: Connection, known: Persons, content: Iterable[CasePayload]) -> None:
    """Enter whom these cases are for, in the caller's transaction, which holds their issuers' locks."""
    if not known.keys:
        return
    named = sorted({(one.case_code, known.of(one.person)) for one in content})
    rows = [{"terminal": issuer(code), "code": code, "digest": digest} for code, digest in named]
    insert_new(connection, persons, rows)


def find(engine: Engine, known: Persons, wanted: Wanted, signed: Signed, limit: int) -> Found:
    """At most `limit` cases of this person. The search stands in the log before anybody sees what it found, and in the
    trail of each case that it found.
    """
    at = as_text(utc_now())
    same = (cases.c.terminal == persons.c.terminal) & (cases.c.code == persons.c.code)
    query = select(cases).where(exists().where(same, persons.c.digest.in_(known.of_wanted(wanted))))
    with engine.connect() as connection:
        # It looks through all cases: nobody who writes waits for that. Asked first, since what is complete stays so.
        complete = connection.execute(_lacking(BEGINNING).limit(1)).first() is None
    with writing(engine).begin() as connection:
        newest = query.order_by(cases.c.registered_at_centre.desc(), cases.c.code).limit(limit + 1)
        rows = list(connection.execute(newest))
        shown = rows[:limit]
        codes = [row.code for row in shown]
        acted = select(events.c.code).where(
            events.c.code.in_(codes), events.c.event == Event.CASE_BY_AGENT.value
        )
        by_another = frozenset(connection.execute(acted).scalars())
        log.write(connection, at, Event.PERSON_SOUGHT, NO_TERMINAL, detail=f"{signed}; {len(shown)} found")
        for code in codes:
            log.write(connection, at, Event.PERSON_SOUGHT, issuer(code), code, str(signed))
    return Found(shown, by_another, len(rows) > limit, complete)


def latest_searches(connection: Connection, limit: int) -> list[Row[Any]]:
    """Who looked for somebody, and why; the newest first."""
    here = (events.c.terminal == NO_TERMINAL) & (events.c.event == Event.PERSON_SOUGHT.value)
    return list(connection.execute(select(events).where(here).order_by(events.c.id.desc()).limit(limit)))


def enter_older(engine: Engine, keys: Mapping[str, PrivateKey], known: Persons, after: Place) -> Place | None:
    """Enter some cases that were opened before there were such digests; where to go on, None at the end.

    What does not open is passed over: its key may come back, so the next start of the centre tries again.
    """
    with writing(engine).begin() as connection:
        due = connection.execute(
            _lacking(after).order_by(cases.c.terminal, cases.c.code).limit(OLDER_AT_ONCE)
        ).all()
        codes = {row.code for row in due}
        lock_issuers(connection, {row.terminal for row in due})
        here = items.c.terminal.in_({row.terminal for row in due}) & items.c.code.in_(codes)
        kept = select(items).where(here, _has_content()).order_by(items.c.registered_at, items.c.sequence)
        whose, named = Known(), []
        for row in connection.execute(kept).all():
            content = open_row(row, keys)
            if isinstance(content, CasePayload):
                whose.file(arrival(row), content)
                if is_for(arrival(row), content, whose):
                    named.append(content)
        enter(connection, known, named)
    return (due[-1].terminal, due[-1].code) if len(due) == OLDER_AT_ONCE else None


def _lacking(after: Place) -> Any:
    """Cases behind this place that have content here and are not entered."""
    entered = exists().where(persons.c.terminal == cases.c.terminal, persons.c.code == cases.c.code)
    content = exists().where(
        items.c.terminal == cases.c.terminal, items.c.code == cases.c.code, _has_content()
    )
    behind = tuple_(cases.c.terminal, cases.c.code) > tuple_(*after)
    return select(cases.c.terminal, cases.c.code).where(behind, content, ~entered)


def _has_content() -> ColumnElement[bool]:
    return (
        (items.c.kind == Kind.CASE.value)
        & items.c.opened_at.is_not(None)
        & items.c.erased_at.is_(None)
        & items.c.finding.is_(None)
    )


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
