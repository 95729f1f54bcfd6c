"""A bad network on demand: a TCP proxy on loopback between terminal and centre.

It never looks inside the bytes (they are TLS), so what the terminal meets is what a real line does.
"""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import struct
import threading
from typing import Literal, Self

from kiosk.bench.line_trouble import REORDER_WAIT_S, VILLAGE_LINE, Line, Mode, corrupted

__all__ = ["FaultProxy", "Line", "Mode"]

Direction = Literal["up", "down", "both"]
CHUNK_BYTES = 65536
TICK_S = 0.05
"""How often a waiting thread looks whether the mode has changed."""
QUIET_S = 0.25
"""Both sides silent for so long: the request is out, and the answer (not a TLS session ticket) is lost."""
DRAIN_S = 5.0
"""How long the centre's side of a lost answer is kept open without a byte."""


class FaultProxy:
    """Threads, no event loop, so that it also serves a program that blocks.

    The port is chosen by the system at `start` and kept over `down` and `up`. In the `answer_lost`
    modes the TLS handshake passes, the request reaches the centre whole, and the centre is left to finish.
    `pace`: how many times faster than on the real line the time of a throttled line passes here.
    """

    def __init__(
        self, upstream_port: int, *, upstream_host: str = "127.0.0.1", delay_s: float = 0.5, cut_after: int = 2000,
        line: Line = VILLAGE_LINE, pace: float = 1.0, seed: int = 0,
    ) -> None:  # fmt: skip
        self.delay_s = delay_s
        self.cut_after = cut_after
        self.pace = pace
        self._line = line
        self._chance = random.Random(seed)  # noqa: S311 - trouble that can be repeated, not a secret
        self.only: Direction = "both"
        """Which way the pieces go that meet with the trouble."""
        self.changes = 0
        """How often the mode was set."""
        self.troubles = 0
        """How many pieces or connections met with the mode's trouble since the start."""
        self.bytes_up = self.bytes_down = 0
        """Passed on to the centre, and back, since the start."""
        self.line_s = 0.0
        """How long a throttled line was busy, in its own time."""
        self._upstream = (upstream_host, upstream_port)
        self._mode = Mode.UP
        self._lock = threading.RLock()
        self._listener: socket.socket | None = None
        self._port = 0
        self._closed = threading.Event()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._threads: list[threading.Thread] = []
        self.answers_lost = 0
        """How many answers were dropped since the start."""

    def start(self) -> Self:
        """Listen. Returns itself."""
        self._listen()
        return self

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, value: Mode | str) -> None:
        new = Mode(value)
        with self._lock:
            self._mode = new
            self.changes += 1
            if new is Mode.DOWN:
                self._stop_listening()
                self._reset_all()
            elif self._listener is None and not self._closed.is_set():
                self._listen()

    def lead_to(self, port: int) -> None:
        """From now on to another port of this machine; what is open is reset."""
        with self._lock:
            self._upstream = (self._upstream[0], port)
            self._reset_all()

    def close(self) -> None:
        """Reset everything and end the threads; may be called twice."""
        self._closed.set()
        with self._lock:
            self._stop_listening()
            self._reset_all()
        for thread in list(self._threads):
            thread.join(timeout=5)

    def __enter__(self) -> Self:
        return self if self._port else self.start()

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(64)
        self._port = listener.getsockname()[1]
        self._listener = listener
        self._spawn(self._accept, listener)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            # shutdown wakes the thread that sits in accept; close alone does not
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _reset_all(self) -> None:
        for pair in list(self._pairs):
            _reset(*pair)

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="fault-proxy", daemon=True)  # type: ignore[arg-type] # any callable
        self._threads = [t for t in self._threads if t.is_alive()]
        thread.start()
        self._threads.append(thread)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        try:
            upstream = socket.create_connection(self._upstream, timeout=5)
            upstream.settimeout(None)
        except OSError:
            _reset(client)
            return
        pair = (client, upstream)
        with self._lock:
            if self._closed.is_set() or self._mode is Mode.DOWN:
                _reset(*pair)
                return
            self._pairs.add(pair)
        try:
            _Pump(self, client, upstream).run()
        finally:
            with self._lock:
                self._pairs.discard(pair)
            _reset(*pair)

    def lose(self) -> bool:
        """Is this answer to be lost? Counts it, and mends the line after `answer_lost_once`."""
        with self._lock:
            if self._mode not in (Mode.ANSWER_LOST, Mode.ANSWER_LOST_ONCE):
                return False
            self.answers_lost += 1
            if self._mode is Mode.ANSWER_LOST_ONCE:
                self._mode = Mode.UP
            return True

    def wait(self, seconds: float) -> None:
        self._closed.wait(seconds)

    def hits(self, mode: Mode, *, up: bool) -> bool:
        """Whether the line does this now to what goes this way."""
        return self._mode is mode and self.only in ("both", "up" if up else "down")

    def carry(self, data: bytes, *, up: bool, turned: bool) -> bytes:
        """The piece as it comes out of the line, after as long as the line takes; counts it."""
        with self._lock:
            mode = self._mode if self.hits(self._mode, up=up) else Mode.UP
            self.troubles += mode in (Mode.SLOW, Mode.THROTTLED, Mode.CORRUPTED)
            if mode is Mode.CORRUPTED:
                data = corrupted(data, self._chance)
            late = (
                self._line.seconds(len(data), self._chance, turned=turned) if mode is Mode.THROTTLED else 0.0
            )
            self.line_s += late
            if up:
                self.bytes_up += len(data)
            else:
                self.bytes_down += len(data)
        self.wait(self.delay_s if mode is Mode.SLOW else late / self.pace)
        return data

    def trouble(self) -> None:
        """Count what was cut off or overtaken."""
        with self._lock:
            self.troubles += 1

    @property
    def ended(self) -> bool:
        return self._closed.is_set()


