"""Definitions and configuration for the terminals (story O3): first a few of them, then all, and back again.

A publication is a text with a number that only counts up; going back publishes the former text under the next number, so
that a terminal never has to take an older one. The letters that refer to it are written in its transaction.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, insert, select, update

from central import inbox, log
from central.database import as_text, utc_now, writing
from central.locks import lock_issuers
from central.log import NO_TERMINAL, Event
from central.schema import heartbeats, letters, publications, terminals
from offline_queue.inbox_wire import Reference, read_content
from offline_queue.publication_wire import CONTENT_MAX, PUBLICATION_PATH, PublicationAnswer, digest_of

Subject = Literal["definitions", "configuration"]
CANARY_PERCENT = 5.0
BY_MAX = 32


class State(StrEnum):
    """How far a publication has come."""

    CANARY = "canary"
    ALL = "all"
    WITHDRAWN = "withdrawn"


class NotDone(StrEnum):
    """Why nothing was changed."""

    UNDER_WAY = "under_way"
    NO_TERMINALS = "no_terminals"
    TOO_LARGE = "too_large"
    SAME = "same"
    NO_CANARY = "no_canary"
    REFUSED = "refused"
    NOT_TAKEN_YET = "not_taken_yet"
    NOTHING = "nothing"


WORDS: dict[NotDone, str] = {
    NotDone.UNDER_WAY: (
        "上一版还在先行终端上：请先 spread 或 roll-back / "
        "the last version is with its first terminals still: spread it or roll it back"
    ),
    NotDone.NO_TERMINALS: "没有登记的终端 / no terminal is enrolled",
    NotDone.TOO_LARGE: "内容太大 / too large to be fetched in one answer",
    NotDone.SAME: "和现在发布的一样 / it is what is published now",
    NotDone.NO_CANARY: "没有等着推广的版本 / no version waits to be spread",
    NotDone.REFUSED: "有先行终端没有采用，请 roll-back / a first terminal refused it: roll it back",
    NotDone.NOT_TAKEN_YET: (
        "先行终端还没有全部采用，请等一等 / not every first terminal has taken it yet: wait, or say --anyway"
    ),
    NotDone.NOTHING: "没有可以退回的 / nothing is published that could be taken back",
}


@dataclass(frozen=True, slots=True)
class Done:
    """What counts now, and who was told."""

    subject: Subject
    version: int
    state: State
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Uptake:
    """How the terminals that were told took it, as their heartbeats say."""

    taken: tuple[str, ...]
    refused: dict[str, str]
    waiting: tuple[str, ...]


def find(engine: Engine, sha256: str) -> PublicationAnswer | None:
    """What lies at an address."""
    query = select(publications.c.content).where(
        publications.c.terminal == NO_TERMINAL, publications.c.sha256 == sha256
    )
    with engine.connect() as connection:
        content = connection.execute(query.limit(1)).scalar_one_or_none()
    return None if content is None else PublicationAnswer(content=content)


def publish(
    engine: Engine,
    subject: Subject,
    make: Callable[[str | None], str],
    by: str,
    percent: float = CANARY_PERCENT,
) -> Done | NotDone:
    """Give a new text to a share of the terminals. `make`: the text that counts now -> the next one."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        rows = _history(connection, subject)
        if rows and rows[0].state == State.CANARY:
            return NotDone.UNDER_WAY
        counts = next((row for row in rows if row.state == State.ALL), None)
        content = make(counts.content if counts else None)
        if len(content) > CONTENT_MAX:
            return NotDone.TOO_LARGE
        if counts is not None and counts.content == content:
            return NotDone.SAME
        version = rows[0].version + 1 if rows else 1
        first = canaries(_enrolled(connection), version, percent)
        if not first:
            return NotDone.NO_TERMINALS
        _add(connection, subject, version, content, State.CANARY, first, at)
        _tell(connection, subject, version, content, first, at)
        _log(connection, at, Event.PUBLISHED, subject, version, by)
    return Done(subject, version, State.CANARY, tuple(first))


def spread(engine: Engine, subject: Subject, by: str, *, anyway: bool = False) -> Done | NotDone:
    """Give what the first terminals took to all others. `anyway`: also when some of them have not spoken yet."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        rows = _history(connection, subject)
        if not rows or rows[0].state != State.CANARY:
            return NotDone.NO_CANARY
        newest = rows[0]
        uptake = _uptake(connection, subject, newest.version, newest.canaries)
        if uptake.refused:
            return NotDone.REFUSED
        if uptake.waiting and not anyway:
            return NotDone.NOT_TAKEN_YET
        others = [name for name in _enrolled(connection) if name not in newest.canaries]
        _tell(connection, subject, newest.version, newest.content, others, at)
        _move(connection, subject, newest.version, State.ALL)
        _log(connection, at, Event.PUBLISHED_TO_ALL, subject, newest.version, by)
    return Done(subject, newest.version, State.ALL, tuple(others))


def roll_back(engine: Engine, subject: Subject, empty: str, by: str) -> Done | NotDone:
    """Give the text before the newest again to all who were told of the newest. `empty`: before the first there was this."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        rows = [row for row in _history(connection, subject) if row.state != State.WITHDRAWN]
        if not rows:
            return NotDone.NOTHING
        newest, content = rows[0], rows[1].content if len(rows) > 1 else empty
        told = newest.canaries if newest.state == State.CANARY else _enrolled(connection)
        version = _history(connection, subject)[0].version + 1
        _move(connection, subject, newest.version, State.WITHDRAWN)
        if len(rows) > 1:
            _move(
                connection, subject, rows[1].version, State.WITHDRAWN
            )  # it counts again, under the new number
        _add(connection, subject, version, content, State.ALL, told, at)
        _tell(connection, subject, version, content, told, at)
        _log(connection, at, Event.ROLLED_BACK, subject, version, by)
    return Done(subject, version, State.ALL, tuple(told))


