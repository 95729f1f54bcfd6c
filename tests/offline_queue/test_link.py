"""Every way in which the centre is not reached has its own name, and none of them costs an item."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from offline_queue import wire
from offline_queue.link import Answered, Link, LinkState, Rejected, Unreached, _ending
from offline_queue.link_state import retry_after_s
from offline_queue.store import Outbox
from tests.offline_queue.authority import DAY, Authority
from tests.offline_queue.simulated import LOSE_ANSWER, Centre, Status
from tests.offline_queue.terminal import QUICK, TERMINAL, TerminalKit, committed, draft


@pytest.fixture
def batch(outbox: Outbox) -> wire.Batch:
    committed(outbox, draft())
    items = outbox.deliveries.next_batch(held_lanes=(), items_max=1, bytes_max=1)
    return wire.Batch(terminal=TERMINAL, head=outbox.head(), items=items)


@pytest.fixture
def other_centre() -> Iterator[list[Centre]]:
    made: list[Centre] = []
    yield made
    for centre in made:
        centre.stop()


def unreached(link: Link, batch: wire.Batch) -> Unreached:
    answer = link.send_batch(batch)
    link.close()
    assert isinstance(answer, Unreached), answer
    return answer


@pytest.mark.parametrize(
    ("trouble", "clock_trusted", "state"),
    [
        ("wrong name", True, LinkState.TLS_NAME),
        ("untrusted authority", True, LinkState.TLS_UNTRUSTED),
        ("expired", True, LinkState.TLS_EXPIRED),
        ("expired", False, LinkState.CLOCK_WRONG),
        ("not yet valid", True, LinkState.CLOCK_WRONG),
        ("authority expired", True, LinkState.TLS_EXPIRED),
        ("no authority file", True, LinkState.TLS_UNTRUSTED),
    ],
)
def test_certificate_trouble_has_its_own_state(
    trouble: str, clock_trusted: bool, state: LinkState, kit: TerminalKit, authority: Authority, tmp_path: Path,
    batch: wire.Batch, other_centre: list[Centre],
) -> None:  # fmt: skip
    ca_file = authority.ca_file
    match trouble:
        case "wrong name":
            certified = authority.issue("elsewhere", address="127.0.0.9")
        case "untrusted authority":
            certified = Authority(tmp_path, "Nobody").issue("nobody")
        case "expired":
            certified = authority.issue("expired", begins=-5 * DAY, ends=-DAY)
        case "not yet valid":
            certified = authority.issue("future", begins=DAY)
        case "authority expired":
            old = Authority(tmp_path, "Expired Authority", expired=True)
            certified, ca_file = old.issue("of_expired"), old.ca_file
        case _:
            certified, ca_file = authority.issue("fine"), tmp_path / "absent.pem"
    centre = Centre(certified)
    other_centre.append(centre)
    answer = unreached(kit.link(centre, ca_file, clock_trusted=lambda: clock_trusted), batch)
    assert answer.state is state
    assert centre.requests == 0, "no request may pass an unverified connection"


@pytest.mark.parametrize(
    ("status", "state", "retry_after_s"),
    [
        (Status(401, "signature"), LinkState.UNAUTHORISED, None),
        (Status(403, "revoked"), LinkState.REVOKED, None),
        (Status(429, "busy", {"Retry-After": "30"}), LinkState.BUSY, 30.0),
        (Status(503, "busy", {"Retry-After": "soon"}), LinkState.BUSY, None),
        (Status(502), LinkState.OFFLINE, None),
        (Status(404), LinkState.UNKNOWN, None),
        (Status(302, headers={"Location": "https://portal.invalid/"}), LinkState.UNKNOWN, None),
        (Status(200, body=b"<html>sign in to the network</html>"), LinkState.UNKNOWN, None),
        (Status(200, body=b" " * (1024 * 1024 + 1)), LinkState.UNKNOWN, None),
    ],
)
def test_status_is_about_the_session(
    status: Status,
    state: LinkState,
    retry_after_s: float | None,
    link: Link,
    centre: Centre,
    batch: wire.Batch,
) -> None:
    centre.faults.append(status)
    answer = unreached(link, batch)
    assert (answer.state, answer.retry_after_s) == (state, retry_after_s)


HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"


@pytest.mark.parametrize("past", [timedelta(), timedelta(days=20_000), -timedelta(days=3)])
def test_retry_after_as_a_date_is_told_by_the_clock_of_who_answers(
    kit: TerminalKit, centre: Centre, authority: Authority, batch: wire.Batch, past: timedelta
) -> None:
    """The stand-in sends its own Date with each answer; the terminal's clock may be years off."""
    moment = datetime.now(UTC) + timedelta(hours=1)
    centre.faults.append(Status(503, headers={"Retry-After": moment.strftime(HTTP_DATE)}))
    link = kit.link(centre, authority.ca_file, now=lambda: datetime.now(UTC) - past)
    wait_s = unreached(link, batch).retry_after_s
    assert wait_s is not None
    assert 3000 < wait_s < 3700


