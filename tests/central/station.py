"""A terminal as the centre sees it: makes sealed items with a true chain, signs requests, sends over TLS."""

from __future__ import annotations

import hashlib
import secrets
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from uuid_utils import uuid7

from central.database import open_database
from central.server import RunningCentre
from central.settings import CentreSettings
from kiosk.case import CasePayload, EvaluationPayload, Person, WithdrawalPayload, new_case_code
from offline_queue.acknowledgement import each_its_own
from offline_queue.seal import SealingKey, item_aad, seal
from offline_queue.sealing_keys import read_public
from offline_queue.wire import (
    BATCH_PATH,
    GENESIS_HASH,
    HEARTBEAT_PATH,
    PREFER_TREE,
    Batch,
    BatchAnswer,
    ChainHead,
    ClockQuality,
    Heartbeat,
    Item,
    Kind,
    Verdict,
)
from offline_queue.wire_signature import sign_headers

SERVICE = "110199-YL-01"
VERSION = "1.0.0"
FILE = "centre.sqlite"
NAME = "测试甲"
NUMBER = "110199199001019998"
PLAIN_HEADERS = {"Content-Type": "application/json", "Content-Encoding": "zstd"}
RECEIVED = "2026-11-25T08:00:00Z"


def signing_key(trust: Path, name: str) -> Ed25519PrivateKey:
    key = load_pem_private_key((trust / f"{name}.key").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def sealing_key(trust: Path) -> SealingKey:
    key = read_public((trust / "centre_sealing.pub").read_bytes())
    assert key is not None
    return key


def person(
    number: str = NUMBER, name: str = NAME, kind: str = "resident", *, complete: bool = True
) -> Person:
    return Person(document_kind=kind, number=number, name=name, name_complete=complete, validity="in_date")


def case_payload(
    code: str, name: str = NAME, remark: str = "", service: str = SERVICE, *, name_complete: bool = True,
    **changes: Any,
) -> bytes:  # fmt: skip
    payload = CasePayload(
        case_code=code,
        service=service,
        definition_version=VERSION,
        definition_hash="0" * 64,
        assurance="L1",
        person=person(name=name, complete=name_complete),
        answers={"remark": remark},
        received_at_kiosk=RECEIVED,
        clock_quality="synced",
    )
    return payload.model_copy(update=changes).model_dump_json(by_alias=True).encode()


def withdrawal_payload(code: str, who: Person | None = None, assurance: str = "L2") -> bytes:
    payload = WithdrawalPayload(
        case_code=code,
        assurance=assurance,
        person=who or person(),
        received_at_kiosk=RECEIVED,
        clock_quality="synced",
    )
    return payload.model_dump_json(by_alias=True).encode()


def address_in(folder: Path) -> str:
    """Of a SQLite file in this folder."""
    return f"sqlite:///{folder / FILE}"


def ready_in(folder: Path) -> str:
    """The same, with all tables there: a copy of what the migrations made once, unless there is a file already."""
    file = folder / FILE
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated())
    return address_in(folder)


@cache
def _migrated() -> bytes:
    """A whole file: who closes SQLite's last connection brings its log home."""
    with TemporaryDirectory() as folder:
        open_database(address_in(Path(folder))).dispose()
        assert [path.name for path in Path(folder).iterdir()] == [FILE]
        return (Path(folder) / FILE).read_bytes()


@contextmanager
def centre(where: Path | str, trust: Path, **settings: Any) -> Iterator[RunningCentre]:
    """A real centre on the database of this address, or on a SQLite file in this folder; again is a restart."""
    address = where if isinstance(where, str) else ready_in(where)
    running = RunningCentre(CentreSettings(address, trust, **{"gather_s": 0.0, **settings}))
    try:
        yield running
    finally:
        running.close()


def answer_of(response: httpx.Response) -> BatchAnswer:
    """As the terminal's link hands it on."""
    return each_its_own(BatchAnswer.model_validate_json(response.content))


