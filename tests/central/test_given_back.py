"""A technician gives a refused item back at a real terminal: the centre hears of it, and the case is what it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from central.server import RunningCentre
from kiosk.clock import Clock
from kiosk.repair import RETURNED_WORDS, GiveBack, give_back
from offline_queue import Draft, new_item_id
from offline_queue.records import ItemState
from offline_queue.wire import Kind
from tests.central.photographed import Terminal, terminal
from tests.central.station import Station
from tests.central.test_corrections import state_of
from tests.crash.visits import Visit
from tests.offline_queue.terminal import committed


def refused(booth: Terminal, draft: Draft) -> None:
    """For its time, which the centre cannot read."""
    committed(booth.outbox, replace(draft, id=new_item_id(), received_at="yesterday"))
    booth.send_everything()


@pytest.mark.parametrize("kind", [*Kind, None])
def test_the_centre_waits_for_nobody_and_the_case_is_what_it_was(
    running: RunningCentre, station: Station, trust: Path, tmp_path: Path, kind: Kind | None
) -> None:
    """None: the case's only item."""
    visit, expected = Visit.new(), "withdrawn" if kind is None else "registered"
    with terminal(tmp_path, trust, running.url) as booth:
        if kind is not None:
            committed(booth.outbox, visit.draft())
            booth.send_everything()
        refused(booth, replace(visit.draft(), kind=kind or Kind.CASE))
        assert station.metric("jiujin_refused_items") == {"": 1}
        (summary,) = booth.outbox.deliveries.quarantined()
        done = give_back(booth.outbox, summary, RETURNED_WORDS, Clock(tmp_path / "clock.json"))
        assert done is GiveBack.DONE
        booth.send_everything()
        assert station.metric("jiujin_refused_items") == {"": 0}
        assert state_of(station, visit.code) == expected
        states = {item.state for item in booth.outbox.find(visit.code)}
        assert states == {ItemState.CLOSED, ItemState.ACKNOWLEDGED}
        assert booth.outbox.verify().whole
