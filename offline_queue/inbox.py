"""The terminal's half of the inbox: which letters are good, and what they do to the outbox.

A letter and the cursor are written in one transaction, so that each is applied exactly once, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue.acknowledgement import fault_of_signature
from offline_queue.inbox_wire import CaseNews, Cases, Correction, Letter, Reference, read_content
from offline_queue.records import ItemState, Settlement
from offline_queue.schema import Connection
from offline_queue.transactions import CORRECTED, count, settle_one, transaction


@dataclass(frozen=True, slots=True)
class Sorted:
    """The letters that may be applied, and why the one after them may not; empty when all may."""

    good: tuple[Letter, ...]
    fault: str = ""


def sort_letters(
    letters: Sequence[Letter],
    terminal: str,
    cursor: int | None,
    centre_keys: Mapping[str, Ed25519PublicKey],
) -> Sorted:
    """Those that follow the cursor without a gap, each signed for this terminal. Older ones are left out."""
    good: list[Letter] = []
    for letter in letters:
        if cursor is not None and letter.number <= cursor:
            continue
        if fault := _fault_of(letter, terminal, cursor, centre_keys):
            return Sorted(tuple(good), fault)
        good.append(letter)
        cursor = letter.number
    return Sorted(tuple(good))


def _fault_of(
    letter: Letter, terminal: str, cursor: int | None, centre_keys: Mapping[str, Ed25519PublicKey]
) -> str:
    if letter.terminal != terminal:
        return "a letter for another terminal"
    if cursor is not None and letter.number != cursor + 1:
        return "a letter is missing"
    return fault_of_signature(letter, centre_keys)


def cursor_of(connection: Connection) -> int | None:
    """The number of the last letter applied; None before the first."""
    found = connection.execute("select cursor from inbox").fetchone()[0]
    return None if found is None else int(found)


def apply(connection: Connection, letters: Iterable[Letter]) -> None:
    """Do what they say, and move the cursor. One that this program cannot read is passed over."""
    with transaction(connection):
        for letter in letters:
            cursor = cursor_of(connection)
            if cursor is not None and letter.number != cursor + 1:
                continue
            match read_content(letter.content):
                case Cases(cases=cases):
                    for news in cases:
                        keep_news(connection, news)
                case Correction() as correction:
                    _correct(connection, correction)
                    keep_news(connection, correction.news)
                case Reference() as reference:
                    _keep_reference(connection, reference)
                case None:
                    connection.execute("update inbox set unread = unread + 1")
            connection.execute("update inbox set cursor = ?", (letter.number,))


def _correct(connection: Connection, correction: Correction) -> None:
    """Close the item, if it is exactly the one that the centre means."""
    row = connection.execute(
        "select sequence from item join delivery using (sequence) where delivery.id = ? and item_hash = ? "
        "and state in ('pending', 'quarantined')",
        (correction.item_id, correction.item_hash),
    ).fetchone()
    if row is not None:
        news = correction.news
        words = f"{news.words_zh} / {news.words_en}"
        closed = Settlement(row[0], ItemState.CLOSED, CORRECTED, words, news.at, news.state)
        count(connection, settle_one(connection, closed))


def keep_news(connection: Connection, news: CaseNews) -> None:
    """Of a case that is still known here; the others were forgotten after their days.

    What was said before a further item of the case was taken is old news of that one: its own answer said more.
    """
    known = connection.execute(
        "update delivery set case_state = ? where lane = ? and not ("
        "coalesce(julianday(registered_at) > julianday(?), 0) and exists "
        "(select 1 from delivery first where first.lane = delivery.lane and first.sequence < delivery.sequence))",
        (news.state, news.code, news.at),
    )
    if known.rowcount:
        connection.execute(
            "insert or replace into case_news (lane, state, at, words_zh, words_en) values (?, ?, ?, ?, ?)",
            (news.code, news.state, news.at, news.words_zh, news.words_en),
        )


def news_of(connection: Connection, lane: str) -> CaseNews | None:
    """The centre's last letter about a case."""
    row = connection.execute(
        "select lane, state, at, words_zh, words_en from case_news where lane = ?", (lane,)
    ).fetchone()
    if row is None:
        return None
    return CaseNews(code=row[0], state=row[1], at=row[2], words_zh=row[3], words_en=row[4])


def _keep_reference(connection: Connection, reference: Reference) -> None:
    connection.execute(
        "insert or replace into reference (subject, version, sha256, path) values (?, ?, ?, ?)",
        (reference.subject, reference.version, reference.sha256, reference.path),
    )


def references(connection: Connection) -> tuple[Reference, ...]:
    """The newest of each subject."""
    rows = connection.execute(
        "select subject, version, sha256, path from reference order by subject"
    ).fetchall()
    return tuple(Reference(subject=row[0], version=row[1], sha256=row[2], path=row[3]) for row in rows)
