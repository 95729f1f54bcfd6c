"""The right centre is believed; one whose certificate nobody here trusts is told nothing."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.bench.centre import Centre
from kiosk.health import CAUSES
from kiosk.journey.view import Tone
from offline_queue.link import SelfClosing
from tests.drivers.waiting import wait_until
from tests.kiosk.terminal.hall import NO_CAMERA, PROJECT, TRUST, hall
from tests.offline_queue.authority import Authority


class Impostor:
    """Listens with a certificate of its own; counts who came and keeps what was sent to it."""

    def __init__(self, folder: Path) -> None:
        certified = Authority(folder, "Somebody Else").issue("impostor")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certified.chain, certified.key)
        self._context.sslsocket_class = SelfClosing
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.came = 0
        self.heard = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.came += 1
            try:
                with self._context.wrap_socket(client, server_side=True) as line:
                    self.heard += line.recv(65536)
            except OSError:  # ssl.SSLError too: the other side refused the certificate
                client.close()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[Impostor]:
    made = Impostor(tmp_path)
    yield made
    made.close()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(PROJECT, tmp_path / "centre.sqlite", TRUST, tmp_path / "centre.log")
    yield made
    made.close()


def test_the_case_is_kept_and_registered_once_at_the_right_centre(
    tmp_path: Path, impostor: Impostor, centre: Centre
) -> None:
    with hall(tmp_path, centre_port=impostor.port, settings=NO_CAMERA) as running:
        words = CAUSES["tls.untrusted"].resident["zh"]
        running.wait(lambda view: view.top.link_text == words, "the word on the certificate")
        assert running.view.top.link_tone is Tone.WAITING
        assert not running.terminal.surroundings.world().online
        assert "tls.untrusted" in running.terminal.surroundings.heartbeat()["causes"]
        running.report_a_problem()
        running.play(screen_has=["已收件，等待送达中心"])
        before = impostor.came
        running.terminal.sender.wake()
        assert wait_until(lambda: impostor.came > before), "it was tried again, and refused again"
        assert running.terminal.outbox.counters().pending == 1
        assert impostor.heard == b""
        running.village.proxy.lead_to(centre.port)
        running.terminal.sender.wake()
        assert wait_until(lambda: running.terminal.outbox.counters().pending == 0)
        assert running.terminal.outbox.counters().acknowledged == 1
        assert centre.metric("jiujin_cases") == 1
        running.wait(lambda view: view.top.link_tone is Tone.FINE, "the network to be fine")


def test_the_centre_confirms_the_clock_so_that_a_slip_need_not_doubt_its_time(
    tmp_path: Path, centre: Centre
) -> None:
    with hall(tmp_path, centre_port=centre.port, settings=NO_CAMERA) as running:
        surroundings = running.terminal.surroundings
        assert wait_until(lambda: surroundings.heartbeat()["clock_quality"] == "synced")
