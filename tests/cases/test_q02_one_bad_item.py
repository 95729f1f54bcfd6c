"""Q02: items that the centre will never take stand among others; nobody else waits, nothing is thrown away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from offline_queue import wire
from offline_queue.schema import Connection
from offline_queue.store import ItemState
from tests.offline_queue.simulated import Status
from tests.offline_queue.terminal import FAST, Watched, committed, draft
from tests.offline_queue.village import village


def test_eight_items_of_which_five_fail(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        items = {name: draft(lane=name) for name in ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8")}
        for wanted in items.values():
            committed(place.outbox, wanted)
        place.centre.statuses[items["K2"].id] = Status(422, "no-such-action")
        place.centre.statuses[items["K4"].id] = Status(500, "internal")
        place.centre.statuses[items["K7"].id] = Status(413, "too_large")
        place.centre.verdicts[items["K5"].id] = wire.Verdict(
            item_id=items["K5"].id, kind=wire.VerdictKind.LATER, retry_after_s=3600.0
        )

        def rot(connection: Connection) -> None:
            connection.execute("drop trigger item_is_immutable")
            connection.execute("update item set sealed = x'00' where sequence = 8")

        place.outbox._owner.ask(rot)

        def state(name: str) -> ItemState:
            return place.outbox.find(name)[0].state

        # more patience with lone rejections than there are bad items: here the items are to blame
        with Watched(
            place.outbox, place.link, place.centre, policy=replace(FAST, lone_rejections_max=50)
        ) as watched:
            watched.until(
                lambda: all(state(name) is ItemState.ACKNOWLEDGED for name in ("K1", "K3", "K6")),
                "the good ones",
            )
            watched.until(
                lambda: all(state(name) is ItemState.QUARANTINED for name in ("K2", "K7", "K8")),
                "the refused ones",
            )
            tries = place.outbox.find("K4")[0].attempts
            watched.until(lambda: place.outbox.find("K4")[0].attempts > tries, "K4 is tried again")
            assert state("K4") is ItemState.PENDING
            assert state("K5") is ItemState.PENDING
            heard_k5 = place.centre.times_heard[items["K5"].id]
            late = draft(lane="K9")
            committed(place.outbox, late)
            watched.sender.wake()
            watched.until(lambda: late.id in place.centre.ids, "a new one passes them all")
            assert place.centre.times_heard[items["K5"].id] == heard_k5, "not before its time"
        assert place.outbox.find("K2")[0].reason == "no-such-action: 测试故障"
        assert items["K8"].id not in place.centre.times_heard, "a damaged row is not sent"
        counters = place.outbox.counters()
        assert (counters.quarantined, counters.pending, counters.acknowledged) == (3, 2, 4)
        assert counters.oldest_pending_at == items["K4"].received_at
        assert place.outbox.verify().first_broken is not None, "the damage is visible"
