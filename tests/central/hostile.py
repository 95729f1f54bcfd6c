"""What somebody who means ill sends: bodies, frames, signatures, addresses. And what a centre holds, to compare."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, select

from central.schema import events, metadata
from offline_queue.wire import BATCH_BYTES_MAX
from offline_queue.wire_signature import sign_headers
from tests.central.station import PLAIN_HEADERS, Station
from tests.hostile_json import LEAVES, with_hostile_leaves

HUGE = 20 * 1024 * 1024
NESTED = 100_000
BYTES_HEADERS = {"Content-Type": "application/octet-stream", "Content-Encoding": "identity"}
ADDRESS_PARTS = (
    "%00%00%00%00", "x" * 5000, "%ED%A0%80", "%F0%9F%98%80", "'--", "%2e%2e", "..%2f..%2fetc", "%0d%0aX:1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """A genuine request: its path with query, and its content before compression (bytes of a part as they are)."""

    method: str
    path: str
    content: bytes = b""
    is_message: bool = True

    def body(self) -> bytes:
        return zstandard.ZstdCompressor().compress(self.content) if self.is_message else self.content

    @property
    def headers(self) -> Mapping[str, str]:
        return PLAIN_HEADERS if self.is_message else BYTES_HEADERS


def contents(genuine: bytes, leaves: Collection[str] = LEAVES.keys()) -> Iterator[tuple[str, bytes]]:
    """Each leaf of a message in turn made hostile, and what is no message at all."""
    document = json.loads(genuine)
    yield from with_hostile_leaves(genuine, leaves)
    yield "unknown key", json.dumps({**document, "another": 1}).encode()
    for key in document:
        if key not in ("schema", "after"):
            yield f"without {key}", json.dumps({k: v for k, v in document.items() if k != key}).encode()
    yield "another terminal's", json.dumps({**document, "terminal": "0777"}).encode()
    if "schema" in document:
        yield "of another version", json.dumps({**document, "schema": "jiujin.sync/99"}).encode()
    yield from {
        "empty": b"", "half": genuine[: len(genuine) // 2], "twice": genuine * 2, "a list": b"[]", "a text": b'"x"',
        "null": b"null", "deep lists": b"[" * NESTED, "deep objects": b'{"a":' * NESTED,
        "no UTF-8": genuine.replace(b'"0142"', b'"\xff\xfe"'), "a bomb": b" " * HUGE,
    }.items()  # fmt: skip


def frames(genuine: bytes) -> Iterator[tuple[str, bytes]]:
    """Bodies as sent that are no honest zstd frame of a message."""
    frame = zstandard.ZstdCompressor().compress(genuine)
    yield "not compressed", genuine
    yield "chance", os.urandom(500)
    yield "cut", frame[:-3]
    wide = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    streaming = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    yield "a window of 128 MiB", streaming.compress(genuine + b" " * 100_000) + streaming.flush()
    unsaid = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    yield "a bomb that does not tell its size", unsaid.compress(b" " * HUGE) + unsaid.flush()
    # The size that the head claims (8 bytes, little endian, after magic and descriptor) is a lie.
    yield (
        "a frame that claims an exabyte",
        frame[:4] + bytes([0xE0]) + (2**60).to_bytes(8, "little") + frame[6:],
    )


def signatures(station: Station, asked: Asked) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """Headers and body of requests that are not the terminal's own of now."""
    body, now = asked.body(), datetime.now(UTC)
    assert station.key is not None

    def by(key: Ed25519PrivateKey, **other: Any) -> dict[str, str]:
        told = {
            "method": asked.method, "path": asked.path, "headers": asked.headers, "body": body, "key_id": "0142",
            "created": now, **other,
        }  # fmt: skip
        return {**asked.headers, **sign_headers(key=key, **told)}

    own = by(station.key)
    yield "no signature", dict(asked.headers), body
    yield "by another key", by(Ed25519PrivateKey.generate()), body
    yield "of an unknown terminal", by(station.key, key_id="0999"), body
    yield "of a name without end", by(station.key, key_id="9" * 9000), body
    yield "for another path", by(station.key, path="/v1/other"), body
    yield "for another method", by(station.key, method="PATCH"), body
    yield "of an hour ago", by(station.key, created=now - timedelta(hours=1)), body
    yield "of an hour ahead", by(station.key, created=now + timedelta(hours=1)), body
    yield "of 1970", by(station.key, created=datetime.fromtimestamp(0, UTC)), body
    yield "with a nonce too long", by(station.key, nonce="n" * 65), body
    yield "with another body", own, body + b"x"
    yield "without the digest", {k: v for k, v in own.items() if k.lower() != "content-digest"}, body
    yield "with half a signature", {**own, "Signature": own["Signature"][:30]}, body
    yield (
        "with two inputs",
        {**own, "Signature-Input": f"{own['Signature-Input']}, {own['Signature-Input']}"},
        body,
    )
    yield (
        "with nonsense",
        {**own, "Signature-Input": 'jiujin=("@method";x=?1);created=99999999999999999999'},
        body,
    )


class Line:
    """A client that reads the answer even when the centre does not want the rest of the body."""

    def __init__(self, station: Station) -> None:
        where = urlsplit(station.url)
        self._host, self._port = str(where.hostname), int(where.port or 0)
        self._context = ssl.create_default_context(cafile=str(station.trust / "ca.pem"))
        self._kept = self._open()

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """On one connection as long as the centre keeps it."""
        try:
            return self._send(method, path, headers, body)
        except (http.client.HTTPException, OSError):
            self._kept.close()  # it was ended while nothing was asked, or within the last answer
            return self._send(method, path, headers, body)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self._kept.request(method, path, body, dict(headers))
        answer = self._kept.getresponse()
        return Answer(answer.status, answer.read())

    def close(self) -> None:
        self._kept.close()

    def announce(self, method: str, path: str, headers: Mapping[str, str], length: int) -> Answer:
        """Say that so many bytes follow, and send only the first of them."""
        return self._exchange(method, path, headers, lambda line: line.send(b"x" * 1000), length)

    def pour(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """A body without a length, until the centre must have had enough."""

        def chunks(line: http.client.HTTPSConnection) -> None:
            part = b"x" * 65536
            for _ in range(BATCH_BYTES_MAX // len(part) + 1):
                line.send(b"%x\r\n%s\r\n" % (len(part), part))

        return self._exchange(method, path, {**headers, "Transfer-Encoding": "chunked"}, chunks, None)

    def _open(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._host, self._port, timeout=60, context=self._context)

    def _exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        write: Callable[[http.client.HTTPSConnection], None],
        length: int | None,
    ) -> Answer:
        line = self._open()
        try:
            line.putrequest(method, path)
            for name, value in headers.items():
                line.putheader(name, value)
            if length is not None:
                line.putheader("Content-Length", str(length))
            line.endheaders()
            write(line)
            answer = line.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            line.close()


def holdings(engine: Engine) -> dict[str, str]:
    """Table -> rows and a digest of all that they say; without the audit log."""
    told = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table is not events:
                rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
                told[table.name] = f"{len(rows)} {hashlib.sha256(''.join(rows).encode()).hexdigest()}"
    return told
