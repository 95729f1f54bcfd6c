"""The traffic of one version, byte for byte, as a terminal and a centre of that version exchanged it.

`python -m tests.central.recording` writes `recorded/sync_1.json` anew. That is done once for each version of the
wire and never again: later programs have to understand what is in it.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from offline_queue import wire
from offline_queue.link import Link
from tests.central.conftest import make_trust
from tests.central.photographed import Terminal, photographed, terminal
from tests.central.station import centre
from tests.crash.visits import Visit
from tests.offline_queue.terminal import TERMINAL, committed

RECORDED = Path(__file__).parent / "recorded"
KEYS = ("centre_sealing.key", "centre_sealing.pub", "centre_acknowledgement.pub")
"""Invented for the recording; without the sealing key nobody could open what was recorded."""
NOT_SENT_AGAIN = frozenset({"host", "connection", "user-agent", "accept", "content-length"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Bodies as they were on the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes

    def to_json(self) -> dict[str, Any]:
        told = asdict(self)
        return {**told, "body": base64.b64encode(self.body).decode(), "answer": self.answer.decode()}

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Exchange:
        body = base64.b64decode(told["body"])
        return cls(**{**told, "body": body, "answer": told["answer"].encode()})


@contextmanager
def heard(link: Link) -> Iterator[list[Exchange]]:
    """Every exchange of this link while the block lasts."""
    exchanges: list[Exchange] = []
    exchange = link._exchange

    def listening(*what: Any) -> tuple[httpx.Response, bytes | None]:
        response, content = exchange(*what)
        request = response.request
        headers = {name: value for name, value in request.headers.items() if name not in NOT_SENT_AGAIN}
        path = request.url.raw_path.decode()
        exchanges.append(
            Exchange(request.method, path, headers, request.content, response.status_code, content or b"")
        )
        return response, content

    link._exchange = listening  # type: ignore[method-assign, assignment]
    yield exchanges
    del link._exchange


def a_day(booth: Terminal) -> None:
    """All that a terminal says: a case, one with a photograph, a withdrawal, a heartbeat, the daily manifest."""
    visit = Visit.new()
    committed(booth.outbox, photographed(3000))
    committed(booth.outbox, replace(visit.draft(), attachments=()))
    committed(booth.outbox, visit.withdrawn().draft())
    booth.send_everything()
    head = booth.outbox.head()
    booth.link.send_heartbeat(wire.Heartbeat(terminal=TERMINAL, head=head, body={"state": "live"}))
    booth.link.send_manifest(booth.outbox.deliveries.manifest(head))


def read(version: str) -> tuple[dict[str, str], str, tuple[Exchange, ...]]:
    """Key files by name, the terminal's entry in the directory, the exchanges in their order."""
    told = json.loads((RECORDED / f"{version}.json").read_text(encoding="ascii"))
    return told["keys"], told["terminal"], tuple(Exchange.of_json(one) for one in told["exchanges"])


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        trust = make_trust(folder / "trust")
        with (
            centre(folder, trust) as running,
            terminal(folder, trust, running.url) as booth,
            heard(booth.link) as exchanges,
        ):
            a_day(booth)
        told = {
            "keys": {name: (trust / name).read_text("ascii") for name in KEYS},
            "terminal": json.loads((trust / "directory.json").read_text("utf-8"))["terminals"][TERMINAL][
                "public_key"
            ],
            "exchanges": [one.to_json() for one in exchanges],
        }
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / "sync_1.json").write_text(json.dumps(told, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
