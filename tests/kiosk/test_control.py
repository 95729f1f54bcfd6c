from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Failed, Ok
from kiosk import control
from kiosk.control import NAME, ControlFailure, ControlServer, ask

Serve = Callable[[Mapping[str, Callable[[], Mapping[str, Any]]]], ControlServer]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    servers: list[ControlServer] = []

    def start(answers: Mapping[str, Callable[[], Mapping[str, Any]]]) -> ControlServer:
        servers.append(ControlServer(tmp_path, answers))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_it_answers_what_it_is_asked(serve: Serve, tmp_path: Path) -> None:
    serve({"health": lambda: {"state": "live", "station": "清河"}})
    assert ask(tmp_path, "health") == Ok({"state": "live", "station": "清河"})


def test_another_question_names_the_known_ones(serve: Serve, tmp_path: Path) -> None:
    serve({"health": dict})
    refused = ask(tmp_path, "visits")
    assert refused == Failed(ControlFailure.REFUSED, "it answers only to health")


def test_an_answer_that_fails_is_told_and_the_next_comes(serve: Serve, tmp_path: Path) -> None:
    def broken() -> dict[str, Any]:
        raise KeyError

    serve({"broken": broken, "health": lambda: {"state": "live"}})
    assert ask(tmp_path, "broken") == Failed(ControlFailure.REFUSED, "KeyError")
    assert ask(tmp_path, "health") == Ok({"state": "live"})


def test_nobody_there_is_told_as_that(serve: Serve, tmp_path: Path) -> None:
    assert ask(tmp_path, "health") == Failed(ControlFailure.NOT_RUNNING)
    assert ask(tmp_path / "nowhere", "health") == Failed(ControlFailure.NOT_RUNNING)
    serve({}).close()
    assert not (tmp_path / NAME).exists()
    assert ask(tmp_path, "health") == Failed(ControlFailure.NOT_RUNNING)


def test_the_socket_of_a_killed_terminal_is_in_nobodys_way(serve: Serve, tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / NAME))
    left.close()
    assert ask(tmp_path, "health") == Failed(ControlFailure.NOT_RUNNING)
    serve({"health": lambda: {"state": "live"}})
    assert ask(tmp_path, "health") == Ok({"state": "live"})


def test_a_folder_deeper_than_a_socket_path_may_be(tmp_path: Path) -> None:
    deep = tmp_path / ("深" * 40) / ("x" * 120)
    deep.mkdir(parents=True)
    server = ControlServer(deep, {"health": lambda: {"state": "live"}})
    server.start()
    try:
        assert ask(deep, "health") == Ok({"state": "live"})
    finally:
        server.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\n",
        b"no json\n",
        b"[1]\n",
        b'{"ask": 7}\n',
        b'{"ask": []}\n',
        b"\xff\xfe\n",
        b"[" * 60_000 + b"\n",
    ],
)
def test_rubbish_keeps_nobody_from_the_next_answer(serve: Serve, tmp_path: Path, sent: bytes) -> None:
    serve({"health": lambda: {"state": "live"}})
    with socket.socket(socket.AF_UNIX) as client, control._short(tmp_path) as path:
        client.connect(path)
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        client.settimeout(10)
        said = b"".join(iter(lambda: client.recv(4096), b""))
    assert not said or json.loads(said)["ok"] is False
    assert ask(tmp_path, "health") == Ok({"state": "live"})


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[1]\n",
        b"{}\n",
        b'{"ok": true}\n',
        b'{"ok": 1, "answer": {}}\n',
        b'{"ok": false}\n',
        b"[" * 60_000 + b"\n",
    ],
)
def test_an_answer_that_is_none_is_told_as_silence(tmp_path: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        with control._short(tmp_path) as path:
            other.bind(path)
        other.listen(1)

        def answer() -> None:
            client, _ = other.accept()
            with client:
                client.recv(4096)
                client.sendall(said)

        talking = threading.Thread(target=answer)
        talking.start()
        asked = ask(tmp_path, "health", timeout_s=30.0)
        talking.join(30)
    assert isinstance(asked, Failed)
    assert asked.reason is ControlFailure.SILENT


def test_a_client_that_says_nothing_is_left(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "CLIENT_TIMEOUT_S", 1.0)
    serve({"health": lambda: {"state": "live"}})
    with socket.socket(socket.AF_UNIX) as client, control._short(tmp_path) as path:
        client.connect(path)
        assert ask(tmp_path, "health", timeout_s=10.0) == Ok({"state": "live"})


def test_a_terminal_that_does_not_answer_is_silent_and_not_absent(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        with control._short(tmp_path) as path:
            deaf.bind(path)
        deaf.listen(1)
        assert ask(tmp_path, "health", timeout_s=0.2) == Failed(ControlFailure.SILENT, "TimeoutError")
