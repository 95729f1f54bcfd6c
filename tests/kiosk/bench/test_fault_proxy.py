"""Each mode of the bad line, against a plain echo server on loopback."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from kiosk.bench.fault_proxy import FaultProxy, Line, Mode

PATIENCE_S = 20.0
SILENCE_S = 0.4


class Echo(socketserver.BaseRequestHandler):
    """Answers each piece, and remembers what came."""

    def handle(self) -> None:
        assert isinstance(self.server, EchoServer)
        while True:
            try:
                data = self.request.recv(4096)
            except OSError:
                return
            if not data:
                return
            self.server.note(data)
            self.request.sendall(data.upper())


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.came = b""
        self.news = threading.Condition()

    def note(self, data: bytes) -> None:
        with self.news:
            self.came += data
            self.news.notify_all()

    def await_bytes(self, expected: bytes) -> bool:
        with self.news:
            return self.news.wait_for(lambda: self.came == expected, PATIENCE_S)


@pytest.fixture
def server() -> Iterator[EchoServer]:
    with EchoServer() as echo:
        thread = threading.Thread(target=echo.serve_forever)
        thread.start()
        yield echo
        echo.shutdown()
        thread.join()


@pytest.fixture
def proxy(server: EchoServer) -> Iterator[FaultProxy]:
    made = FaultProxy(server.server_address[1]).start()
    yield made
    made.close()
    made.close()


def connect(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S)


def ask(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(4096)


def gone(connection: socket.socket) -> bool:
    """Is the connection closed or reset within the patience?"""
    try:
        return connection.recv(4096) == b""
    except ConnectionError:
        return True


def test_up(proxy: FaultProxy) -> None:
    with connect(proxy) as connection:
        assert ask(connection, b"hello") == b"HELLO"


def test_down_refuses_resets_and_comes_back_on_the_same_port(proxy: FaultProxy) -> None:
    port = proxy.port
    with connect(proxy) as connection:
        assert ask(connection, b"a") == b"A"
        proxy.mode = Mode.DOWN
        assert gone(connection)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy).close()
    for _ in range(3):
        proxy.mode = Mode.UP
        assert proxy.port == port
        with connect(proxy) as connection:
            assert ask(connection, b"b") == b"B"
        proxy.mode = Mode.DOWN


def test_half_open_accepts_and_is_silent_until_it_is_up_again(proxy: FaultProxy, server: EchoServer) -> None:
    proxy.mode = Mode.HALF_OPEN
    with connect(proxy) as connection:
        connection.sendall(b"anyone")
        connection.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert server.came == b""
        connection.settimeout(PATIENCE_S)
        proxy.mode = Mode.UP
        assert connection.recv(4096) == b"ANYONE"


def test_slow_is_late_and_whole(proxy: FaultProxy) -> None:
    proxy.mode, proxy.delay_s = Mode.SLOW, SILENCE_S
    with connect(proxy) as connection:
        sent_s = time.monotonic()
        assert ask(connection, b"late") == b"LATE"
        assert time.monotonic() - sent_s >= 2 * SILENCE_S, (
            "late there and late back, and later on a busy machine"
        )


def test_answer_lost_once_then_up(proxy: FaultProxy, server: EchoServer) -> None:
    proxy.mode = Mode.ANSWER_LOST_ONCE
    with connect(proxy) as connection:
        connection.sendall(b"x")
        assert gone(connection)
    assert server.await_bytes(b"x")
    assert proxy.mode is Mode.UP
    with connect(proxy) as connection:
        assert ask(connection, b"y") == b"Y"
    assert proxy.answers_lost == 1


def test_answer_lost_always(proxy: FaultProxy, server: EchoServer) -> None:
    proxy.mode = Mode("answer_lost")
    for text in (b"1", b"12"):
        with connect(proxy) as connection:
            connection.sendall(b"1" if text == b"1" else b"2")
            assert gone(connection)
        assert server.await_bytes(text)
    assert proxy.answers_lost == 2


def test_a_centre_that_is_away_looks_like_a_torn_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        lonely = FaultProxy(unused.getsockname()[1]).start()
        try:
            connection = connect(lonely)
        except ConnectionError:
            pass  # torn before the connection was ready
        else:
            with connection:
                assert gone(connection)
        lonely.close()


def test_close_ends_its_threads(server: EchoServer) -> None:
    before = {thread for thread in threading.enumerate() if thread.name == "fault-proxy"}
    proxy = FaultProxy(server.server_address[1]).start()
    connection = connect(proxy)
    assert ask(connection, b"q") == b"Q"
    proxy.close()
    assert gone(connection)
    connection.close()
    assert {thread for thread in threading.enumerate() if thread.name == "fault-proxy"} <= before


def test_truncated_ends_after_so_many_bytes(proxy: FaultProxy, server: EchoServer) -> None:
    proxy.cut_after = 8
    proxy.mode = Mode.TRUNCATED
    with connect(proxy) as connection:
        assert ask(connection, b"12345") == b"12345"
        connection.sendall(b"67890")
        assert server.await_bytes(b"12345678")
        assert gone(connection)
    assert proxy.troubles > 0


def test_corrupted_turns_one_bit_of_each_piece(proxy: FaultProxy, server: EchoServer) -> None:
    proxy.mode = Mode.CORRUPTED
    with connect(proxy) as connection:
        connection.sendall(b"aaaa")
        with server.news:
            assert server.news.wait_for(lambda: len(server.came) == 4, PATIENCE_S)
    assert sum((got ^ ord("a")).bit_count() for got in server.came) == 1


def test_reordered_lets_what_comes_later_overtake(proxy: FaultProxy, server: EchoServer) -> None:
    proxy.mode = Mode.REORDERED
    with connect(proxy) as connection:
        connection.sendall(b"1234")
        assert server.await_bytes(b"3412")


def test_a_throttled_line_takes_the_time_that_its_width_and_its_losses_say(server: EchoServer) -> None:
    proxy = FaultProxy(server.server_address[1], line=Line(1000, 2.0, 1.0), pace=1000).start()
    proxy.mode = Mode.THROTTLED
    with proxy, connect(proxy) as connection:
        assert ask(connection, b"x" * 500) == b"X" * 500
        each_way_s = 1.0 + 0.5 + (0.2 + 2.0)
        assert proxy.line_s == pytest.approx(2 * each_way_s)
        assert (proxy.bytes_up, proxy.bytes_down) == (500, 500)
