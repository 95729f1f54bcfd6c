"""The bench page on its port, on a free one, and without a screen."""

from __future__ import annotations

import socket
from typing import Any, NoReturn, cast

import httpx
from fastapi import FastAPI

from kiosk.bench.page_server import PageServer
from kiosk.bench.web import Mirror, ScreenUnseenError, create_page

MOVES = ("put_card", "put_helper_card", "show_face", "set_network", "set_paper")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_it_serves_on_its_port_and_is_silent_after_the_end() -> None:
    app = FastAPI()
    app.get("/")(lambda: "hello")
    port = free_port()
    server = PageServer(app, port)
    assert server.url == f"http://127.0.0.1:{port}/"
    assert httpx.get(server.url).json() == "hello"
    server.close()
    server.close()
    again = PageServer(app, port)
    assert again.port == port
    again.close()


def test_a_taken_port_is_left_to_its_owner() -> None:
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        server = PageServer(FastAPI(), owner.getsockname()[1])
        assert server.port != owner.getsockname()[1]
        assert httpx.get(server.url).status_code == 404
        server.close()


def test_a_screen_that_cannot_be_seen_is_told_to_the_browser() -> None:
    def blind(*_: Any) -> NoReturn:
        message = "no such display"
        raise ScreenUnseenError(message)

    unused = cast("Any", type("NoVillage", (), dict.fromkeys(MOVES, blind))())
    server = PageServer(create_page(unused, Mirror(blind, blind), "https://127.0.0.1/ops"), 0)
    answers = [
        httpx.get(f"{server.url}screen.jpg"),
        httpx.post(f"{server.url}click", data={"x": 1, "y": 1}),
    ]
    server.close()
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all("看不到终端屏幕" in answer.text and "no such display" in answer.text for answer in answers)
