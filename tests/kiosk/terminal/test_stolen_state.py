"""A terminal's disk is stolen: no resident is to be found there (rules F13, F15)."""

from __future__ import annotations

from pathlib import Path

from kiosk.bench.people import PEOPLE
from tests.kiosk.terminal.hall import NO_CAMERA, PENSION, hall
from tests.offline_queue.stolen import every_byte, places_of

WORDS = "村口第三盏路灯从昨夜起不亮"


def test_a_stolen_disk_tells_nothing_of_who_was_here(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with hall(tmp_path, settings=NO_CAMERA) as running:
        running.report_a_problem(description=WORDS)
        [item] = running.terminal.outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=99_999)
        assert running.village.printer.wait_until_idle()
        running.press("finish", "skip")
        running.play(wait_state="attract")
        running.press("begin", f"service:{PENSION}", "next", "other_way")
        running.play(wait_state="card")
        running.village.put_card("zhou")
        running.play(wait_state="other_way")
        amid_a_visit = every_byte(state)
    switched_off = every_byte(state)
    card = PEOPLE["zhou"].document
    for found in (amid_a_visit, switched_off):
        assert places_of(item.lane, found), "the case's code is there: the search finds what is"
        assert {"outbox/outbox.ballast", "outbox/outbox.db"} < set(found)
        for secret in (WORDS, card.name, card.number):
            assert places_of(secret, found) == []
