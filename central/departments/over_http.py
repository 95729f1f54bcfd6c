"""A department's system at the far end of HTTP: one question, one JSON document back.

| | |
|---|---|
| question | `POST` to the address, `{"question": "standing" or another, ...}` with the fields of `port` |
| answer | 200 and a `Reply` of `port` |
| 429 | ask again after `Retry-After` seconds |
| anything else | an error of the department |
"""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path

import httpx

from central.departments.port import (
    REPLY_BYTES_MAX,
    DecisionQuestion,
    MessageQuestion,
    NotConnectedError,
    OrderQuestion,
    Question,
    RecordQuestion,
    StandingQuestion,
)

RETRY_DEFAULT_S = 60.0
RETRY_MAX_S = 86_400.0
_NAMES: dict[type, str] = {
    RecordQuestion: "records",
    DecisionQuestion: "decision",
    OrderQuestion: "order",
    StandingQuestion: "standing",
    MessageQuestion: "message",
}


class DepartmentError(Exception):
    """It answered in no agreed way. The text names a status and quotes nothing."""


class HttpDepartment:
    """`port.Department` at this address. Safe from several threads; connections are kept between questions."""

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        self._url = url
        verify = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        # A proxy of the environment would be told numbers of persons.
        self._client = httpx.Client(verify=verify, trust_env=False, follow_redirects=False)

    def ask(self, question: Question, deadline_s: float) -> bytes:
        """The document as it came, cut short above `REPLY_BYTES_MAX`. Raises NotConnectedError, httpx.HTTPError or
        DepartmentError.
        """
        try:
            return self._ask(question, deadline_s)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotConnectedError from error

    def _ask(self, question: Question, deadline_s: float) -> bytes:
        ends_s = time.monotonic() + deadline_s
        body = json.dumps({"question": _NAMES[type(question)], **asdict(question)}, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        sent = self._client.stream(
            "POST", self._url, content=body.encode(), headers=headers, timeout=deadline_s
        )
        with sent as response:
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                return _turned_down(response.headers.get("retry-after", ""))
            if response.status_code != HTTPStatus.OK:
                message = f"status {response.status_code}"
                raise DepartmentError(message)
            content = bytearray()
            for part in response.iter_raw(4096):
                content += part
                if len(content) > REPLY_BYTES_MAX:
                    break  # the reader refuses what is longer
                if time.monotonic() > ends_s:
                    message = "its answer did not end in time"  # httpx's limit is for each piece
                    raise DepartmentError(message)
        return bytes(content)

    def close(self) -> None:
        self._client.close()


def _turned_down(retry_after: str) -> bytes:
    seconds = float(retry_after) if retry_after.isdecimal() and len(retry_after) <= 6 else RETRY_DEFAULT_S
    told = {"kind": "turned_down", "retry_after_s": min(max(seconds, 1.0), RETRY_MAX_S)}
    return json.dumps(told).encode()