def tell_newcomer(connection: Connection, terminal: str, at: str) -> None:
    """Letters of what counts for all, unless such or newer ones wait in its inbox already."""
    query = select(publications).where(
        publications.c.terminal == NO_TERMINAL, publications.c.state == State.ALL.value
    )
    newest = {row.subject: row for row in connection.execute(query.order_by(publications.c.version))}
    if not newest:
        return
    waiting = select(letters.c.content).where(letters.c.terminal == terminal)
    told = [read_content(content) for content in connection.execute(waiting).scalars()]
    versions = [
        (one.subject, int(one.version))
        for one in told
        if isinstance(one, Reference) and one.version.isdecimal()
    ]
    for subject, row in sorted(newest.items()):
        if not any(name == subject and version >= row.version for name, version in versions):
            _tell(connection, subject, row.version, row.content, [terminal], at)


def overview(engine: Engine) -> list[tuple[Row[Any], Uptake]]:
    """The newest of each subject, and how it is taken."""
    found = []
    with engine.connect() as connection:
        for subject in ("definitions", "configuration"):
            rows = _history(connection, subject)
            if rows:
                newest = rows[0]
                told = newest.canaries if newest.state == State.CANARY else _enrolled(connection)
                found.append((newest, _uptake(connection, subject, newest.version, told)))
    return found


def canaries(enrolled: Collection[str], version: int, percent: float) -> list[str]:
    """At least one; other ones for each version, so that it is not always the same village."""
    count = math.ceil(len(enrolled) * percent / 100)
    drawn = sorted(enrolled, key=lambda name: hashlib.sha256(f"{version}/{name}".encode()).digest())
    return sorted(drawn[:count])


def _history(connection: Connection, subject: str) -> Sequence[Row[Any]]:
    """Newest first; until the transaction ends nobody else publishes."""
    lock_issuers(connection, {NO_TERMINAL})
    query = select(publications).where(
        publications.c.terminal == NO_TERMINAL, publications.c.subject == subject
    )
    return connection.execute(query.order_by(publications.c.version.desc())).all()


def _enrolled(connection: Connection) -> list[str]:
    query = select(terminals.c.terminal).where(terminals.c.revoked_at.is_(None))
    return sorted(connection.execute(query).scalars())


def _uptake(connection: Connection, subject: str, version: int, told: Collection[str]) -> Uptake:
    query = select(heartbeats.c.terminal, heartbeats.c.body).where(heartbeats.c.terminal.in_(told))
    taken, refused = [], {}
    for terminal, body in connection.execute(query):
        said = body.get("not_taken", {}).get(subject, "")
        if body.get("published", {}).get(subject) == str(version):
            taken.append(terminal)
        elif said.partition(" ")[0] == str(version):
            refused[terminal] = said.partition(" ")[2]
    waiting = sorted(set(told) - set(taken) - refused.keys())
    return Uptake(tuple(sorted(taken)), refused, tuple(waiting))


def _add(
    connection: Connection,
    subject: str,
    version: int,
    content: str,
    state: State,
    told: Sequence[str],
    at: str,
) -> None:
    connection.execute(
        insert(publications).values(
            terminal=NO_TERMINAL,
            subject=subject,
            version=version,
            sha256=digest_of(content),
            content=content,
            state=state.value,
            canaries=list(told) if state is State.CANARY else [],
            published_at=at,
        )
    )


def _move(connection: Connection, subject: str, version: int, state: State) -> None:
    here = (publications.c.terminal == NO_TERMINAL) & (publications.c.subject == subject)
    moved = update(publications).where(here, publications.c.version == version)
    connection.execute(moved.values(state=state.value))


def _tell(
    connection: Connection, subject: Subject, version: int, content: str, told: Collection[str], at: str
) -> None:
    sha256 = digest_of(content)
    path = PUBLICATION_PATH.format(sha256=sha256)
    letter = Reference(subject=subject, version=str(version), sha256=sha256, path=path)
    inbox.post(connection, {terminal: [letter] for terminal in told}, at)


def _log(connection: Connection, at: str, event: Event, subject: str, version: int, by: str) -> None:
    log.write(connection, at, event, NO_TERMINAL, detail=f"{subject} {version} by {by[:BY_MAX]}")