class _Pump:
    """Moves the bytes of one connection until one side ends."""

    def __init__(self, proxy: FaultProxy, client: socket.socket, upstream: socket.socket) -> None:
        self._proxy = proxy
        self._client, self._upstream = client, upstream
        self._request = _Request()
        self._losing = self._was_silent = False
        self._last: socket.socket | None = None
        self._passed = {client: 0, upstream: 0}
        self._changes = proxy.changes

    def run(self) -> None:
        with selectors.DefaultSelector() as selector:
            try:
                selector.register(self._client, selectors.EVENT_READ)
                selector.register(self._upstream, selectors.EVENT_READ)
            except (ValueError, OSError):  # closed: the line was torn before the first byte
                return
            while not self._proxy.ended:
                ready = selector.select(QUIET_S if self._losing else TICK_S)
                if self._losing and not ready:
                    self._drain()
                    return
                moving = [key.fileobj for key, _ in ready if not self._is_silent(key.fileobj)]
                if len(moving) < len(ready):
                    self._proxy.wait(TICK_S)
                if not all(self._move(source) for source in moving):
                    return

    def _follow(self) -> None:
        """What is counted is counted from the last change of the mode on."""
        if self._changes != self._proxy.changes:
            self._changes, self._was_silent = self._proxy.changes, False
            self._passed = dict.fromkeys(self._passed, 0)

    def _is_silent(self, source: object) -> bool:
        """Whether nothing moves this way; counted once a connection."""
        self._follow()
        silent = self._proxy.hits(Mode.HALF_OPEN, up=source is self._client)
        if silent and not self._was_silent:
            self._was_silent = True
            self._proxy.trouble()
        return silent

    def _move(self, source: object) -> bool:
        sock = self._client if source is self._client else self._upstream
        try:
            data = sock.recv(CHUNK_BYTES)
            if not data:
                return False
            up = sock is self._client
            if self._proxy.hits(Mode.REORDERED, up=up):
                data = self._overtaken(sock, data)
            if not up and (self._losing or (self._request.seen and self._proxy.lose())):
                self._losing = True
                return True
            data = self._proxy.carry(data, up=up, turned=sock is not self._last)
            self._last = sock
            if up:
                self._request.feed(data)
            return self._pass_on(sock, data)
        except OSError:
            return False

    def _pass_on(self, source: socket.socket, data: bytes) -> bool:
        """False when the connection ends here."""
        self._follow()
        left = self._proxy.cut_after - self._passed[source]
        whole = left >= len(data) or not self._proxy.hits(Mode.TRUNCATED, up=source is self._client)
        sink = self._upstream if source is self._client else self._client
        sink.sendall(data if whole else data[: max(0, left)])
        self._passed[source] += len(data)
        if not whole:
            self._proxy.trouble()
        return whole

    def _overtaken(self, source: socket.socket, data: bytes) -> bytes:
        """With what comes next in front of it; a piece with nothing behind it has its halves changed over."""
        source.settimeout(REORDER_WAIT_S)
        try:
            behind = source.recv(CHUNK_BYTES)
        except TimeoutError:
            half = len(data) // 2
            data, behind = data[:half], data[half:]
        finally:
            source.settimeout(None)
        self._proxy.trouble()
        return behind + data

    def _drain(self) -> None:
        """Tear the client's side; let the centre finish, for only the answer is to be lost."""
        _reset(self._client)
        silent_s = 0.0
        while not self._proxy.ended and silent_s < DRAIN_S:
            try:
                self._upstream.settimeout(TICK_S)  # fails when the whole line is torn meanwhile
                if not self._upstream.recv(CHUNK_BYTES):
                    return
                silent_s = 0.0
            except TimeoutError:
                silent_s += TICK_S
            except OSError:
                return


class _Request:
    """Tells whether the client has sent a request, as opposed to its part of the TLS handshake.

    In TLS 1.3 the client's only encrypted handshake record is its Finished, the first record of type
    23 (application data, RFC 8446 section 5.1); the second one carries the request.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._encrypted_records = 0
        self._plain = False

    @property
    def seen(self) -> bool:
        return self._plain or self._encrypted_records > 1

    def feed(self, data: bytes) -> None:
        self._buffer += data
        if self._buffer[:1] not in (b"\x14", b"\x15", b"\x16", b"\x17", b""):
            self._plain = True
            self._buffer = b""
        while len(self._buffer) >= 5:
            kind, length = self._buffer[0], struct.unpack(">H", self._buffer[3:5])[0]
            if len(self._buffer) < 5 + length:
                return
            self._encrypted_records += kind == 23
            self._buffer = self._buffer[5 + length :]


def _reset(*sockets: socket.socket) -> None:
    """Close with a reset, as a torn line looks."""
    for sock in sockets:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()
