"""Serving the application over TLS on loopback, on a port that the system may choose."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from central.app import create_app
from central.settings import CentreSettings
from central.trust import load_trust

BACKLOG = 512
START_S = 30.0
END_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Server(uvicorn.Server):
    """Says when it is ready, and ends on a signal as on a wish: exit code 0, nothing raised again."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own version raises the signal anew after the end, which looks like an accident."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {number: signal.signal(number, self.handle_exit) for number in END_SIGNALS}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)


def _prepare(
    settings: CentreSettings, port: int, ready: Callable[[str], None]
) -> tuple[_Server, socket.socket]:
    trust = load_trust(settings.trust, production=settings.production)
    app = create_app(settings, trust)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, port))
    listener.listen(BACKLOG)
    url = f"https://{settings.host}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        app,
        ssl_certfile=trust.certificate,
        ssl_keyfile=str(trust.certificate_key),
        access_log=False,  # addresses and paths hold case codes
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return _Server(config, lambda: ready(url)), listener


def serve(settings: CentreSettings, port: int = 0, ready: Callable[[str], None] = lambda _url: None) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is told the address once connections are answered."""
    server, listener = _prepare(settings, port, ready)
    with listener:
        server.run(sockets=[listener])


class RunningCentre:
    """The centre in a thread of this process, for tests and tools: `url` and `port` are there at once."""

    def __init__(self, settings: CentreSettings, port: int = 0) -> None:
        started = threading.Event()
        self.url = ""

        def ready(url: str) -> None:
            self.url = url
            started.set()

        self._server, self._listener = _prepare(settings, port, ready)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name="centre", daemon=True
        )
        self._thread.start()
        if not started.wait(START_S):
            self.close()
            message = "the centre did not start"
            raise RuntimeError(message)
        self.port = int(self.url.rsplit(":", 1)[1])

    def close(self) -> None:
        """End it; may be called twice."""
        self._server.should_exit = True
        self._thread.join(timeout=15)
        self._listener.close()
