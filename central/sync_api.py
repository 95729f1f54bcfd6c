"""What terminals call: /v1/batch, /v1/heartbeat, /v1/cases/{code}."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from central import door, heartbeat, ingest, problems
from central.cases import issuer
from central.database import utc_now
from central.door import Admitted, RawRequest
from central.problems import Turned
from central.schema import cases
from central.settings import CentreSettings
from central.trust import Trust
from kiosk.case import parse_case_code
from offline_queue.wire import BATCH_PATH, HEARTBEAT_PATH


def router(settings: CentreSettings, engine: Engine, trust: Trust) -> APIRouter:
    """The routes; each does its database work in the thread pool."""
    api = APIRouter()

    def guarded(raw: RawRequest, act: Callable[[Admitted], BaseModel | Turned]) -> Response:
        try:
            admitted = door.admit(raw, engine, utc_now(), settings.clock_window_s)
            answer = admitted if isinstance(admitted, Turned) else act(admitted)
        except DBAPIError:
            # A full disk or a lost database is the centre's trouble: nothing was committed, nothing is
            # acknowledged, the terminal keeps its items and comes again.
            return problems.UNAVAILABLE.response()
        return answer.response() if isinstance(answer, Turned) else _json(answer)

    async def receive(request: Request, act: Callable[[Admitted], BaseModel | Turned]) -> Response:
        raw = await door.read(request)
        if isinstance(raw, Turned):
            return raw.response()
        return await run_in_threadpool(guarded, raw, act)

    @api.post(BATCH_PATH)
    async def batch(request: Request) -> Response:
        return await receive(request, lambda admitted: ingest.take_batch(engine, trust, admitted))

    @api.post(HEARTBEAT_PATH)
    async def beat(request: Request) -> Response:
        interval_s = settings.heartbeat_interval_s
        return await receive(request, lambda admitted: heartbeat.take_heartbeat(engine, admitted, interval_s))

    @api.get("/v1/cases/{code}")
    def case_state(code: str) -> Response:
        """Who has the code may ask: it is 54 random bits, and the answer holds nothing personal."""
        compact = parse_case_code(code)
        if compact is None:
            return problems.NO_SUCH_CASE.response()
        query = select(cases).where(cases.c.terminal == issuer(compact), cases.c.code == compact)
        with engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return problems.NO_SUCH_CASE.response()
        return _json(
            CaseAnswer(
                code=compact,
                service=row.service,
                state=row.state,
                received_at_kiosk=row.received_at_kiosk,
                synced_at=row.synced_at,
                registered_at_centre=row.registered_at_centre,
                accepted_at=row.accepted_at,
            )
        )

    return api


class CaseAnswer(BaseModel):
    """Where a case stands, with its four times (RFC 3339 UTC)."""

    code: str
    service: str
    state: str
    received_at_kiosk: str
    synced_at: str | None
    registered_at_centre: str | None
    accepted_at: str | None


def _json(answer: BaseModel) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json", headers=headers)
