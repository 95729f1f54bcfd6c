"""Where terminals upload attachments: /v1/attachments/{terminal}/{item_id}/{sha256}."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from central import door, problems, uploads
from central.answering import answered
from central.database import utc_now
from central.door import RawRequest
from central.problems import Turned
from central.terminal_keys import TerminalKeys
from central.uploads import Key, key_of
from offline_queue.wire import ATTACHMENT_PATH, UploadState


def add_to(api: APIRouter, engine: Engine, keys: TerminalKeys, window_s: float) -> None:
    """GET (or HEAD) tells what the centre holds; PUT appends a part, which its query places."""

    def upload(raw: RawRequest, key: Key | None, offset: str, of_bytes: str) -> UploadState | Turned:
        admitted = door.admit(raw, keys, utc_now(), window_s, compressed=False)
        if isinstance(admitted, Turned):
            return admitted
        if key is None:
            return problems.MALFORMED
        if raw.method != "PUT":
            return uploads.state(engine, key)
        if not (_is_number(offset) and _is_number(of_bytes)):
            return problems.MALFORMED
        return uploads.take(
            engine, key, admitted.terminal, int(offset), int(of_bytes), admitted.content, utc_now()
        )

    @api.api_route(ATTACHMENT_PATH, methods=["GET", "HEAD", "PUT"])
    async def attachment(
        request: Request, terminal: str, item_id: str, sha256: str, offset: str = "", of: str = ""
    ) -> Response:
        async def act(raw: RawRequest) -> UploadState | Turned:
            return await run_in_threadpool(upload, raw, key_of(terminal, item_id, sha256), offset, of)

        return await answered(request, act)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
