"""What terminals call: /v1/batch, /v1/heartbeat, /v1/inbox, /v1/manifest, /v1/attachments/..., /v1/publications/..., /v1/cases/{code}."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from central import (
    door,
    heartbeat,
    inbox,
    ingest,
    problems,
    publication_api,
    publications,
    reconcile,
    upload_api,
)
from central.answering import answered, as_json
from central.database import as_text, utc_now
from central.door import Admitted, RawRequest
from central.heartbeat import Beat, Beats
from central.lookup import lookup
from central.problems import Turned
from central.settings import CentreSettings
from central.terminal_keys import TerminalKeys
from central.trust import Trust
from central.work import Work
from kiosk.case import parse_case_code
from offline_queue.inbox_wire import INBOX_PATH, InboxAnswer
from offline_queue.manifest import MANIFEST_PATH, ManifestAnswer
from offline_queue.wire import (
    BATCH_PATH,
    HEARTBEAT_PATH,
    BatchAnswer,
    HeartbeatAnswer,
)


def router(settings: CentreSettings, engine: Engine, trust: Trust, work: Work) -> APIRouter:
    """The routes; each does its database work in the thread pool."""
    api = APIRouter()
    keys = TerminalKeys(engine)
    beats = Beats(engine, settings.gather_s)

    def admit(raw: RawRequest, key_age_s: float = 0.0) -> Admitted | Turned:
        return door.admit(raw, keys, utc_now(), settings.clock_window_s, key_age_s)

    def take_batch(raw: RawRequest) -> BatchAnswer | Turned:
        admitted = admit(raw)
        return admitted if isinstance(admitted, Turned) else ingest.take_batch(engine, trust, work, admitted)

    def take_manifest(raw: RawRequest) -> ManifestAnswer | Turned:
        admitted = admit(raw)
        return admitted if isinstance(admitted, Turned) else reconcile.take_manifest(engine, trust, admitted)

    def take_inbox(raw: RawRequest) -> InboxAnswer | Turned:
        admitted = admit(raw)
        return (
            admitted
            if isinstance(admitted, Turned)
            else inbox.take_inbox(engine, trust, admitted, publications.tell_newcomer)
        )

    def read_heartbeat(raw: RawRequest) -> Beat | Turned:
        admitted = admit(raw, settings.heartbeat_key_age_s)
        return admitted if isinstance(admitted, Turned) else heartbeat.read_heartbeat(admitted)

    @api.post(BATCH_PATH)
    async def batch(request: Request) -> Response:
        async def act(raw: RawRequest) -> BatchAnswer | Turned:
            return await run_in_threadpool(take_batch, raw)

        return await answered(request, act)

    @api.post(MANIFEST_PATH)
    async def manifest(request: Request) -> Response:
        async def act(raw: RawRequest) -> ManifestAnswer | Turned:
            return await run_in_threadpool(take_manifest, raw)

        return await answered(request, act)

    @api.post(INBOX_PATH)
    async def letters(request: Request) -> Response:
        async def act(raw: RawRequest) -> InboxAnswer | Turned:
            return await run_in_threadpool(take_inbox, raw)

        return await answered(request, act)

    @api.post(HEARTBEAT_PATH)
    async def beat(request: Request) -> Response:
        async def act(raw: RawRequest) -> HeartbeatAnswer | Turned:
            told = await run_in_threadpool(read_heartbeat, raw)
            if isinstance(told, Turned):
                return told
            newest = await beats.take(told)
            if isinstance(newest, Turned):
                return newest
            return HeartbeatAnswer(
                centre_time=as_text(utc_now()), interval_s=settings.heartbeat_interval_s, inbox=newest
            )

        return await answered(request, act)

    upload_api.add_to(api, engine, keys, settings.clock_window_s)
    publication_api.add_to(api, engine, keys, settings.clock_window_s)

    @api.get("/v1/cases/{code}")
    def case_state(code: str) -> Response:
        """Who has the code may ask: it is 54 random bits, and the answer holds nothing personal."""
        compact = parse_case_code(code)
        if compact is None:
            return problems.NO_SUCH_CASE.response()
        with engine.connect() as connection:
            found = lookup(connection, compact)
        return problems.NO_SUCH_CASE.response() if found is None else as_json(found)

    return api
