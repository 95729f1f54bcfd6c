"""The clerks' desk: an HTTP server on loopback that holds two pictures until they are taken away."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from drivers.clerk_line.contract import ClerkQuestion, ClerkWord

QUESTION_BYTES_MAX = 4 * 1024 * 1024


class DeskFault(StrEnum):
    """What the desk does instead of answering."""

    NONE = "none"
    NOBODY_FREE = "nobody_free"
    ERROR = "error"
    GARBAGE = "garbage"


class SimulatedDesk:
    """`says`: what its clerk answers to whatever comes; None: the clerk is still looking."""

    def __init__(self, says: ClerkWord | None = ClerkWord.SAME, clerk: str = "C12") -> None:
        self.says = says
        self.clerk = clerk
        self.fault = DeskFault.NONE
        self.asked = 0
        self._ids = count(1)
        self._changed = threading.Condition()
        self._kept: dict[str, ClerkQuestion] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def held(self) -> tuple[ClerkQuestion, ...]:
        """The questions whose pictures lie on the desk now."""
        with self._changed:
            return tuple(self._kept.values())

    def wait_held(self, number: int, timeout_s: float) -> bool:
        """Until so many lie there."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._kept) == number, timeout_s)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                desk._lay(self)

            def do_GET(self) -> None:
                desk._tell(self)

            def do_DELETE(self) -> None:
                with desk._changed:
                    desk._kept.pop(self.path.rpartition("/")[2], None)
                    desk._changed.notify_all()
                _answer(self, 204)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                """Nothing: who asks is nobody's to read."""

        return Handler

    def _lay(self, request: BaseHTTPRequestHandler) -> None:
        question = _question(request)
        if question is None or request.path != "/questions":
            _answer(request, 400)
            return
        match self.fault:
            case DeskFault.NOBODY_FREE:
                _answer(request, 503)
            case DeskFault.ERROR:
                _answer(request, 500)
            case DeskFault.GARBAGE:
                _answer(request, 201, {"question": "../" * 9})
            case DeskFault.NONE:
                with self._changed:
                    self.asked += 1
                    id_ = f"q-{next(self._ids)}"
                    self._kept[id_] = question
                    self._changed.notify_all()
                _answer(request, 201, {"question": id_})

    def _tell(self, request: BaseHTTPRequestHandler) -> None:
        with self._changed:
            known = request.path.rpartition("/")[2] in self._kept
        if not known:
            _answer(request, 404)
        elif self.says is None:
            _answer(request, 204)
        else:
            _answer(request, 200, {"word": self.says.value, "clerk": self.clerk})


def _question(request: BaseHTTPRequestHandler) -> ClerkQuestion | None:
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length) > QUESTION_BYTES_MAX:
        return None
    try:
        told = json.loads(request.rfile.read(int(length)))
        pictures = [base64.b64decode(told[name], validate=True) for name in ("card_photo", "live_picture")]
        return ClerkQuestion(str(told["terminal"]), str(told["case"]), *pictures)
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None


def _answer(request: BaseHTTPRequestHandler, status: int, told: dict[str, str] | None = None) -> None:
    content = b"" if told is None else json.dumps(told).encode()
    request.send_response(status)
    if status != 204:
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)
