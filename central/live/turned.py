"""Live requests that are not answered, in both languages, with the time to come again where it is known."""

from __future__ import annotations

import math
from dataclasses import replace
from http import HTTPStatus

from central.departments.line import Failure, NoReply
from central.problems import Turned
from offline_queue.live_wire import LiveCode
from offline_queue.wire import Problem

S = HTTPStatus
_WORDS: dict[LiveCode, tuple[HTTPStatus, str, str]] = {
    LiveCode.QUOTA: (
        S.TOO_MANY_REQUESTS,
        "这项服务今天的联网查询已用完，明天再查",
        "This service has used up its look-ups for today",
    ),
    LiveCode.BUSY: (
        S.TOO_MANY_REQUESTS,
        "部门系统正忙，请稍后再试",
        "The department is busy; try again later",
    ),
    LiveCode.DEPARTMENT: (
        S.SERVICE_UNAVAILABLE,
        "部门系统没有及时答复，不影响办理",
        "The department did not answer in time; the case is not affected",
    ),
    LiveCode.NO_DEPARTMENT: (
        S.NOT_FOUND,
        "这项服务没有联网的部门",
        "No department answers for this service",
    ),
    LiveCode.REFUSED: (S.CONFLICT, "部门不答复这个问题", "The department does not answer this question"),
    LiveCode.CONFLICT: (
        S.CONFLICT,
        "同一编号已有不同内容，保留先到的",
        "Another content has this key; the first is kept",
    ),
}

_CODE_OF: dict[Failure, LiveCode] = {
    Failure.SILENT: LiveCode.DEPARTMENT,
    Failure.ERROR: LiveCode.DEPARTMENT,
    Failure.GARBAGE: LiveCode.DEPARTMENT,
    Failure.RESTING: LiveCode.DEPARTMENT,
    Failure.UNREACHED: LiveCode.DEPARTMENT,
    Failure.REFUSED: LiveCode.REFUSED,
    Failure.OVER_QUOTA: LiveCode.BUSY,
    Failure.BUSY: LiveCode.BUSY,
}


def turned(code: LiveCode, retry_after_s: float | None = None) -> Turned:
    """`retry_after_s` is rounded up: nobody comes a moment too early."""
    status, zh, en = _WORDS[code]
    plain = Turned(status, Problem(code=code.value, message_zh=zh, message_en=en))
    return plain if retry_after_s is None else replace(plain, retry_after_s=math.ceil(retry_after_s))


def no_reply(why: NoReply) -> Turned:
    """A department's silence in the words of the live channel."""
    return turned(_CODE_OF[why.failure], why.retry_after_s)
