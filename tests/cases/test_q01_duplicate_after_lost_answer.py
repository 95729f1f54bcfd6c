"""Q01: the centre commits, the answer is lost, the terminal sends again. One record in every variant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from offline_queue.courier import Courier
from offline_queue.link import LinkState
from offline_queue.store import Committed, NotCommitted, Refused
from tests.offline_queue.simulated import LOSE_ANSWER
from tests.offline_queue.terminal import FAST, QUICK, Watched, committed, draft
from tests.offline_queue.village import Village, village

BODY = '{"service": "sample-cert", "name": "测试甲", "number": "110199199001019998"}'.encode()


def courier(place: Village) -> Courier:
    return Courier(place.outbox, place.link, {place.centre.key_id: place.centre.key.public_key()}, FAST)


def test_answer_lost_then_normal(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        wanted = draft(payload=BODY)
        committed(place.outbox, wanted)
        place.centre.faults.append(LOSE_ANSWER)
        with Watched(place.outbox, place.link, place.centre) as watched:
            watched.until(lambda: place.outbox.counters().acknowledged == 1, "sent again")
        assert place.centre.order == [wanted.id]
        assert place.centre.times_heard[wanted.id] == 2
        (summary,) = place.outbox.find(wanted.lane)
        assert (summary.verdict, summary.attempts) == ("duplicate", 2)
        first = place.centre.registered["0142", wanted.id].acknowledgement
        assert summary.registered_at == first.registered_at, "the first result, not a second"


def test_b_answer_after_the_terminals_patience(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        wanted = draft(payload=BODY)
        committed(place.outbox, wanted)
        impatient = place.kit.link(place.centre, place.authority.ca_file, timeouts=replace(QUICK, read_s=0.2))
        place.link = impatient
        with place.centre._lock:  # the centre is at work and does not answer
            carrier = courier(place)
            assert not carrier.round()
            assert carrier.link_state is LinkState.SLOW
        with Watched(place.outbox, impatient, place.centre) as watched:
            watched.until(lambda: place.outbox.counters().acknowledged == 1, "sent again")
        assert place.centre.order == [wanted.id]


def test_c_killed_between_answer_and_mark(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        wanted = draft(payload=BODY)
        committed(place.outbox, wanted)
        place.outbox._owner.ask(lambda connection: connection.execute("pragma query_only = on"))
        assert courier(place).round()
        assert place.centre.order == [wanted.id]
        place.restart()
        assert place.outbox.counters().pending == 1
        assert committed(place.outbox, wanted).already, "the key survives the restart"
        assert courier(place).round()
        assert place.outbox.counters().acknowledged == 1
        assert place.centre.order == [wanted.id]


def test_d_same_key_other_body(tmp_path: Path) -> None:
    """Refused on the terminal already; at the centre it is a conflict that waits for a person."""
    with village(tmp_path) as place:
        wanted = draft(payload=BODY)
        assert isinstance(place.outbox.commit(wanted), Committed)
        answer = place.outbox.commit(draft(id=wanted.id, payload=b"other"))
        assert isinstance(answer, NotCommitted)
        assert answer.reason is Refused.CONFLICT
        assert courier(place).round()
        first = place.centre.registered["0142", wanted.id]
        place.outbox.close()
        place.kit.directory = tmp_path / "another disk with the same identity"
        place.outbox = place.kit.open()
        committed(place.outbox, draft(id=wanted.id, payload=b"other"))
        assert courier(place).round()
        assert place.centre.registered["0142", wanted.id] is first
        (summary,) = place.outbox.deliveries.quarantined()
        assert (summary.verdict, summary.reason) == ("conflict", "同一编号，内容不同")


def test_e_two_workers_take_the_same_row(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        for number in range(20):
            committed(place.outbox, draft(lane=f"LANE{number}", payload=BODY))
        second_link = place.kit.link(place.centre, place.authority.ca_file)
        with (
            Watched(place.outbox, place.link, place.centre) as one,
            Watched(place.outbox, second_link, place.centre),
        ):
            one.until(lambda: place.outbox.counters().acknowledged == 20, "all delivered")
        assert len(place.centre.order) == len(set(place.centre.order)) == 20
        assert place.outbox.counters().pending == 0
