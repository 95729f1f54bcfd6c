"""The other end of the wire: a small centre behind real TLS on loopback, with a fault script."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_queue import wire
from offline_queue.chain import head_is_signed
from offline_queue.inbox_wire import INBOX_PATH, InboxAnswer, InboxRequest, Letter
from offline_queue.link import SelfClosing
from offline_queue.wire_signature import NotSigned, Refusal, verify_request
from tests.offline_queue.authority import Certified

HEAR = "hear it"
"""No fault, for this request, before those that follow."""
LOSE_ANSWER = "lose the answer"


@dataclass(frozen=True, slots=True)
class Status:
    """Answer one request with this status instead of hearing it."""

    status: int
    code: str = "fault"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(slots=True)
class Registered:
    item: wire.Item
    acknowledgement: wire.Acknowledgement


class Centre:
    """Registers once per (terminal, id). `faults` are used up one a request; the rest are rules that stay."""

    def __init__(self, certified: Certified) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.key_id = "centre-1"
        self.terminals: dict[str, Ed25519PublicKey] = {}
        self.registered: dict[tuple[str, str], Registered] = {}
        self.order: list[str] = []
        self.batches: list[list[str]] = []
        self.heartbeats: list[wire.Heartbeat] = []
        self.times_heard: dict[str, int] = {}
        self.faults: deque[Status | str] = deque()
        self.verdicts: dict[str, wire.Verdict] = {}
        """By item id: answered instead of registering."""
        self.statuses: dict[str, Status] = {}
        """By item id: a batch with this item is refused as a whole."""
        self.letters: list[Letter] = []
        """What the inbox of whoever asks holds."""
        self.asked_after: list[int | None] = []
        self.limit_per_request: int | None = None
        self.acknowledge: Callable[[wire.Acknowledgement], wire.Acknowledgement] = lambda genuine: genuine
        self.clock_ahead = timedelta(0)
        self.interval_s = 300.0
        self.broken_heads = 0
        self.requests = 0
        self._certified = certified
        self._port = 0
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    @property
    def ids(self) -> list[str]:
        return [item_id for _terminal, item_id in self.registered]

    def start(self) -> None:
        centre = self

        class Handler(_Handler):
            owner = centre

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, _request: Any, _client_address: Any) -> None:
                """A client that goes away is part of the game."""

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certified.chain, self._certified.key)
        context.sslsocket_class = SelfClosing
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = None
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def hear(self, path: str, headers: dict[str, str], raw: bytes) -> Status | str:
        """The answer's body, or a fault. One request at a time."""
        with self._lock:
            self.requests += 1
            fault = self.faults.popleft() if self.faults else None
            if isinstance(fault, Status):
                return fault
            now = datetime.now(UTC) + self.clock_ahead
            checked = verify_request(
                method="POST", path=path, headers=headers, body=raw, resolve_key=self.terminals.get, now=now
            )
            if isinstance(checked, NotSigned):
                return self._unsigned(checked, now)
            body = zstandard.ZstdDecompressor().decompress(raw, max_output_size=wire.BATCH_BYTES_MAX)
            if path == wire.HEARTBEAT_PATH:
                heartbeat = wire.Heartbeat.model_validate_json(body)
                self._check_head(heartbeat.terminal, heartbeat.head)
                self.heartbeats.append(heartbeat)
                newest = max((letter.number for letter in self.letters), default=0)
                answer: wire.Message = wire.HeartbeatAnswer(
                    centre_time=now.isoformat(), inbox=newest, interval_s=self.interval_s
                )
            elif path == INBOX_PATH:
                answer = self._inbox(InboxRequest.model_validate_json(body), now)
            else:
                batch = wire.Batch.model_validate_json(body)
                self._check_head(batch.terminal, batch.head)
                refusal = self._refuse_whole(batch)
                if refusal is not None:
                    return refusal
                answer = wire.BatchAnswer(
                    verdicts=tuple(self._verdict(item, now) for item in batch.items),
                    centre_time=now.isoformat(),
                )
            return LOSE_ANSWER if fault == LOSE_ANSWER else answer.model_dump_json(by_alias=True)

    def _inbox(self, request: InboxRequest, now: datetime) -> InboxAnswer:
        self.asked_after.append(request.after)
        waiting = [letter for letter in self.letters if letter.number > (request.after or 0)]
        return InboxAnswer(letters=tuple(waiting[:2]), more=len(waiting) > 2, centre_time=now.isoformat())

    def letter(self, number: int, content: wire.Message, terminal: str = "0142") -> Letter:
        """Signed by this centre and not yet put into the inbox."""
        text = content.model_dump_json()
        unsigned = Letter(terminal=terminal, number=number, content=text, key_id=self.key_id, signature=b"")
        return unsigned.model_copy(update={"signature": self.key.sign(unsigned.signed_bytes())})

    def _refuse_whole(self, batch: wire.Batch) -> Status | None:
        self.batches.append([item.id for item in batch.items])
        for item in batch.items:
            self.times_heard[item.id] = self.times_heard.get(item.id, 0) + 1
        if self.limit_per_request is not None and len(batch.items) > self.limit_per_request:
            return Status(413, "too_large")
        return next((self.statuses[item.id] for item in batch.items if item.id in self.statuses), None)

    def _check_head(self, terminal: str, head: wire.ChainHead) -> None:
        if not head_is_signed(terminal, head, self.terminals[terminal]):
            self.broken_heads += 1

    def _unsigned(self, refused: NotSigned, now: datetime) -> Status:
        code = "clock" if refused.reason is Refusal.CLOCK else "signature"
        problem = wire.Problem(
            code=code, message_zh="签名不被接受", message_en="not accepted", centre_time=now.isoformat()
        )
        return Status(401, code, body=problem.model_dump_json().encode())

    def _verdict(self, item: wire.Item, now: datetime) -> wire.Verdict:
        if item.id in self.verdicts:
            return self.verdicts[item.id]
        known = self.registered.get((item.terminal, item.id))
        if known is not None and known.item.chain_hash() != item.chain_hash():
            return wire.Verdict(item_id=item.id, kind=wire.VerdictKind.CONFLICT, reason="同一编号，内容不同")
        if known is None:
            known = Registered(item, self._sign(item, now))
            self.registered[item.terminal, item.id] = known
            self.order.append(item.id)
            kind = wire.VerdictKind.REGISTERED
        else:
            kind = wire.VerdictKind.DUPLICATE
        return wire.Verdict(
            item_id=item.id,
            kind=kind,
            acknowledgement=self.acknowledge(known.acknowledgement),
            case_state="registered",
        )

    def _sign(self, item: wire.Item, now: datetime) -> wire.Acknowledgement:
        unsigned = wire.Acknowledgement(
            item_id=item.id,
            item_hash=item.chain_hash(),
            registered_at=now.isoformat(),
            key_id=self.key_id,
            signature=b"",
        )
        return unsigned.model_copy(update={"signature": self.key.sign(unsigned.signed_bytes())})


class _Handler(BaseHTTPRequestHandler):
    owner: Centre
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.owner._connections.add(self.request)

    def finish(self) -> None:
        super().finish()
        self.owner._connections.discard(self.request)

    def log_message(self, *_args: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.owner.hear(self.path, dict(self.headers.items()), raw)
        if answer == LOSE_ANSWER:
            self.close_connection = True
            self.request.shutdown(socket.SHUT_RDWR)
            return
        if isinstance(answer, Status):
            problem = {"code": answer.code, "message_zh": "测试故障", "message_en": "a fault of the test"}
            content = answer.body if answer.body is not None else json.dumps(problem).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
        else:
            content = answer.encode()
            self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST  # noqa: N815 - the library's names; only faults are answered to them
