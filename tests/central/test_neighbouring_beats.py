"""What one terminal signs never keeps the centre from hearing another."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from central.chain import ToldHead
from central.database import as_text, open_database, utc_now
from central.heartbeat import Beat, Beats, store
from central.problems import Turned
from central.schema import heartbeats
from offline_queue.manifest import MANIFEST_PATH
from offline_queue.wire import BATCH_PATH, HEARTBEAT_PATH, SCHEMA, SEQUENCE_MAX, ChainHead
from tests.central.station import Station

TOO_GREAT = 2**63
HASH = "0" * 64


def head_at(station: Station, sequence: int) -> dict[str, object]:
    """Signed by the terminal's own key; JSON, so that nothing at this end refuses it."""
    assert station.key is not None
    signature = station.key.sign(ChainHead.signed_bytes(station.terminal, sequence, HASH))
    head = ChainHead(sequence=0, hash=HASH, signature=signature)
    return {**head.model_dump(mode="json"), "sequence": sequence}


def test_a_number_that_no_database_holds_is_refused_at_the_door(station: Station) -> None:
    for number in (SEQUENCE_MAX + 1, TOO_GREAT):
        said = {"schema": SCHEMA, "terminal": station.terminal, "head": head_at(station, number)}
        manifest = {"head": head_at(station, 1), "delivered": [[number, number]], "digest": HASH}
        for path, message in (
            (HEARTBEAT_PATH, {**said, "body": {}}),
            (BATCH_PATH, {**said, "items": []}),
            (MANIFEST_PATH, {**said, **manifest}),
        ):
            answer = station.post(path, json.dumps(message).encode())
            assert 400 <= answer.status_code < 500, (path, number, answer.text)


def test_a_beat_that_cannot_be_stored_harms_none_gathered_with_it(
    database: str, station: Station, other_station: Station
) -> None:
    def beat(of: Station, sequence: int) -> Beat:
        head = ChainHead(sequence=1, hash=HASH, signature=b"").model_copy(update={"sequence": sequence})
        now = as_text(utc_now())
        row = {"terminal": of.terminal, "state": "live", "sent_at": now, "heard_at": now, "body": {}}
        return Beat(row, ToldHead(of.terminal, head, now, genuine=True))

    engine = open_database(database)

    async def together() -> list[int | Turned | BaseException]:
        beats = Beats(engine, gather_s=0.0)
        bad, good = beat(station, TOO_GREAT), beat(other_station, 1)
        twice = replace(good, row=dict(good.row))
        taken = asyncio.gather(*map(beats.take, (bad, good, twice)), return_exceptions=True)
        return await asyncio.wait_for(taken, 60)

    try:
        refused, *taken = asyncio.run(together())
    finally:
        engine.dispose()
    assert isinstance(refused, Exception)
    assert taken == [0, 0]


def test_of_two_states_in_one_gather_the_later_signed_is_kept_in_whatever_order_they_came(
    database: str, station: Station, other_station: Station
) -> None:
    now = utc_now()
    earlier, later = as_text(now - timedelta(seconds=60)), as_text(now)

    def beat(of: Station, sent_at: str, state: str) -> Beat:
        head = ChainHead(sequence=1, hash=HASH, signature=b"")
        row = {"terminal": of.terminal, "state": state, "sent_at": sent_at, "heard_at": later, "body": {}}
        return Beat(row, ToldHead(of.terminal, head, sent_at, genuine=True))

    engine = open_database(database)
    store(
        engine,
        [
            beat(station, earlier, "out_of_service"), beat(other_station, later, "live"),
            beat(station, later, "live"), beat(other_station, earlier, "out_of_service"),
        ],
    )  # fmt: skip
    with engine.connect() as connection:
        rows = connection.execute(select(heartbeats.c.terminal, heartbeats.c.state))
        kept = {(row.terminal, row.state) for row in rows}
    engine.dispose()
    assert kept == {(station.terminal, "live"), (other_station.terminal, "live")}
