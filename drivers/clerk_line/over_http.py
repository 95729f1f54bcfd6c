"""The desk at the far end of HTTPS: a question is laid down, asked after until a clerk has answered, and taken away.

| | |
|---|---|
| `POST /questions` | `{"terminal", "case", "card_photo", "live_picture"}`, pictures in base64; 201 and `{"question": id}`, 503 when nobody is free |
| `GET /questions/ID` | 200 and `{"word", "clerk"}`, or 204 while nobody has answered |
| `DELETE /questions/ID` | the desk forgets the pictures, answered or not |
"""

from __future__ import annotations

import base64
import contextlib
import logging
import re
import ssl
import time
from http import HTTPStatus
from pathlib import Path
from threading import Event

import httpx

from drivers.clerk_line.contract import ClerkAnswer, ClerkFailure, ClerkQuestion, ClerkWord
from drivers.contract import Failed, Ok

log = logging.getLogger(__name__)

CALL_S = 10.0
ASK_AGAIN_S = 0.5
ANSWER_BYTES_MAX = 4 * 1024
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_CLERK = re.compile(r"[A-Za-z0-9-]{1,20}")


class HttpClerkLine:
    """Implements `ClerkLine`. Raises ValueError for an address that is not https, unless `demo`, and OSError for a
    file of certificates that cannot be used.
    """

    def __init__(self, address: str, ca_file: Path | None, *, demo: bool = False) -> None:
        if not address.startswith("https://") and not demo:
            message = "the line to the clerks must be https"
            raise ValueError(message)
        self._url = address.rstrip("/") + "/questions"
        verify = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        # A proxy of the environment would be handed faces.
        self._client = httpx.Client(verify=verify, trust_env=False, follow_redirects=False, timeout=CALL_S)

    def ask(
        self, question: ClerkQuestion, deadline_s: float, cancel: Event
    ) -> Ok[ClerkAnswer] | Failed[ClerkFailure]:
        ends_s = time.monotonic() + deadline_s
        try:
            laid = self._lay(question)
            if isinstance(laid, Failed):
                return laid
            try:
                return self._await(laid.value, ends_s, cancel)
            finally:
                self._take_away(laid.value)
        except httpx.ConnectError as error:
            untrusted = isinstance(error.__cause__, ssl.SSLError) or "certificate" in str(error).lower()
            return Failed(ClerkFailure.UNTRUSTED if untrusted else ClerkFailure.UNREACHED)
        except httpx.TimeoutException:
            return Failed(ClerkFailure.TIMED_OUT)
        except httpx.HTTPError:
            return Failed(ClerkFailure.UNREACHED)

    def close(self) -> None:
        self._client.close()

    def _lay(self, question: ClerkQuestion) -> Ok[str] | Failed[ClerkFailure]:
        body = {
            "terminal": question.terminal,
            "case": question.case_code,
            "card_photo": base64.b64encode(question.card_photo).decode("ascii"),
            "live_picture": base64.b64encode(question.live_picture).decode("ascii"),
        }
        answer = self._client.post(self._url, json=body)
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return Failed(ClerkFailure.NOBODY_FREE)
        told = _told(answer) if answer.status_code == HTTPStatus.CREATED else None
        id_ = told.get("question") if told else None
        return Ok(id_) if isinstance(id_, str) and _ID.fullmatch(id_) else Failed(ClerkFailure.UNREADABLE)

    def _await(self, id_: str, ends_s: float, cancel: Event) -> Ok[ClerkAnswer] | Failed[ClerkFailure]:
        while time.monotonic() < ends_s:
            answer = self._client.get(f"{self._url}/{id_}")
            if answer.status_code == HTTPStatus.OK:
                return _read(_told(answer))
            if answer.status_code != HTTPStatus.NO_CONTENT:
                return Failed(ClerkFailure.UNREADABLE)
            if cancel.wait(ASK_AGAIN_S):
                return Failed(ClerkFailure.CANCELLED)
        return Failed(ClerkFailure.TIMED_OUT)

    def _take_away(self, id_: str) -> None:
        try:
            self._client.delete(f"{self._url}/{id_}")
        except httpx.HTTPError:
            log.warning("the clerks' desk could not be told to forget a question")


def _told(answer: httpx.Response) -> dict[str, object] | None:
    if len(answer.content) > ANSWER_BYTES_MAX:
        return None
    with contextlib.suppress(ValueError, RecursionError):
        told = answer.json()
        return told if isinstance(told, dict) else None
    return None


def _read(told: dict[str, object] | None) -> Ok[ClerkAnswer] | Failed[ClerkFailure]:
    match told:
        case {"word": str(word), "clerk": str(clerk)} if word in set(ClerkWord) and _CLERK.fullmatch(clerk):
            return Ok(ClerkAnswer(ClerkWord(word), clerk))
        case _:
            return Failed(ClerkFailure.UNREADABLE)
