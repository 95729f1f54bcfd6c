"""Serves the bench page from a thread of this process, on loopback only."""

from __future__ import annotations

import errno
import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

HOST = "127.0.0.1"
START_S = 20.0


class PageNotServedError(Exception):
    """The page did not come up."""


class PageServer:
    """Listens at once, on `port` or, when another program has it, on a free one: see `port` after."""

    def __init__(self, app: FastAPI, port: int) -> None:
        self._listener = _listen(port)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}/"
        config = uvicorn.Config(
            app,
            access_log=False,
            log_level="warning",
            log_config=None,  # the program's own logging stays as it is
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name="bench-page", daemon=True
        )
        self._thread.start()
        ends_s = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > ends_s:
                self.close()
                message = "the bench page did not start"
                raise PageNotServedError(message)
            time.sleep(0.02)

    def close(self) -> None:
        """End it; may be called twice."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._listener.close()


def _listen(port: int) -> socket.socket:
    for wanted in (port, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, wanted))
            listener.listen(64)
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE or wanted == 0:
                raise
        else:
            return listener
    raise AssertionError
