"""The last state of a terminal: overwritten, never a history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.concurrency import run_in_threadpool

from central import chain, inbox, problems, replays
from central.bulk import replace_older
from central.chain import ToldHead
from central.database import as_text, utc_now, writing
from central.door import Admitted, read_message
from central.health_report import read_report
from central.problems import Turned
from central.schema import heartbeats
from offline_queue.wire import Heartbeat

BODY_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Beat:
    """One terminal's state, checked and ready to be stored."""

    row: Mapping[str, Any]
    told: ToldHead
    nonce: str = ""

    @property
    def signed(self) -> tuple[str, str, str]:
        """As `central.replays` asks for it."""
        return self.told.terminal, self.nonce, str(self.row["sent_at"])


def read_heartbeat(admitted: Admitted) -> Beat | Turned:
    """What a request tells, or why it is not taken."""
    heartbeat = read_message(admitted, Heartbeat, BODY_BYTES_MAX)
    if isinstance(heartbeat, Turned):
        return heartbeat
    report = read_report(heartbeat.body)
    if isinstance(report, Turned):
        return report
    now = utc_now()
    row = {
        "terminal": admitted.terminal,
        "state": report.state or "unknown",
        "sent_at": as_text(admitted.signed_at),
        "heard_at": as_text(now),
        "body": report.as_stored(now),
    }
    return Beat(row, chain.told_head(admitted, heartbeat.head), admitted.nonce)


def store(engine: Engine, beats: Sequence[Beat]) -> list[int | Turned]:
    """Keep each terminal's latest state, unless a later signed one is there already: one statement for all.

    For each the newest number in its terminal's inbox; a request that is played again is turned away.
    """
    with writing(engine).begin() as connection:
        first = replays.first_times(connection, [beat.signed for beat in beats])
        genuine = [beat for beat, is_first in zip(beats, first, strict=True) if is_first]
        latest: dict[str, Mapping[str, Any]] = {}
        for beat in genuine:
            known = latest.get(beat.row["terminal"])
            if known is None or known["sent_at"] <= beat.row["sent_at"]:
                latest[beat.row["terminal"]] = beat.row
        # In the order of terminals, so that two processes never wait for each other.
        replace_older(connection, heartbeats, [latest[name] for name in sorted(latest)], by="sent_at")
        heads = sorted((beat.told for beat in genuine), key=lambda told: told.terminal)
        chain.take_heads(connection, heads, as_text(utc_now()))
        newest = inbox.newest(connection, latest.keys())
    return [
        newest.get(beat.told.terminal, 0) if is_first else problems.REPLAYED
        for beat, is_first in zip(beats, first, strict=True)
    ]


class Beats:
    """Gathers the heartbeats of `gather_s` and stores them together. Each is answered after its commit."""

    def __init__(self, engine: Engine, gather_s: float) -> None:
        self._engine = engine
        self._gather_s = gather_s
        self._waiting: list[tuple[Beat, asyncio.Future[int | Turned]]] = []
        self._task: asyncio.Task[None] | None = None

    async def take(self, beat: Beat) -> int | Turned:
        """The newest number in the terminal's inbox, when the state is stored. What the store raised when that failed:
        DBAPIError, the terminal tries again; anything else is a defect, which the server logs as such.
        """
        stored: asyncio.Future[int | Turned] = asyncio.get_running_loop().create_future()
        self._waiting.append((beat, stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._store_them())
        return await stored

    async def _store_them(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._gather_s)
            gathered, self._waiting = self._waiting, []
            results = await run_in_threadpool(_results, self._engine, [beat for beat, _ in gathered])
            for (_, stored), result in zip(gathered, results, strict=True):
                if stored.done():  # its request was given up meanwhile
                    continue
                if isinstance(result, Exception):
                    stored.set_exception(result)
                else:
                    stored.set_result(result)


def _results(engine: Engine, beats: Sequence[Beat]) -> list[int | Turned | Exception]:
    """For each beat the newest number in its terminal's inbox, or why it is not stored.

    When one of them cannot be stored each is stored alone, so that it harms no other. A lost database fails all at once.
    """
    try:
        return list(store(engine, beats))
    except Exception as error:  # noqa: BLE001 - each request raises it again
        if len(beats) == 1 or isinstance(error, OperationalError | InterfaceError):
            return [error] * len(beats)
        return [result for beat in beats for result in _results(engine, [beat])]
