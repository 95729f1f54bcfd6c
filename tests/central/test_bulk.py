"""What is put and asked in bulk is the same on every database."""

from __future__ import annotations

from central.bulk import insert_new, of_terminals
from central.database import open_database, writing
from central.schema import inboxes

NUMBERS = {f"{number:04}": number for number in range(1, 300)}


def test_many_terminals_are_asked_about_in_one_question(database: str) -> None:
    engine = open_database(database)
    rows = [{"terminal": terminal, "newest": newest} for terminal, newest in NUMBERS.items()]
    with writing(engine).begin() as connection:
        assert len(insert_new(connection, inboxes, rows)) == len(rows)
        assert insert_new(connection, inboxes, rows[:5]) == set(), "they are there already"
        asked = ["0007", "0299", "9999"]
        found: dict[str, int] = dict(of_terminals(connection, inboxes, asked, ("terminal", "newest")))
        assert found == {"0007": 7, "0299": 299}, "who has no row has no answer"
        every: dict[str, int] = dict(of_terminals(connection, inboxes, NUMBERS, ("terminal", "newest")))
        assert every == NUMBERS
        assert of_terminals(connection, inboxes, [], ("terminal", "newest")) == []
    engine.dispose()