@pytest.mark.parametrize("told", ["", "yesterday", "Mon, 99 Foo 2026 08:00:00 GMT"])
def test_without_a_date_of_the_answer_the_own_clock_has_to_do(told: str) -> None:
    now = datetime(2026, 11, 26, 8, tzinfo=UTC)
    headers = httpx.Headers({"Retry-After": "Thu, 26 Nov 2026 08:02:00 GMT", "Date": told})
    assert retry_after_s(headers, now) == 120


@pytest.mark.parametrize("status", [400, 413, 422, 500])
def test_status_that_one_item_may_cause(link: Link, centre: Centre, batch: wire.Batch, status: int) -> None:
    centre.faults.extend([Status(status, "odd"), Status(status, body=b"from a proxy")])
    assert link.send_batch(batch) == Rejected(status, "odd: 测试故障", spoken=True, code="odd")
    assert link.send_batch(batch) == Rejected(status, f"http {status}", spoken=False)


def test_nobody_listens_and_answer_lost(link: Link, centre: Centre, batch: wire.Batch) -> None:
    centre.faults.append(LOSE_ANSWER)
    assert unreached(link, batch).state is LinkState.OFFLINE
    assert len(centre.registered) == 1
    centre.stop()
    assert unreached(link, batch).state is LinkState.OFFLINE


@pytest.mark.parametrize("left_s", [60.0, -1.0], ids=["reset", "time over"])
def test_a_socket_that_fails_while_it_is_made_is_not_left_open(
    monkeypatch: pytest.MonkeyPatch, left_s: float
) -> None:
    """As the kernel answers when the far end has reset the connection before the handshake, or time is over by then."""

    def reset(*_given: object) -> bytes:
        raise ConnectionResetError

    def not_connected(_socket: ssl.SSLSocket) -> object:
        raise OSError(errno.ENOTCONN, "not connected")

    context = ssl.create_default_context()
    ends_s = time.monotonic() + left_s
    context.sslsocket_class = _ending(lambda: ends_s)
    with socket.create_server(("127.0.0.1", 0)) as server:
        plain = socket.create_connection(server.getsockname())
        with monkeypatch.context() as kernel:
            kernel.setattr(ssl.SSLSocket, "recv", reset)
            if left_s > 0:
                kernel.setattr(ssl.SSLSocket, "getpeername", not_connected)
            with pytest.raises((ConnectionResetError, TimeoutError)):
                context.wrap_socket(plain, server_hostname="localhost")
        gc.collect()  # an open one would be told of now, which fails a test
        accepted, _address = server.accept()
        with accepted:
            accepted.settimeout(20)
            assert accepted.recv(1) == b"", "the other end is closed"


