"""The centre's intake against the raw statement: the same rows, the same PostgreSQL, fsync on, one connection."""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import zstandard
from sqlalchemy import Engine, delete, insert, select

from central import heartbeat, ingest
from central.bulk import _arrays, _unnest
from central.chain import ToldHead
from central.database import as_text, open_database, utc_now, writing
from central.door import RawRequest, admit
from central.enrolment import enrol
from central.health_report import HealthReport
from central.heartbeat import Beat
from central.problems import Turned
from central.schema import heartbeats, items, terminals
from central.terminal_keys import TerminalKeys
from central.trust import Trust, load_trust
from central.work import Work
from offline_queue.wire import BATCH_PATH, GENESIS_HASH, ChainHead
from tests.benchmarks.figures import Figure
from tests.central.conftest import make_trust
from tests.central.station import Station
from tests.postgres import cluster

BATCH = 100
BATCHES = 10
ROUNDS = 5
BEATS = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """A centre without its HTTP server, and a plain connection to the same database."""

    engine: Engine
    raw: psycopg.Connection[Any]
    trust: Trust
    folder: Path


@contextmanager
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder, cluster(durable=True) as server, server.database() as name:
        made = make_trust(Path(folder))
        trust = load_trust(made, production=False)
        engine = open_database(server.address(name))
        enrol(engine, trust.terminals)
        with psycopg.connect(server.plain_address(name)) as raw:
            yield Place(engine, raw, trust, made)
        engine.dispose()


def centre_intake() -> list[Figure]:
    """Two ratios; smaller is better, 2 is half the raw statement's speed."""
    with place() as here:
        return [_intake(here), _heartbeats(here)]


def _intake(here: Place) -> Figure:
    took_s, raw_s, opened_s = [], [], []
    station = Station("https://centre.invalid", here.folder)
    work = Work(here.engine, here.trust.sealing_keys)
    keys = TerminalKeys(here.engine)
    for _ in range(ROUNDS):
        requests = [_request(station) for _ in range(BATCHES)]
        began_s = time.perf_counter()
        for request in requests:
            admitted = admit(request, keys, utc_now(), 300.0)
            assert not isinstance(admitted, Turned), admitted
            answer = ingest.take_batch(here.engine, here.trust, work, admitted)
            assert not isinstance(answer, Turned), answer
            assert len(answer.model_dump_json()) > BATCH * 100
        took_s.append(time.perf_counter() - began_s)
        began_s = time.perf_counter()
        assert work.all() == BATCH * BATCHES
        opened_s.append(time.perf_counter() - began_s)
        with here.engine.connect() as connection:
            rows = [dict(row._mapping) for row in connection.execute(select(items))]
        raw_s.append(_inserted_s(here, [{**row, "opened_at": None} for row in rows]))
    station.close()
    count = BATCH * BATCHES
    took, raw = statistics.median(took_s), statistics.median(raw_s)
    beside = {
        "raw_items_per_s": count / raw,
        "items_per_s": count / took,
        "opened_afterwards_per_s": count / statistics.median(opened_s),
    }
    return Figure("centre_ingest_time_against_raw_insert", took / raw, "x", 2.0, beside)


def _request(station: Station) -> RawRequest:
    content = station.batch(*(station.item() for _ in range(BATCH)))
    body = zstandard.ZstdCompressor().compress(content)
    return RawRequest("POST", BATCH_PATH, station.signed(BATCH_PATH, body), body)


def _inserted_s(here: Place, rows: Sequence[Mapping[str, Any]]) -> float:
    """Seconds for these rows into the emptied table, a commit a statement, arrays made beforehand."""
    with writing(here.engine).begin() as connection:
        connection.execute(delete(items))
    groups = [_arrays(items, rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
    statement = f"{_unnest(items, tuple(rows[0]))} on conflict do nothing returning item_id".encode()
    began_s = time.perf_counter()
    for arrays in groups:
        assert len(here.raw.execute(statement, arrays).fetchall()) > 0
        here.raw.commit()
    took_s = time.perf_counter() - began_s
    with writing(here.engine).begin() as connection:
        connection.execute(delete(items))
    return took_s


def _heartbeats(here: Place) -> Figure:
    names = [f"{1000 + number}" for number in range(BEATS)]
    now = as_text(utc_now())
    body = {
        "state": "live",
        "causes": [],
        "queue": {"pending": 3, "quarantined": 0, "oldest_at": None},
        "version": "1",
    }
    rows = [
        {
            "terminal": name,
            "state": "live",
            "sent_at": now,
            "heard_at": now,
            "body": HealthReport.model_validate(body).as_stored(),
        }
        for name in names
    ]
    head = ChainHead(sequence=0, hash=GENESIS_HASH, signature=b"")

    def beats() -> list[Beat]:
        """Each with a nonce of its own, as terminals send them."""
        return [
            Beat(row, ToldHead(str(row["terminal"]), head, now, genuine=True), secrets.token_urlsafe(12))
            for row in rows
        ]

    enrolled = [
        {"terminal": name, "name": name, "public_key": b"k" * 32, "enrolled_at": now} for name in names
    ]
    with writing(here.engine).begin() as connection:
        connection.execute(insert(terminals), enrolled)
    heartbeat.store(here.engine, beats())  # every terminal has been heard before
    changes = ", ".join(f"{name} = excluded.{name}" for name in rows[0] if name != "terminal")
    took_s, raw_s = [], []
    for _ in range(ROUNDS):
        told = beats()
        began_s = time.perf_counter()
        heartbeat.store(here.engine, told)
        took_s.append(time.perf_counter() - began_s)
        raw_s.append(_upserted_s(here, rows, changes))
    took, raw = statistics.median(took_s), statistics.median(raw_s)
    beside = {"raw_beats_per_s": BEATS / raw, "beats_per_s": BEATS / took}
    return Figure("centre_heartbeat_time_against_raw_upsert", took / raw, "x", 2.0, beside)


def _upserted_s(here: Place, rows: Sequence[Mapping[str, Any]], changes: str) -> float:
    statement = (
        f"{_unnest(heartbeats, tuple(rows[0]))} on conflict (terminal) do update set {changes}".encode()
    )
    arrays = _arrays(heartbeats, rows)
    began_s = time.perf_counter()
    here.raw.execute(statement, arrays)
    here.raw.commit()
    return time.perf_counter() - began_s
