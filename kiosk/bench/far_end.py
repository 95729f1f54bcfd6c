"""A system behind the centre, as the centre meets it: an HTTP server on loopback that takes a question and answers it.

The form is that of `central/departments/over_http.py`. Who stands behind it says what is answered, and its faults.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
SLOW_S = 1.0
SILENT_S = 120.0
"""A silent one lets go at last, as a socket would."""
QUESTION_BYTES_MAX = 64 * 1024
FAULTS = ("slow", "silent", "error", "garbage", "endless", "over_quota", "down")


class FarEnd:
    """Answers from the start. `now` is "ok", one of `FAULTS`, or what the one behind it knows besides."""

    kind = "standing"
    """Of its answers; a garbled one says that much."""

    def __init__(self) -> None:
        self.now = "ok"
        self.lock = threading.Lock()
        self._let_go = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self._open()

    def knows(self, value: str) -> bool:
        """Whether `set` may be told this."""
        return value == "ok" or value in FAULTS

    def reply(self, path: str, question: dict[str, Any]) -> dict[str, Any] | None:
        """The document that is answered; None for a question that nobody here answers."""
        raise NotImplementedError

    def address(self, name: str) -> str:
        return f"http://{HOST}:{self._port}/{name}"

    def set(self, value: str) -> None:
        """Raises KeyError for what there is not, OSError when the port cannot be had again."""
        if not self.knows(value):
            raise KeyError(value)
        self._let_go.set()
        self._let_go = threading.Event()
        self.now = value
        if value == "down":
            self._shut()
        elif self._server is None:
            self._open()

    def close(self) -> None:
        """May be called twice."""
        self._let_go.set()
        self._shut()

    def _open(self) -> None:
        self._server = _Server((HOST, self._port), self._handler())
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="far-end", daemon=True).start()

    def _shut(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        here = self

        class Handler(BaseHTTPRequestHandler):
            # HTTP/1.0: a connection a question, so that `down` leaves none open.
            def do_POST(self) -> None:
                here._answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                """Nothing: a question holds a person's number."""

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        now, let_go = self.now, self._let_go
        told = self.reply(request.path.strip("/"), _question(request))
        if told is None:
            request.send_error(404)
            return
        if now in ("slow", "silent"):
            let_go.wait(SLOW_S if now == "slow" else SILENT_S)
        if now == "error":
            request.send_error(500)
        elif now == "over_quota":
            request.send_response(429)
            request.send_header("Retry-After", "2")
            request.end_headers()
        elif now == "garbage":
            _send(request, f'{{"kind": "{self.kind}", "{self.kind}": "<script>"}}'.encode())
        elif now == "endless":
            _send(request, b'"' + b"0" * 1_000_000)
        else:
            _send(request, json.dumps(told).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The other side left, which it may: it does not wait for a silent one."""


def _question(request: BaseHTTPRequestHandler) -> dict[str, Any]:
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length) > QUESTION_BYTES_MAX:
        return {}
    try:
        told = json.loads(request.rfile.read(int(length)))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _send(request: BaseHTTPRequestHandler, content: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)
