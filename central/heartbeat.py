"""The last state of a terminal: overwritten, never a history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.concurrency import run_in_threadpool

from central import chain, inbox, problems
from central.bulk import replace_older
from central.chain import ToldHead
from central.database import as_text, utc_now, writing
from central.door import Admitted, read_message
from central.problems import Turned
from central.schema import heartbeats
from offline_queue.wire import Heartbeat

BODY_BYTES_MAX = 64 * 1024
TEXT_MAX = 64
SHORT_TEXTS = ("version", "device_name", "site", "link", "clock_quality")
STATES = frozenset({"live", "degraded", "out_of_service"})


@dataclass(frozen=True, slots=True)
class Beat:
    """One terminal's state, checked and ready to be stored."""

    row: Mapping[str, Any]
    told: ToldHead


def read_heartbeat(admitted: Admitted) -> Beat | Turned:
    """What a request tells; `tidy` says what becomes of wrong values."""
    heartbeat = read_message(admitted, Heartbeat, BODY_BYTES_MAX)
    if isinstance(heartbeat, Turned):
        return heartbeat
    if any(len(str(heartbeat.body.get(name, ""))) > TEXT_MAX for name in SHORT_TEXTS):
        return problems.TEXT_TOO_LONG
    state, now = heartbeat.body.get("state"), utc_now()
    row = {
        "terminal": admitted.terminal,
        "state": state if state in STATES else "unknown",
        "sent_at": as_text(admitted.signed_at),
        "heard_at": as_text(now),
        "body": tidy(heartbeat.body, now),
    }
    return Beat(row, chain.told_head(admitted, heartbeat.head))


def store(engine: Engine, beats: Sequence[Beat]) -> Mapping[str, int]:
    """Keep each terminal's latest state, unless a later signed one is there already: one statement for all.

    Terminal -> the newest number in its inbox.
    """
    latest: dict[str, Mapping[str, Any]] = {}
    for beat in beats:
        known = latest.get(beat.row["terminal"])
        if known is None or known["sent_at"] <= beat.row["sent_at"]:
            latest[beat.row["terminal"]] = beat.row
    with writing(engine).begin() as connection:
        # In the order of terminals, so that two processes never wait for each other.
        replace_older(connection, heartbeats, [latest[name] for name in sorted(latest)], by="sent_at")
        heads = sorted((beat.told for beat in beats), key=lambda told: told.terminal)
        chain.take_heads(connection, heads, as_text(utc_now()))
        return inbox.newest(connection, latest.keys())


class Beats:
    """Gathers the heartbeats of `gather_s` and stores them together. Each is answered after its commit."""

    def __init__(self, engine: Engine, gather_s: float) -> None:
        self._engine = engine
        self._gather_s = gather_s
        self._waiting: list[tuple[Beat, asyncio.Future[int]]] = []
        self._task: asyncio.Task[None] | None = None

    async def take(self, beat: Beat) -> int:
        """The newest number in the terminal's inbox, when the state is stored. What the store raised when that failed:
        DBAPIError, the terminal tries again; anything else is a defect, which the server logs as such.
        """
        stored: asyncio.Future[int] = asyncio.get_running_loop().create_future()
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


def _results(engine: Engine, beats: Sequence[Beat]) -> list[int | Exception]:
    """For each beat the newest number in its terminal's inbox, or why it is not stored.

    When one of them cannot be stored each is stored alone, so that it harms no other. A lost database fails all at once.
    """
    try:
        newest = store(engine, beats)
    except Exception as error:  # noqa: BLE001 - each request raises it again
        if len(beats) == 1 or isinstance(error, OperationalError | InterfaceError):
            return [error] * len(beats)
        return [result for beat in beats for result in _results(engine, [beat])]
    return [newest.get(beat.told.terminal, 0) for beat in beats]


def tidy(body: dict[str, Any], heard: datetime | None = None) -> dict[str, Any]:
    """The known keys with the types that the pages and sums rely on; what is wrong becomes None, never 0.

    `heard`: when it came (aware). How long the oldest case has waited is reckoned back from there, since the
    terminal's own clock may be years off.
    """
    queue = body.get("queue")
    queue = queue if isinstance(queue, dict) else {}
    waited_s, known = _count(queue.get("oldest_waited_s")), queue.get("oldest_known")
    reckoned = None if heard is None or waited_s is None else as_text(heard - timedelta(seconds=waited_s))
    services = body.get("services")
    services = services if isinstance(services, dict) else {}
    return {
        **body,
        "causes": _texts(body.get("causes")),
        "unknown_devices": _texts(body.get("unknown_devices")),
        "services": {
            str(code)[:TEXT_MAX]: {
                "ready": service.get("ready") is True,
                "causes": _texts(service.get("causes")),
            }
            for code, service in services.items()
            if isinstance(service, dict)
        },
        "queue": {
            **queue,
            "pending": _count(queue.get("pending")),
            "quarantined": _count(queue.get("quarantined")),
            "oldest_at": reckoned or _time(queue.get("oldest_at")),
            "oldest_known": known if isinstance(known, bool) else None,
        },
        "slips": _jobs(body.get("slips")),
        "documents": _jobs(body.get("documents")),
    }


def _jobs(value: object) -> dict[str, int | None]:
    """Print jobs that staff should see to: how many may be lost, how many did not come out."""
    jobs = value if isinstance(value, dict) else {}
    return {"unknown": _count(jobs.get("unknown")), "failed": _count(jobs.get("failed"))}


def _texts(value: object) -> list[str]:
    return [str(one)[:TEXT_MAX] for one in value] if isinstance(value, list) else []


def _count(value: object) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return int(value) if good and isinstance(value, int) else None


def _time(value: object) -> str | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return as_text(moment) if moment is not None and moment.tzinfo is not None else None
