"""From a request to its response, the same for all that terminals call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from central import door, problems
from central.door import RawRequest
from central.problems import Turned
from offline_queue.wire import UploadState


async def answered(request: Request, act: Callable[[RawRequest], Awaitable[BaseModel | Turned]]) -> Response:
    """Read, act, and put the answer into words."""
    raw = await door.read(request)
    try:
        answer = raw if isinstance(raw, Turned) else await act(raw)
    except DBAPIError:
        # A full disk or a lost database is the centre's trouble: nothing was committed, nothing is
        # acknowledged, the terminal keeps its items and comes again.
        return problems.UNAVAILABLE.response()
    return answer.response() if isinstance(answer, Turned) else as_json(answer)


def as_json(answer: BaseModel) -> Response:
    headers, status = {"Cache-Control": "no-store"}, HTTPStatus.OK
    if isinstance(answer, UploadState):
        headers["Upload-Offset"] = str(answer.offset)
        status = HTTPStatus.CONFLICT if answer.fault else HTTPStatus.OK
    return Response(answer.model_dump_json(by_alias=True), status, headers, media_type="application/json")
