"""What is no question is refused at the door, by every database alike; so are forged, replayed and endless ones."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.case import new_case_code
from offline_queue import new_item_id
from offline_queue.inbox_wire import INBOX_PATH
from offline_queue.live_wire import (
    DECISION_PATH,
    PAYMENT_PATH,
    PREFILL_PATH,
    PROGRESS_PATH,
    REQUEST_BYTES_MAX,
)
from offline_queue.wire import HEARTBEAT_PATH
from tests.central.live.conftest import LiveCentre
from tests.central.station import Station

CODE = new_case_code("0142")
GOOD: dict[str, dict[str, Any]] = {
    DECISION_PATH: {"item_id": new_item_id(), "code": CODE},
    PROGRESS_PATH: {"code": CODE},
    PAYMENT_PATH: {"key": new_item_id(), "code": CODE, "service": "s", "amount_fen": 1},
    PREFILL_PATH: {"service": "s", "number": "1", "records": ["name"]},
}


def body(path: str, **changes: Any) -> bytes:
    return json.dumps({"terminal": "0142", "within_s": 1, **GOOD[path], **changes}).encode()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (DECISION_PATH, "item_id"), (DECISION_PATH, "code"), (PROGRESS_PATH, "code"),
        (PAYMENT_PATH, "key"), (PAYMENT_PATH, "code"), (PAYMENT_PATH, "service"),
        (PREFILL_PATH, "service"), (PREFILL_PATH, "number"),
    ],
)  # fmt: skip
def test_a_text_with_a_nul_is_no_question(asked: LiveCentre, path: str, name: str) -> None:
    assert asked.station.post(path, body(path)).status_code != 422
    assert asked.station.post(path, body(path, **{name: "a\0b"})).status_code == 422


@pytest.mark.parametrize("path", GOOD)
def test_a_question_without_end_is_too_large(on_sqlite: LiveCentre, path: str) -> None:
    assert on_sqlite.station.post(path, body(path) + b" " * REQUEST_BYTES_MAX).status_code == 413


@pytest.mark.parametrize("path", [*GOOD, HEARTBEAT_PATH, INBOX_PATH])
def test_a_forged_one_and_one_from_another_hour_are_refused(on_sqlite: LiveCentre, path: str) -> None:
    impostor = Station(on_sqlite.url, on_sqlite.trust, key=Ed25519PrivateKey.generate())
    assert impostor.post(path, b"{}").status_code == 401
    impostor.close()
    late = Station(on_sqlite.url, on_sqlite.trust, clock_offset=-timedelta(hours=1))
    assert late.post(path, b"{}").status_code == 401
    late.close()