@dataclass
class Station:
    """One terminal. `client` may be pointed at another address with `at`."""

    url: str
    trust: Path
    terminal: str = "0142"
    key: Ed25519PrivateKey | None = None
    sequence: int = 0
    head_hash: str = GENESIS_HASH
    clock_offset: timedelta = timedelta()
    prefers_tree: bool = True
    """False: a terminal of an older release, which wants each acknowledgement signed by itself."""
    sends_nonce: bool = True
    """False: likewise of an older release."""
    client: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.key = self.key or signing_key(self.trust, f"terminal_{self.terminal}")
        self.client = httpx.Client(
            base_url=self.url,
            verify=ssl.create_default_context(cafile=str(self.trust / "ca.pem")),
            trust_env=False,
            timeout=20,
        )

    def close(self) -> None:
        self.client.close()

    def item(
        self, kind: Kind = Kind.CASE, code: str = "", payload: bytes | None = None, **changes: Any
    ) -> Item:
        """The next item of the chain; `changes` are put into its header before it is hashed."""
        code = code or new_case_code(self.terminal)
        if payload is None:
            match kind:
                case Kind.CASE:
                    payload = case_payload(code)
                case Kind.EVALUATION:
                    payload = (
                        EvaluationPayload(case_code=code, level=5).model_dump_json(by_alias=True).encode()
                    )
                case Kind.WITHDRAWAL:
                    payload = b'{"case_code": "%s"}' % code.encode()
        header: dict[str, Any] = {
            "id": str(uuid7()), "terminal": self.terminal, "lane": code, "kind": kind, "service": SERVICE,
            "definition_version": VERSION, "sequence": self.sequence + 1, "previous_hash": self.head_hash,
            "received_at_kiosk": RECEIVED, "clock_quality": ClockQuality.SYNCED, "boot_id": "boot",
            "monotonic_ns": 2**60, **changes,
        }  # fmt: skip
        aad = item_aad(
            terminal=header["terminal"],
            item_id=header["id"],
            lane=header["lane"],
            kind=header["kind"],
            service=header["service"],
            definition_version=header["definition_version"],
        )
        sealed = seal(payload, sealing_key(self.trust), aad)
        item = Item(**header, sealed_sha256=hashlib.sha256(sealed).hexdigest(), sealed=sealed)
        self.sequence, self.head_hash = item.sequence, item.chain_hash()
        return item

    def head(self) -> ChainHead:
        assert self.key is not None
        signed = ChainHead.signed_bytes(self.terminal, self.sequence, self.head_hash)
        return ChainHead(sequence=self.sequence, hash=self.head_hash, signature=self.key.sign(signed))

    def batch(self, *items: Item) -> bytes:
        batch = Batch(terminal=self.terminal, head=self.head(), items=items)
        return batch.model_dump_json(by_alias=True).encode()

    def signed(
        self,
        path: str,
        body: bytes,
        method: str = "POST",
        headers: Mapping[str, str] = PLAIN_HEADERS,
    ) -> dict[str, str]:
        """All headers of a genuine request with this body (as sent, so compressed)."""
        assert self.key is not None
        created = datetime.now(UTC) + self.clock_offset
        signature = sign_headers(
            method=method,
            path=path,
            headers=headers,
            body=body,
            key=self.key,
            key_id=self.terminal,
            created=created,
            nonce=secrets.token_urlsafe(12) if self.sends_nonce else None,
        )
        preferences = [PREFER_TREE] if self.prefers_tree else []
        return {**headers, **dict(preferences), **signature}

    def post(self, path: str, content: bytes) -> httpx.Response:
        body = zstandard.ZstdCompressor().compress(content)
        return self.client.post(path, content=body, headers=self.signed(path, body))

    def send(self, *items: Item) -> tuple[Verdict, ...]:
        response = self.post(BATCH_PATH, self.batch(*items))
        assert response.status_code == 200, response.text
        return answer_of(response).verdicts

    def beat(self, body: dict[str, Any]) -> httpx.Response:
        heartbeat = Heartbeat(terminal=self.terminal, head=self.head(), body=body)
        return self.post(HEARTBEAT_PATH, heartbeat.model_dump_json(by_alias=True).encode())

    def page(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.text

    def metric(self, name: str) -> dict[str, float]:
        """Labels in braces -> value."""
        lines = [line.rsplit(" ", 1) for line in self.page("/metrics").splitlines() if line[0] != "#"]
        return {
            label.removeprefix(name): float(value)
            for label, value in lines
            if label.partition("{")[0] == name
        }
