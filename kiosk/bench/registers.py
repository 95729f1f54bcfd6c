"""The far end of the centre's registers: an HTTP server on loopback that knows who lost a card, and its faults.

The centre asks it over a real connection, as it asks a county's system (`central/departments/over_http.py` has
the form). Every register of the demo stands here, each under its name.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
NAMES = ("card_status", "cycle_state")
"""What the demo's definitions name in `offline.recheck_at_sync`."""
SLOW_S = 1.0
SILENT_S = 120.0
"""A silent one lets go at last, as a socket would."""
QUESTION_BYTES_MAX = 64 * 1024
STANDING = {
    "ok": {},
    "lost": {"card_status": "card_lost"},
    "out_of_scope": {"cycle_state": "not_eligible"},
}
"""What is on record -> what each register says of everybody; `clear` where nothing is written."""
FAULTS = ("slow", "silent", "error", "garbage", "endless", "over_quota", "down")


class SimulatedRegisters:
    """Answers from the start. `set` takes a key of `STANDING` or one of `FAULTS`; `asked` counts by name."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = dict.fromkeys(NAMES, 0)
        self._now = "ok"
        self._let_go = threading.Event()
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self._open()

    def options(self) -> tuple[str, ...]:
        """Those of `main.py central` that attach all of them; asked again soon, since who plays wants to see it."""
        named = [part for name in NAMES for part in ("--register", name, self.address(name))]
        return (*named, "--recheck-again", "2")

    def address(self, name: str) -> str:
        return f"http://{HOST}:{self._port}/{name}"

    def set(self, value: str) -> None:
        """Raises KeyError for what there is not, OSError when the port cannot be had again."""
        if value not in STANDING and value not in FAULTS:
            raise KeyError(value)
        self._let_go.set()
        self._let_go = threading.Event()
        self._now = value
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
        threading.Thread(target=self._server.serve_forever, name="registers", daemon=True).start()

    def _shut(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        registers = self

        class Handler(BaseHTTPRequestHandler):
            # HTTP/1.0: a connection a question, so that `down` leaves none open.
            def do_POST(self) -> None:
                registers._answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                """Nothing: a question holds a person's number."""

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        name, now, let_go = request.path.strip("/"), self._now, self._let_go
        question = _question(request)
        if name not in NAMES or question.get("register") != name:
            request.send_error(404)
            return
        with self._lock:
            self.asked[name] += 1
        if now in ("slow", "silent"):
            let_go.wait(SLOW_S if now == "slow" else SILENT_S)
        if now == "error":
            request.send_error(500)
        elif now == "over_quota":
            request.send_response(429)
            request.send_header("Retry-After", "2")
            request.end_headers()
        elif now == "garbage":
            _send(request, b'{"kind": "standing", "standing": "<script>"}')
        elif now == "endless":
            _send(request, b'"' + b"0" * 1_000_000)
        else:
            standing = STANDING.get(now, {}).get(name, "clear")
            _send(request, json.dumps({"kind": "standing", "standing": standing}).encode())


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
