"""A simulated camera that is bound by name: as behind a link under /dev/v4l, its number changes with each plug."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from drivers.camera.simulated import SimulatedCamera


class NamedCamera(SimulatedCamera):
    """`address` stays and leads (HTTP 302) to where the camera is since its last plug; away, nobody answers."""

    def __init__(self, picture: bytes) -> None:
        self._name: ThreadingHTTPServer | None = None
        self._name_port = 0
        super().__init__(picture)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._name_port}/camera.mjpg"

    @property
    def number(self) -> int:
        """Which it is now: a port, as the kernel numbers video nodes."""
        return self._port

    def plug(self, port: int | None = None) -> None:
        """Appear, under another number than before unless one is given."""
        if self._name is not None:
            return
        super().plug(0 if port is None else port)
        self._name = ThreadingHTTPServer(("127.0.0.1", self._name_port), _leading_to(super().address))
        self._name.daemon_threads = True
        self._name_port = self._name.server_address[1]
        self._name_thread = threading.Thread(target=self._name.serve_forever, args=(0.05,), daemon=True)
        self._name_thread.start()

    def replug_elsewhere(self) -> None:
        former = self.number
        while self.number == former:
            self.unplug()
            self.plug()

    def unplug(self) -> None:
        name, self._name = self._name, None
        if name is not None:
            name.shutdown()
            name.server_close()
            self._name_thread.join(5.0)
        super().unplug()


def _leading_to(place: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", place)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            pass

    return Handler
