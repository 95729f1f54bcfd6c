"""The last state of a terminal: overwritten, never a history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Engine, select

from central import chain, problems
from central.database import as_text, upsert, utc_now, writing
from central.door import Admitted
from central.ingest import seen
from central.problems import Turned
from central.schema import heartbeats
from offline_queue.wire import Heartbeat, HeartbeatAnswer

BODY_BYTES_MAX = 64 * 1024
TEXT_MAX = 64
SHORT_TEXTS = ("version", "device_name", "site", "link", "clock_quality")
STATES = frozenset({"live", "degraded", "out_of_service"})


def take_heartbeat(engine: Engine, admitted: Admitted, interval_s: float) -> HeartbeatAnswer | Turned:
    """Keep the body as the terminal's last state, unless a later signed one is there already."""
    if len(admitted.content) > BODY_BYTES_MAX:
        return problems.TOO_LARGE
    try:
        heartbeat = Heartbeat.model_validate(from_json(admitted.content, allow_inf_nan=False))
    except ValueError:  # not JSON, or not the agreed form (pydantic's error is a ValueError)
        return problems.MALFORMED
    if heartbeat.terminal != admitted.terminal:
        return problems.BAD_SIGNATURE
    if any(len(str(heartbeat.body.get(name, ""))) > TEXT_MAX for name in SHORT_TEXTS):
        return problems.TEXT_TOO_LONG
    at, sent_at = as_text(utc_now()), as_text(admitted.signed_at)
    state = heartbeat.body.get("state")
    with writing(engine).begin() as connection:
        seen(connection, admitted.terminal, at)
        chain.take_head(connection, admitted, heartbeat.head, at)
        query = select(heartbeats.c.sent_at).where(heartbeats.c.terminal == admitted.terminal)
        last = connection.execute(query).scalar_one_or_none()
        if last is None or last <= sent_at:
            upsert(
                connection,
                heartbeats,
                terminal=admitted.terminal,
                state=state if state in STATES else "unknown",
                sent_at=sent_at,
                heard_at=at,
                body=tidy(heartbeat.body),
            )
    return HeartbeatAnswer(centre_time=as_text(utc_now()), interval_s=interval_s)


def tidy(body: dict[str, Any]) -> dict[str, Any]:
    """The known keys with the types that the pages and sums rely on; what is wrong becomes None, never 0."""
    queue = body.get("queue")
    queue = queue if isinstance(queue, dict) else {}
    services = body.get("services")
    services = services if isinstance(services, dict) else {}
    return {
        **body,
        "causes": _texts(body.get("causes")),
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
            "oldest_at": _time(queue.get("oldest_at")),
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
