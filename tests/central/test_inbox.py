"""The centre tells terminals by itself: numbered, signed, fetched with a cursor, dropped when applied."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from central.database import as_text, open_database, utc_now, writing
from central.inbox import post
from central.ingest import AT_ONCE_MAX
from central.schema import letters
from central.trust import load_trust
from kiosk.case import CaseState
from offline_queue.inbox import sort_letters
from offline_queue.inbox_wire import (
    INBOX_PATH,
    LETTERS_MAX,
    CaseNews,
    Cases,
    InboxAnswer,
    InboxRequest,
    Reference,
    read_content,
)
from offline_queue.wire import HeartbeatAnswer, Item
from tests.central.station import Station, centre
from tests.drivers.waiting import wait_until

NEW_DEFINITIONS = Reference(
    subject="definitions", version="2026-12", sha256="d" * 64, path="/catalogue/2026-12.json"
)


def ask(station: Station, after: int | None = None) -> InboxAnswer:
    request = InboxRequest(terminal=station.terminal, after=after)
    response = station.post(INBOX_PATH, request.model_dump_json(by_alias=True).encode())
    assert response.status_code == 200, response.text
    return InboxAnswer.model_validate_json(response.content)


def told(station: Station, after: int | None = None) -> dict[str, CaseNews]:
    """Code -> the last news."""
    found: dict[str, CaseNews] = {}
    for letter in ask(station, after).letters:
        content = read_content(letter.content)
        assert isinstance(content, Cases), letter
        found.update({news.code: news for news in content.cases})
    return found


def backlog(station: Station) -> list[Item]:
    """More than is opened before the answer; one of them with a seal that cannot be used."""
    unusable = station.item(payload=b"not a case")
    return [unusable, *(station.item() for _ in range(AT_ONCE_MAX))]


def post_references(database: str, count: int, terminal: str = "0142") -> None:
    engine = open_database(database)
    with writing(engine).begin() as connection:
        post(connection, {terminal: [NEW_DEFINITIONS] * count}, as_text(utc_now()))
    engine.dispose()


def test_what_was_answered_before_it_was_opened_is_told_by_the_inbox(station: Station) -> None:
    items = backlog(station)
    verdicts = station.send(*items)
    assert {verdict.case_state for verdict in verdicts} == {CaseState.SYNCED.value}
    assert wait_until(lambda: len(told(station)) == len(items))
    news = told(station)
    first = news.pop(items[0].lane)
    assert first.state == CaseState.NEEDS_CLERK.value
    assert "工作人员" in first.words_zh
    assert {one.state for one in news.values()} == {CaseState.REGISTERED.value}


def test_what_the_answer_told_is_not_told_again(station: Station) -> None:
    station.send(station.item())
    assert ask(station).letters == ()


def test_the_issuing_terminal_hears_of_a_case_that_another_one_brings(
    station: Station, other_station: Station
) -> None:
    item = station.item()
    other_station.send(item)
    assert told(station)[item.lane].state == CaseState.NEEDS_CLERK.value
    assert told(other_station) == {}


def test_a_heartbeats_answer_hints_at_the_newest_letter(database: str, trust: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        assert HeartbeatAnswer.model_validate_json(station.beat({}).content).inbox == 0
        post_references(database, 3)
        assert HeartbeatAnswer.model_validate_json(station.beat({}).content).inbox == 3


def test_letters_are_signed_for_their_terminal_and_place(database: str, trust: Path) -> None:
    known = load_trust(trust, production=False)
    keys = {known.acknowledgement_key_id: known.acknowledgement_key.public_key()}
    post_references(database, 2)
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        found = ask(station).letters
    assert sort_letters(found, "0142", None, keys).good == found
    moved = [letter.model_copy(update={"number": letter.number + 1}) for letter in found]
    assert sort_letters(moved, "0142", None, keys).good == ()


def test_letters_come_in_bounded_answers_and_are_dropped_once_applied(database: str, trust: Path) -> None:
    post_references(database, LETTERS_MAX + 5)
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        first = ask(station)
        assert [letter.number for letter in first.letters] == list(range(1, LETTERS_MAX + 1))
        assert first.more
        assert ask(station).letters == first.letters, "asking twice loses nothing"
        rest = ask(station, LETTERS_MAX)
        assert [letter.number for letter in rest.letters] == list(range(LETTERS_MAX + 1, LETTERS_MAX + 6))
        assert not rest.more
    engine = open_database(database)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(letters)).scalar_one() == 5
    engine.dispose()


def test_after_a_restored_backup_new_letters_come_after_the_terminals_cursor(
    database: str, trust: Path
) -> None:
    post_references(database, 1)
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        assert len(ask(station).letters) == 1, "given before the backup"
        assert ask(station, 7).letters == ()
        post_references(database, 1)
        assert [letter.number for letter in ask(station, 7).letters] == [8]


def test_after_a_restored_backup_letters_posted_before_the_terminal_asks_are_not_lost(
    database: str, trust: Path
) -> None:
    post_references(database, 1)
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        ask(station)
        post_references(database, 4)
        found = ask(station, 3).letters
        assert [letter.number for letter in found] == [4, 5, 6, 7], (
            "2 and 3 were others, gone with the database"
        )
        post_references(database, 1)
        assert [letter.number for letter in ask(station, 6).letters] == [7, 8]
        assert ask(station, 8).letters == ()


def test_nobody_reads_another_terminals_inbox(database: str, trust: Path) -> None:
    post_references(database, 1)
    with centre(database, trust) as running, closing(Station(running.url, trust, "0777")) as other:
        request = InboxRequest(terminal="0142").model_dump_json(by_alias=True).encode()
        assert other.post(INBOX_PATH, request).status_code == 401
        assert ask(other).letters == ()
