"""The one signed HTTPS client of a terminal. Verification cannot be switched off."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from offline_queue import wire
from offline_queue.acknowledgement import each_its_own
from offline_queue.inbox_wire import INBOX_PATH, InboxAnswer, InboxRequest
from offline_queue.link_state import LinkState, Unreached, name_transport_error, retry_after_s
from offline_queue.manifest import MANIFEST_PATH, Manifest, ManifestAnswer
from offline_queue.publication_wire import PublicationAnswer
from offline_queue.signing import RequestSigner, utc_now

__all__ = ["Answered", "Link", "LinkState", "Rejected", "Timeouts", "Unreached"]

ANSWER_BYTES_MAX = 1024 * 1024
M = TypeVar("M", bound=wire.Message)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. Reading is longer than the centre's own limit (10 s), or one item is sent twice for nothing.

    `read_s` and `write_s`: of one step, each of which a single byte ends. `answer_s`: of a whole request, from its
    beginning to the answer's last byte; a batch of 256 KiB takes 131 s at 16 kbit/s.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    write_s: float = 30.0
    answer_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The centre's verdicts."""

    answer: wire.BatchAnswer


@dataclass(frozen=True, slots=True)
class HeartbeatAnswered:
    """The centre heard the heartbeat."""

    answer: wire.HeartbeatAnswer


@dataclass(frozen=True, slots=True)
class ManifestAnswered:
    """The centre compared the manifest with what it holds."""

    answer: ManifestAnswer


@dataclass(frozen=True, slots=True)
class InboxAnswered:
    """What waited for this terminal."""

    answer: InboxAnswer


@dataclass(frozen=True, slots=True)
class Rejected:
    """The request as a whole was not taken (400, 413, 422, 500): one of its items may be to blame.

    `reason`: the centre's words. `spoken`: they came from the centre itself, not from something between.
    `code`: the centre's own name for it, empty when it is not the centre's word.
    """

    status: int
    reason: str
    spoken: bool
    code: str = ""