def test_a_socket_that_was_made_and_is_forgotten_is_told_of_and_closed(centre: Centre) -> None:
    """Else nothing would ever say that the link loses some, and none of them would be closed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.sslsocket_class = _ending(lambda: time.monotonic() + 60)
    address = urlsplit(centre.url)
    plain = socket.create_connection((address.hostname or "", address.port or 0))
    held = [context.wrap_socket(plain, server_hostname="localhost")]
    assert held[0].version() is not None
    number = held[0].fileno()
    with pytest.warns(ResourceWarning, match="unclosed"):
        held.clear()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


def test_silent_after_the_handshake_is_slow(
    kit: TerminalKit, centre: Centre, authority: Authority, batch: wire.Batch
) -> None:
    link = kit.link(centre, authority.ca_file, timeouts=replace(QUICK, read_s=0.2))
    with centre._lock:  # the centre hears nobody meanwhile
        answer = unreached(link, batch)
    assert answer.state is LinkState.SLOW


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"


@pytest.mark.parametrize("dripping_from", [0, len(_HEAD)], ids=["headers", "body"])
def test_an_answer_that_drips_ends_in_its_time(
    kit: TerminalKit, authority: Authority, batch: wire.Batch, dripping_from: int
) -> None:
    """Each byte comes in time and the whole does not: such an answer held the only thread for hours."""
    certified = authority.issue("dripping")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certified.chain, certified.key)
    gone = threading.Event()
    whole = _HEAD + b" " * 400

    def drip() -> None:
        connection = context.wrap_socket(server.accept()[0], server_side=True)
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(whole[:dripping_from])
            for place in range(dripping_from, len(whole)):
                connection.sendall(whole[place : place + 1])
                gone.wait(0.1)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip)
        thread.start()
        link = Link(
            f"https://127.0.0.1:{server.getsockname()[1]}", terminal=TERMINAL, signing_key=kit.signing_key,
            ca_file=authority.ca_file, timeouts=replace(QUICK, read_s=30.0, answer_s=2.0),
        )  # fmt: skip
        answer = unreached(link, batch)
        gone.set()
        thread.join()
    assert answer == Unreached(LinkState.SLOW, "ReadTimeout")


def test_the_time_of_one_request_is_not_that_of_the_next_on_the_same_connection(
    kit: TerminalKit, centre: Centre, authority: Authority, batch: wire.Batch
) -> None:
    link = kit.link(centre, authority.ca_file)
    assert isinstance(link.send_batch(batch), Answered)
    link._ends_s = 0.0  # long ago
    assert isinstance(link.send_batch(batch), Answered)
    link.close()


def test_plain_http_at_the_port_is_not_trusted(
    kit: TerminalKit, authority: Authority, batch: wire.Batch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_plainly() -> None:
            connection, _address = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer_plainly)
        thread.start()
        link = Link(
            f"https://127.0.0.1:{server.getsockname()[1]}", terminal=TERMINAL, signing_key=kit.signing_key,
            ca_file=authority.ca_file, timeouts=QUICK,
        )  # fmt: skip
        assert unreached(link, batch).state is LinkState.TLS_UNTRUSTED
        thread.join()


def test_wrong_clock_costs_no_item_once_the_centre_has_told_the_time(
    kit: TerminalKit, centre: Centre, authority: Authority, batch: wire.Batch
) -> None:
    past = timedelta(days=-400)
    link = kit.link(centre, authority.ca_file, now=lambda: datetime.now(UTC) + past)
    assert isinstance(link.send_batch(batch), Answered)
    assert centre.requests == 2
    assert link.clock_offset_s == pytest.approx(-past.total_seconds(), abs=60)
    assert isinstance(link.send_batch(batch), Answered)
    assert centre.requests == 3, "the offset is kept"
    link.close()


def test_time_is_taken_once_and_not_believed_for_ever(link: Link, centre: Centre, batch: wire.Batch) -> None:
    problem = wire.Problem(
        code="clock", message_zh="时", message_en="time", centre_time="2026-01-01T00:00:00Z"
    )
    centre.faults.extend([Status(401, body=problem.model_dump_json().encode())] * 2)
    assert unreached(link, batch).state is LinkState.CLOCK_WRONG
    assert centre.requests == 2


def test_renewed_authority_file_is_read_without_a_restart(
    kit: TerminalKit, centre: Centre, authority: Authority, tmp_path: Path, batch: wire.Batch
) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(Authority(tmp_path, "Nobody").ca_file.read_bytes())
    link = kit.link(centre, ca_file)
    answer = link.send_batch(batch)
    assert isinstance(answer, Unreached)
    ca_file.write_bytes(authority.ca_file.read_bytes())
    assert isinstance(link.send_batch(batch), Answered)
    link.close()


def test_no_variable_of_the_environment_sends_records_elsewhere(
    link: Link, centre: Centre, batch: wire.Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert isinstance(link.send_batch(batch), Answered)
    assert centre.requests == 1


def test_unencrypted_address_is_refused(kit: TerminalKit, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="https"):
        Link("http://127.0.0.1:1", terminal=TERMINAL, signing_key=kit.signing_key, ca_file=tmp_path)
