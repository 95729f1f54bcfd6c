"""What terminals of a version said, today's centre understands; what centres answered, today's terminal does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.server import RunningCentre
from central.trust import key_id
from offline_queue import ItemState, wire
from offline_queue.acknowledgement import fault_of
from offline_queue.link_state import LinkState
from offline_queue.manifest import MANIFEST_PATH, Manifest, ManifestAnswer
from offline_queue.reconcile import fault_of as manifest_fault_of
from tests.central.conftest import make_trust
from tests.central.photographed import Terminal, photographed, terminal
from tests.central.recording import RECORDED, Exchange, read
from tests.central.station import Station, centre
from tests.offline_queue.terminal import TERMINAL

VERSIONS = sorted(file.stem for file in RECORDED.glob("*.json"))
FOR_EVER_S = 1e12
"""The recording's signatures are as old as it is."""
ANSWERS: dict[str, type[wire.Message]] = {
    wire.BATCH_PATH: wire.BatchAnswer,
    wire.HEARTBEAT_PATH: wire.HeartbeatAnswer,
    MANIFEST_PATH: ManifestAnswer,
}


def parsed(path: str, answer: bytes) -> Any:
    """As today's terminal reads it."""
    return ANSWERS.get(path.partition("?")[0], wire.UploadState).model_validate_json(answer)


@pytest.fixture(scope="module")
def plain_trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_trust(tmp_path_factory.mktemp("recorded"))


@pytest.fixture(params=VERSIONS)
def recorded(request: pytest.FixtureRequest, plain_trust: Path) -> tuple[Path, tuple[Exchange, ...]]:
    """Keys under which the recorded requests are genuine, and the exchanges."""
    keys, public_key, exchanges = read(request.param)
    for name, content in keys.items():
        if name.startswith("centre_sealing"):
            (plain_trust / name).write_text(content, encoding="ascii")
    directory = json.loads((plain_trust / "directory.json").read_text(encoding="utf-8"))
    directory["terminals"][TERMINAL]["public_key"] = public_key
    (plain_trust / "directory.json").write_text(json.dumps(directory), encoding="utf-8")
    return plain_trust, exchanges


def outline(path: str, answer: bytes) -> object:
    """What has to stay: the verdicts and offsets, not times and signatures."""
    match parsed(path, answer):
        case wire.BatchAnswer() as batch:
            return [(one.item_id, one.kind, one.case_state) for one in batch.verdicts]
        case wire.UploadState() as state:
            return state
        case ManifestAnswer() as told:
            return told.missing, told.differing, told.counter_signature is not None
        case _:
            return None


def test_todays_centre_answers_what_was_asked_then_as_it_was_answered_then(
    recorded: tuple[Path, tuple[Exchange, ...]], tmp_path: Path
) -> None:
    trust, exchanges = recorded
    with centre(tmp_path, trust, clock_window_s=FOR_EVER_S) as running:
        station = Station(running.url, trust)
        for one in exchanges:
            answer = station.client.request(one.method, one.path, content=one.body, headers=one.headers)
            assert answer.status_code == one.status, answer.text
            assert outline(one.path, answer.content) == outline(one.path, one.answer)
        station.close()
    said = {(one.method, one.path.split("/")[2].partition("?")[0]) for one in exchanges}
    assert said == {
        ("POST", "batch"), ("POST", "heartbeat"), ("POST", "manifest"), ("GET", "attachments"),
        ("PUT", "attachments"),
    }  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_todays_terminal_believes_what_was_signed_then(version: str) -> None:
    keys, _terminal, exchanges = read(version)
    key = load_pem_public_key(keys["centre_acknowledgement.pub"].encode())
    assert isinstance(key, Ed25519PublicKey)
    centre_keys = {key_id(key.public_bytes_raw()): key}
    acknowledged = 0
    for one in exchanges:
        told = parsed(one.path, one.answer)
        if isinstance(told, wire.BatchAnswer):
            batch = wire.Batch.model_validate_json(zstandard.ZstdDecompressor().decompress(one.body))
            for item, verdict in zip(batch.items, told.verdicts, strict=True):
                assert fault_of(verdict.acknowledgement, item.id, item.chain_hash(), centre_keys) == ""
                acknowledged += 1
        if isinstance(told, ManifestAnswer):
            manifest = Manifest.model_validate_json(zstandard.ZstdDecompressor().decompress(one.body))
            assert manifest_fault_of(told, manifest, centre_keys) == ""
    assert acknowledged == 3


@pytest.fixture
def station(tmp_path: Path, trust: Path) -> Iterator[Station]:
    with centre(tmp_path / "station", trust) as running:
        made = Station(running.url, trust)
        yield made
        made.close()


@pytest.mark.parametrize("path", [wire.BATCH_PATH, wire.HEARTBEAT_PATH, MANIFEST_PATH])
def test_a_version_that_the_centre_does_not_know_is_told_in_words(station: Station, path: str) -> None:
    answer = station.post(path, b'{"schema": "jiujin.sync/99", "of a later day": 1}')
    problem = wire.Problem.model_validate_json(answer.content)
    assert (answer.status_code, problem.code) == (415, "schema.unknown")
    assert "升级中心" in problem.message_zh
    assert station.post(path, b'{"no": "schema"}').status_code == 422
    assert station.post(path, b"no JSON").status_code == 422


def test_a_terminal_that_is_ahead_of_its_centre_loses_nothing(tmp_path: Path, trust: Path) -> None:
    with centre(tmp_path, trust) as running, terminal(tmp_path, trust, running.url) as booth:
        item = booth.put(photographed())
        with_a_later_version(booth)
        for _ in range(10):
            booth.round()
        assert booth.outbox.find(item.lane)[0].state is ItemState.PENDING
        assert booth.courier.link_state is LinkState.UNKNOWN
        assert "schema.unknown" in booth.courier.last_error
        del booth.link._ask  # the centre is updated
        booth.send_everything()
        assert booth.outbox.find(item.lane)[0].state is ItemState.ACKNOWLEDGED


def with_a_later_version(booth: Terminal) -> None:
    ask = booth.link._ask

    def later(path: str, body: bytes, *rest: Any) -> Any:
        said = zstandard.ZstdDecompressor().decompress(body)
        changed = said.replace(wire.SCHEMA.encode(), b"jiujin.sync/99")
        return ask(path, zstandard.ZstdCompressor().compress(changed), *rest)

    booth.link._ask = later  # type: ignore[method-assign, assignment]


def test_an_older_centre_without_attachments_holds_back_only_their_cases(
    running_without: RunningCentre, trust: Path, tmp_path: Path
) -> None:
    with terminal(tmp_path, trust, running_without.url) as booth:
        waiting = booth.put(photographed(2000))
        through = booth.put(photographed())
        for _ in range(4):
            booth.round()
        assert booth.outbox.find(through.lane)[0].state is ItemState.ACKNOWLEDGED
        assert booth.outbox.find(waiting.lane)[0].state is ItemState.PENDING
        assert booth.courier.link_state is LinkState.ONLINE


@pytest.fixture
def running_without(tmp_path: Path, trust: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningCentre]:
    monkeypatch.setattr("central.upload_api.add_to", lambda *_args: None)
    with centre(tmp_path / "older", trust) as running:
        yield running