_ONE_ITEM_MAY_BE_TO_BLAME = frozenset(
    {
        HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)  # fmt: skip

_MAY_NAME_A_TIME = frozenset(
    {
        HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN,
        HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE,
    }
)  # fmt: skip
"""Retry-After of these is obeyed."""


_ADDRESSES = 4
"""Of a centre, each of which is tried for `connect_s`."""
_YEARS = range(2000, 3000)
"""Of a time that may be the centre's: far from the ends of `datetime`, over which a sum would run."""
_JSON = {"Content-Type": "application/json", "Content-Encoding": "zstd"}
_BYTES = {"Content-Type": "application/octet-stream", "Content-Encoding": "identity"}
"""A part of an attachment: it is compressed and sealed already."""


class Link:
    """One per centre; used by one thread at a time.

    `base_url` must be https. `clock_trusted`: does the terminal believe its own wall clock now.
    A missing or unreadable `ca_file` is a state of the link (`tls_untrusted`), not a failed start.
    """

    def __init__(
        self,
        base_url: str,
        *,
        terminal: str,
        signing_key: Ed25519PrivateKey,
        ca_file: Path,
        timeouts: Timeouts = Timeouts(),
        clock_trusted: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        if not base_url.startswith("https://"):
            message = "the centre's address must begin with https://"
            raise ValueError(message)
        self._base_url = base_url
        self._ca_file = ca_file
        self._timeouts = timeouts
        self._clock_trusted = clock_trusted
        self._now = now
        self._auth = RequestSigner(
            terminal, signing_key, lambda: now() + timedelta(seconds=self.clock_offset_s)
        )
        self._client: httpx.Client | None = None
        self._ends_s = 0.0
        self.begun_ns = 0
        """When the last request began, monotonic."""
        self.clock_offset_s = 0.0
        """Seconds to add to the wall clock to get the centre's, as last told over verified TLS when it mattered."""

    def send_batch(self, batch: wire.Batch) -> Answered | Rejected | Unreached:
        """Deliver items; never raises for what a network or a centre can do."""
        answer = self._post(wire.BATCH_PATH, batch, wire.BatchAnswer)
        return Answered(each_its_own(answer)) if isinstance(answer, wire.BatchAnswer) else answer

    def send_heartbeat(self, heartbeat: wire.Heartbeat) -> HeartbeatAnswered | Rejected | Unreached:
        """Deliver the terminal's last state."""
        answer = self._post(wire.HEARTBEAT_PATH, heartbeat, wire.HeartbeatAnswer)
        return HeartbeatAnswered(answer) if isinstance(answer, wire.HeartbeatAnswer) else answer

    def send_manifest(self, manifest: Manifest) -> ManifestAnswered | Rejected | Unreached:
        """Have the centre compare what it acknowledged with what it holds."""
        answer = self._post(MANIFEST_PATH, manifest, ManifestAnswer)
        return ManifestAnswered(answer) if isinstance(answer, ManifestAnswer) else answer

    def ask_inbox(self, request: InboxRequest) -> InboxAnswered | Rejected | Unreached:
        """Fetch the letters after the last one applied."""
        answer = self._post(INBOX_PATH, request, InboxAnswer)
        return InboxAnswered(answer) if isinstance(answer, InboxAnswer) else answer

    def fetch(self, path: str) -> PublicationAnswer | Rejected | Unreached:
        """What a letter refers to. `path`: as the letter names it."""
        return self._ask(path, b"", PublicationAnswer, "GET", _BYTES)

    def upload_state(self, path: str) -> wire.UploadState | Rejected | Unreached:
        """How much of an attachment the centre holds. `path`: `wire.ATTACHMENT_PATH`, filled in."""
        return self._ask(path, b"", wire.UploadState, "GET", _BYTES)

    def send_part(
        self, path: str, offset: int, of_bytes: int, part: bytes
    ) -> wire.UploadState | Rejected | Unreached:
        """Bytes of an attachment of `of_bytes`, from `offset`; all of it is under the signature, by the query."""
        return self._ask(f"{path}?offset={offset}&of={of_bytes}", part, wire.UploadState, "PUT", _BYTES)

    def ask(self, path: str, message: wire.Message, answer: type[M]) -> M | Rejected | Unreached:
        """One signed request of any kind; `offline_queue.live` gives it a deadline."""
        return self._post(path, message, answer)

    @property
    def longest_s(self) -> float:
        """That one request may last: looking for the centre at several addresses, and the whole of the rest."""
        return _ADDRESSES * self._timeouts.connect_s + self._timeouts.answer_s

    def close(self) -> None:
        """May be called twice; the next call opens again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _post(self, path: str, message: wire.Message, answer: type[M]) -> M | Rejected | Unreached:
        body = zstandard.ZstdCompressor(level=3).compress(message.model_dump_json(by_alias=True).encode())
        return self._ask(path, body, answer)

    def _ask(
        self, path: str, body: bytes, answer: type[M], method: str = "POST", form: Mapping[str, str] = _JSON
    ) -> M | Rejected | Unreached:
        for told_the_time in (False, True):
            try:
                response, content = self._exchange(path, body, method, form)
            except httpx.TransportError as error:
                self.close()  # the next try reads the CA file again, which may have been renewed
                return name_transport_error(error, clock_trusted=self._clock_trusted())
            except OSError as error:  # the CA file
                return Unreached(
                    LinkState.TLS_UNTRUSTED, f"the CA file cannot be used: {type(error).__name__}"
                )
            if content is None:
                return Unreached(LinkState.UNKNOWN, "answer too long")
            # Of an upload, 409 is an answer too: it says from where to go on.
            conflict = answer is wire.UploadState and response.status_code == HTTPStatus.CONFLICT
            if response.status_code == HTTPStatus.OK or conflict:
                try:
                    return answer.model_validate_json(content)
                except ValidationError:
                    return Unreached(LinkState.UNKNOWN, "the answer is not the centre's language")
            failure = self._name_status(response, content)
            if isinstance(failure, Rejected) or failure.state is not LinkState.CLOCK_WRONG or told_the_time:
                return failure
            if not self._take_time(content):
                return failure
        return failure

    def _exchange(
        self, path: str, body: bytes, method: str, form: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes | None]:
        self.begun_ns = time.monotonic_ns()
        self._ends_s = time.monotonic() + self._timeouts.answer_s
        if self._client is None:
            context = ssl.create_default_context(cafile=str(self._ca_file))
            context.sslsocket_class = _ending(lambda: self._ends_s)
            limits = self._timeouts
            timeout = httpx.Timeout(
                connect=limits.connect_s, read=limits.read_s, write=limits.write_s, pool=limits.connect_s
            )
            # No environment: a proxy variable must not send residents' records elsewhere.
            self._client = httpx.Client(
                base_url=self._base_url, verify=context, timeout=timeout, auth=self._auth, trust_env=False
            )
        headers = {
            **form, "Accept-Encoding": "identity", **dict([wire.PREFER_TREE]),
        }  # fmt: skip
        with self._client.stream(method, path, content=body, headers=headers) as response:
            content = b""
            for chunk in response.iter_raw():
                content += chunk
                if len(content) > ANSWER_BYTES_MAX:
                    return response, None
        return response, content

    def _name_status(self, response: httpx.Response, content: bytes) -> Rejected | Unreached:
        status, problem = response.status_code, _problem(content)
        words = f"{problem.code}: {problem.message_zh}" if problem else f"http {status}"
        code = problem.code if problem else ""
        if status in _ONE_ITEM_MAY_BE_TO_BLAME:
            return Rejected(status, words, spoken=problem is not None, code=code)
        wish_s = retry_after_s(response.headers, self._now()) if status in _MAY_NAME_A_TIME else None
        match status:
            case HTTPStatus.UNAUTHORIZED if code == "clock":
                return Unreached(LinkState.CLOCK_WRONG, words)
            case HTTPStatus.UNAUTHORIZED:
                state = LinkState.UNAUTHORISED
            case HTTPStatus.FORBIDDEN:
                state = LinkState.REVOKED
            case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
                state = LinkState.BUSY
            case HTTPStatus.BAD_GATEWAY | HTTPStatus.GATEWAY_TIMEOUT:
                state = LinkState.OFFLINE
            case _:
                state = LinkState.UNKNOWN
        return Unreached(state, words, wish_s, code)

    def _take_time(self, content: bytes) -> bool:
        """Sign with the centre's time from now on: it was told over verified TLS. The wall clock is not touched."""
        problem = _problem(content)
        try:
            centre = datetime.fromisoformat(problem.centre_time) if problem else None
        except ValueError:
            return False
        if centre is None or centre.tzinfo is None or centre.year not in _YEARS:
            return False
        self.clock_offset_s = (centre - self._now()).total_seconds()
        return True


class SelfClosing(ssl.SSLSocket):
    """Python (3.11, `_create`) leaves a socket open that fails while it is made, as when the far end has reset it.

    Then nobody has it, and it closes by itself.
    """

    def __del__(self) -> None:
        if self.version() is None:
            self.close()
        super().__del__()  # type: ignore[misc]  # the socket's own, which closes and tells of any other that was left open


def _ending(ends_s: Callable[[], float]) -> type[ssl.SSLSocket]:
    """A socket on which no step goes on beyond `ends_s` (monotonic), whatever drips in; TimeoutError.

    The HTTP client knows a time for each step only, and tells it to the socket before each.
    """

    class Ending(SelfClosing):
        def settimeout(self, value: float | None, /) -> None:
            left = ends_s() - time.monotonic()
            if left <= 0:
                raise TimeoutError
            super().settimeout(left if value is None else min(value, left))

    return Ending


def _problem(content: bytes) -> wire.Problem | None:
    try:
        return wire.Problem.model_validate_json(content)
    except ValidationError:
        return None
