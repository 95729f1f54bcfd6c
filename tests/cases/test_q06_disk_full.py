"""Q06: SQLite is full. No half-saved case, no "received", no endless sending. (Real full disk: test_full_disk.)"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from offline_queue.schema import Connection
from offline_queue.store import NotCommitted, Refused
from tests.offline_queue.terminal import FAST, Watched, committed, draft
from tests.offline_queue.village import village


def fill(connection: Connection) -> None:
    connection.execute("pragma max_page_count = 1").fetchone()  # SQLite raises this to the present size


def test_a_full_database(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        first = draft(lane="FIRST")
        committed(place.outbox, first)
        place.outbox._owner.ask(fill)
        answer = place.outbox.commit(draft(lane="SECOND", payload=os.urandom(100_000)))
        assert isinstance(answer, NotCommitted)
        assert answer.reason is Refused.DISK_FULL
        assert place.outbox.find("SECOND") == ()
        assert place.outbox.verify().whole
        with Watched(place.outbox, place.link, place.centre) as watched:
            watched.until(lambda: place.outbox.counters().acknowledged == 1, "what is queued goes out")
        assert place.centre.order == [first.id]


def test_mark_that_cannot_be_written_does_not_make_it_send_again_and_again(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        wanted = draft()
        committed(place.outbox, wanted)

        def refuse_writing(connection: Connection) -> None:
            connection.execute("pragma query_only = on")

        place.outbox._owner.ask(refuse_writing)
        with Watched(
            place.outbox, place.link, place.centre, policy=replace(FAST, unwritable_hold_s=60.0)
        ) as watched:
            watched.until(lambda: watched.sender.status().last_error == "verdicts cannot be written", "said")
            moved = watched.sender.status().last_moved_monotonic_ns
            watched.sender.wake()
            watched.until(lambda: watched.sender.status().last_moved_monotonic_ns > moved, "woken in vain")
            assert place.centre.times_heard[wanted.id] == 1
        place.restart()
        with Watched(place.outbox, place.link, place.centre) as watched:
            watched.until(lambda: place.outbox.counters().acknowledged == 1, "written when it can be")
        assert place.centre.order == [wanted.id]
