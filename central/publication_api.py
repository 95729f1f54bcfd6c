"""Where terminals fetch what a letter refers to: /v1/publications/{sha256}."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from central import door, problems, publications
from central.answering import answered
from central.database import utc_now
from central.door import RawRequest
from central.problems import Turned
from central.terminal_keys import TerminalKeys
from offline_queue.publication_wire import PUBLICATION_PATH, PublicationAnswer


def add_to(api: APIRouter, engine: Engine, keys: TerminalKeys, window_s: float) -> None:
    """For terminals only: what is tried with a few of them is nobody else's yet."""

    def find(raw: RawRequest, sha256: str) -> PublicationAnswer | Turned:
        admitted = door.admit(raw, keys, utc_now(), window_s, compressed=False)
        if isinstance(admitted, Turned):
            return admitted
        return publications.find(engine, sha256) or problems.NO_SUCH_PUBLICATION

    @api.get(PUBLICATION_PATH)
    async def publication(request: Request, sha256: str) -> Response:
        async def act(raw: RawRequest) -> PublicationAnswer | Turned:
            return await run_in_threadpool(find, raw, sha256)

        return await answered(request, act)
