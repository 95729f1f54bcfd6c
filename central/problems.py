"""Errors about a request as a whole, in both languages. The terminal keeps its items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from fastapi import Response
from pydantic_core import from_json

from central.database import as_text
from offline_queue.wire import SCHEMA, Problem
from offline_queue.wire import TOO_MANY_UPLOADS as TOO_MANY_UPLOADS_CODE


@dataclass(frozen=True, slots=True)
class Turned:
    """A request that is turned away, with the status and the words."""

    status: HTTPStatus
    problem: Problem
    retry_after_s: int | None = None

    def response(self) -> Response:
        headers = {"Cache-Control": "no-store"}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        body = self.problem.model_dump_json()
        return Response(body, self.status, headers, media_type="application/json")


def _turned(status: HTTPStatus, code: str, zh: str, en: str, retry_after_s: int | None = None) -> Turned:
    return Turned(status, Problem(code=code, message_zh=zh, message_en=en), retry_after_s)


UNKNOWN_TERMINAL = _turned(
    HTTPStatus.UNAUTHORIZED,
    "terminal.unknown",
    "本中心没有登记这台终端",
    "This terminal is not in the centre's directory",
)
BAD_SIGNATURE = _turned(
    HTTPStatus.UNAUTHORIZED,
    "signature",
    "请求的签名或内容摘要不正确",
    "The request's signature or digest is wrong",
)
REVOKED = _turned(
    HTTPStatus.FORBIDDEN, "terminal.revoked", "这台终端已被吊销", "This terminal has been revoked"
)
TOO_LARGE = _turned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "请求过大", "The request is too large")
MALFORMED = _turned(
    HTTPStatus.UNPROCESSABLE_ENTITY, "malformed", "请求格式不正确", "The request is not in the agreed form"
)
# Not 422, which a terminal may hold against one of its items: this one concerns none of them.
UNKNOWN_SCHEMA = _turned(
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "schema.unknown",
    "中心还不认识这一版本的格式，请先升级中心；终端会保留所有记录",
    "The centre does not know this version of the messages yet: update the centre first. The terminal keeps all",
)
TEXT_TOO_LONG = _turned(
    HTTPStatus.BAD_REQUEST,
    "text_too_long",
    "心跳中的文字太长（名称和版本最多64个字符）",
    "A text in the heartbeat is too long (names and versions: 64 characters)",
)
REPLAYED = _turned(
    HTTPStatus.CONFLICT,
    "replayed",
    "这个请求已经收到过一次，重复的不再处理",
    "This very request was received once already; a repetition is not acted upon",
)
UNAVAILABLE = _turned(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "中心暂时无法保存，请稍后再试",
    "The centre cannot store anything at the moment; try again later",
    retry_after_s=30,
)
TOO_MANY_UPLOADS = _turned(
    HTTPStatus.TOO_MANY_REQUESTS,
    TOO_MANY_UPLOADS_CODE,
    "这台终端未传完的附件太多，请先传完已开始的",
    "This terminal has begun too many attachments; finish those first",
    retry_after_s=600,
)
NO_SUCH_PUBLICATION = _turned(
    HTTPStatus.NOT_FOUND,
    "publication.unknown",
    "中心没有发布过这个",
    "The centre has published no such thing",
)
NO_SUCH_PATH = _turned(
    HTTPStatus.NOT_FOUND, "path.unknown", "中心没有这个地址", "The centre has nothing at this address"
)
WRONG_METHOD = _turned(
    HTTPStatus.METHOD_NOT_ALLOWED,
    "method",
    "这个地址不接受这种请求",
    "This address does not take such a request",
)
NO_SUCH_CASE = _turned(HTTPStatus.NOT_FOUND, "case.unknown", "没有这个编号的事项", "No case has this code")


_FAMILY = SCHEMA.partition("/")[0] + "/"


def misread(content: bytes) -> Turned:
    """What is wrong with a body that is not in the agreed form: its version, or the form itself."""
    try:
        document = from_json(content)
    except ValueError:
        return MALFORMED
    schema = document.get("schema") if isinstance(document, dict) else None
    other = isinstance(schema, str) and schema.startswith(_FAMILY) and schema != SCHEMA
    return UNKNOWN_SCHEMA if other else MALFORMED


def wrong_field(names: str) -> Turned:
    """A heartbeat with wrong values under these names of the centre's own."""
    return _turned(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "field",
        f"心跳中的内容不正确：{names}",
        f"The heartbeat has a wrong value: {names}",
    )


def wrong_clock(now: datetime) -> Turned:
    """The signature is genuine but its time is far from the centre's, which is told."""
    time = as_text(now)
    problem = Problem(
        code="clock",
        message_zh=f"终端时间与中心相差太大，中心时间 {time}",
        message_en=f"The terminal's clock is too far from the centre's, which is {time}",
        centre_time=time,
    )
    return Turned(HTTPStatus.UNAUTHORIZED, problem)
