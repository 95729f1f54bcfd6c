"""Who is turned away, and with which words."""

from __future__ import annotations

import json
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine

from central.enrolment import NotRevoked, revoke
from central.server import RunningCentre
from central.staff_words import Signed
from offline_queue.wire import BATCH_BYTES_MAX, BATCH_PATH, HEARTBEAT_PATH, Problem
from tests.central.conftest import make_trust
from tests.central.station import Station


def problem(response: httpx.Response) -> tuple[int, str]:
    told = Problem.model_validate_json(response.content)
    assert told.message_zh
    assert told.message_en
    return response.status_code, told.code


def test_unknown_terminal(running: RunningCentre, trust: Path) -> None:
    stranger = Station(running.url, trust, "0999", key=Ed25519PrivateKey.generate())
    assert problem(stranger.beat({})) == (401, "terminal.unknown")
    stranger.close()


def test_a_known_name_with_another_key(running: RunningCentre, trust: Path) -> None:
    impostor = Station(running.url, trust, "0142", key=Ed25519PrivateKey.generate())
    assert problem(impostor.beat({})) == (401, "signature")
    impostor.close()


def test_revoked_terminal(station: Station, database: str) -> None:
    item = station.item()
    station.send(item)
    engine = create_engine(database)
    signed = Signed("ops 7", "stolen")
    assert not isinstance(revoke(engine, "0142", signed), NotRevoked)
    assert revoke(engine, "0142", signed) is NotRevoked.ALREADY
    assert revoke(engine, "9999", signed) is NotRevoked.UNKNOWN
    engine.dispose()
    assert problem(station.post(BATCH_PATH, station.batch(station.item()))) == (403, "terminal.revoked")
    assert station.client.get(f"/v1/cases/{item.lane}").json()["state"] == "registered"
    assert "已吊销" in station.page("/ops")


def test_a_body_that_was_changed_on_the_way(station: Station) -> None:
    body = zstandard.ZstdCompressor().compress(station.batch(station.item()))
    headers = station.signed(BATCH_PATH, body)
    changed = body[:-1] + bytes([body[-1] ^ 1])
    response = station.client.post(BATCH_PATH, content=changed, headers=headers)
    assert problem(response) == (401, "signature")
    assert station.metric("jiujin_cases") == {"": 0}


def test_a_signature_for_another_path_or_none(station: Station) -> None:
    body = zstandard.ZstdCompressor().compress(station.batch())
    headers = station.signed(HEARTBEAT_PATH, body)
    assert problem(station.client.post(BATCH_PATH, content=body, headers=headers)) == (401, "signature")
    assert problem(station.client.post(BATCH_PATH, content=body)) == (401, "signature")


@pytest.mark.parametrize("offset", [timedelta(days=-400), timedelta(hours=1)])
def test_a_wrong_clock_is_told_the_centres_time(station: Station, offset: timedelta) -> None:
    station.clock_offset = offset
    response = station.beat({})
    assert problem(response) == (401, "clock")
    told = datetime.fromisoformat(Problem.model_validate_json(response.content).centre_time)
    station.clock_offset = told - datetime.now(UTC)
    assert station.beat({}).status_code == 200


def test_a_batch_of_another_terminal_than_its_signer(station: Station, other_station: Station) -> None:
    assert problem(station.post(BATCH_PATH, other_station.batch())) == (401, "signature")


def test_a_bomb_is_given_up_at_the_limit(station: Station) -> None:
    bomb = b" " * (BATCH_BYTES_MAX + 1)
    assert len(zstandard.ZstdCompressor().compress(bomb)) < 4096
    assert problem(station.post(BATCH_PATH, bomb)) == (413, "too_large")


def test_too_large_as_sent(station: Station) -> None:
    body = os.urandom(BATCH_BYTES_MAX + 1)
    try:
        response = station.client.post(BATCH_PATH, content=body, headers=station.signed(BATCH_PATH, body))
    except httpx.WriteError:
        return  # the centre answered and closed before everything was written: it did not take it in
    assert problem(response) == (413, "too_large")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"schema": "other"}', b'{"a": "\\ud800"}', b"[" * 9999]
)
def test_what_is_not_a_message(station: Station, content: bytes) -> None:
    assert problem(station.post(BATCH_PATH, content)) == (422, "malformed")


def test_not_zstd(station: Station) -> None:
    body = b"plain"
    response = station.client.post(BATCH_PATH, content=body, headers=station.signed(BATCH_PATH, body))
    assert problem(response) == (422, "malformed")


def test_a_terminal_that_dies_in_its_request_is_no_defect(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    where = urlsplit(station.url)
    context = ssl.create_default_context(cafile=str(station.trust / "ca.pem"))
    head = f"POST {BATCH_PATH} HTTP/1.1\r\nHost: {where.hostname}\r\nContent-Length: 1000\r\n\r\n"
    plain = socket.create_connection((where.hostname, where.port), timeout=20)
    with context.wrap_socket(plain, server_hostname=where.hostname) as line:
        line.sendall(head.encode() + b"the first half")
        assert station.client.get("/healthz").is_success, "the centre has had time to begin with it"
    assert station.client.get("/healthz").is_success
    assert not [record for record in caplog.records if record.exc_info]


def test_a_certificate_of_another_authority_is_not_believed(running: RunningCentre, tmp_path: Path) -> None:
    wrong = make_trust(tmp_path / "wrong")
    context = ssl.create_default_context(cafile=str(wrong / "ca.pem"))
    with (
        httpx.Client(verify=context, trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get(f"{running.url}/healthz")


def test_long_names_in_a_heartbeat_are_refused(station: Station) -> None:
    assert problem(station.beat({"device_name": "长" * 65})) == (400, "text_too_long")
    assert station.beat({"device_name": "长" * 64}).status_code == 200
    assert json.loads(station.beat({}).content)["interval_s"] == 300
