"""What a running terminal tells the technician's commands: a Unix socket in its state folder.

One line of JSON in, one out. Only the terminal's own user may enter the folder. It answers about
devices, queue and network; nothing of a visit can be asked.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from drivers.contract import Failed, Ok
from kiosk.catalogue import strict_json

log = logging.getLogger(__name__)
NAME = "control.sock"
LINE_BYTES_MAX = 64 * 1024
CLIENT_TIMEOUT_S = 2.0
"""Of whoever is connected: one that says nothing does not keep the others waiting for long."""

Answer = Callable[[], Mapping[str, Any]]


class ControlFailure(StrEnum):
    """Why there is no answer."""

    NOT_RUNNING = "not_running"
    SILENT = "silent"
    REFUSED = "refused"


class ControlServer:
    """Answers one client after another on a thread of its own. Raises OSError when it cannot listen."""

    def __init__(self, folder: Path, answers: Mapping[str, Answer]) -> None:
        self._answers = answers
        self._folder = folder
        self._closing = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _short(folder) as path:
                # Left by a terminal that was killed; two at once are kept apart by the outbox's lock.
                (folder / NAME).unlink(missing_ok=True)
                self._socket.bind(path)
            self._socket.listen(8)
        except OSError:
            self._socket.close()
            raise
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """May be called twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        with contextlib.suppress(OSError):  # wakes `accept`; nobody connected is an error there
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread.ident is not None:
            self._thread.join(2 * CLIENT_TIMEOUT_S)
        self._socket.close()
        (self._folder / NAME).unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._socket.accept()
            except OSError:
                return  # closed
            with client:
                client.settimeout(CLIENT_TIMEOUT_S)
                # A client that went away or sent no line has no use for an answer.
                with contextlib.suppress(OSError, ValueError):
                    self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        with client.makefile("rwb") as stream:
            asked = strict_json.read(stream.readline(LINE_BYTES_MAX))
            answer = self._answers.get(str(asked.get("ask"))) if isinstance(asked, dict) else None
            if answer is None:
                reply: dict[str, Any] = {"ok": False, "why": f"it answers only to {', '.join(self._answers)}"}
            else:
                reply = _answered(answer)
            stream.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")


def ask(folder: Path, question: str, timeout_s: float = 5.0) -> Ok[dict[str, Any]] | Failed[ControlFailure]:
    """Ask the terminal whose state folder this is. NOT_RUNNING when none listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout_s)
        try:
            with _short(folder) as path:
                client.connect(path)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return Failed(ControlFailure.NOT_RUNNING)
        except OSError as error:
            return Failed(ControlFailure.REFUSED, error.strerror or type(error).__name__)
        try:
            with client.makefile("rwb") as stream:
                stream.write(json.dumps({"ask": question}).encode() + b"\n")
                stream.flush()
                reply = strict_json.read(stream.readline(strict_json.BYTES_MAX + 1))
        except (OSError, ValueError) as error:
            return Failed(ControlFailure.SILENT, type(error).__name__)
    match reply:
        case {"ok": True, "answer": dict() as answer}:
            return Ok(answer)
        case {"ok": False, "why": str(why)}:
            return Failed(ControlFailure.REFUSED, why)
        case _:
            return Failed(ControlFailure.SILENT, "what it said is no answer")


def _answered(answer: Answer) -> dict[str, Any]:
    try:
        return {"ok": True, "answer": dict(answer())}
    except Exception as error:  # noqa: BLE001  # a defect: told to whoever asked, and the next question is answered
        log.error("an answer for the technician failed: %s", type(error).__name__)
        return {"ok": False, "why": type(error).__name__}


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """The socket's path through an open descriptor: the real one may be longer than the 107 bytes allowed."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)
