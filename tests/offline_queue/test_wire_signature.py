from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_queue.wire_signature import NotSigned, Refusal, Signed, sign_headers, verify_request

KEY = Ed25519PrivateKey.generate()
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HEADERS = {"Content-Type": "application/json", "Content-Encoding": "zstd", "X-Proxy": "may change"}
BODY = b"the compressed body"


def signed(**changes: Any) -> dict[str, str]:
    values: dict[str, Any] = {
        "method": "POST", "path": "/v1/batch", "headers": HEADERS, "body": BODY, "key": KEY, "key_id": "0142", "created": NOW,
    }  # fmt: skip
    return HEADERS | sign_headers(**{**values, **changes})


def verify(**changes: Any) -> Signed | NotSigned:
    values: dict[str, Any] = {
        "method": "POST", "path": "/v1/batch", "headers": signed(), "body": BODY, "now": NOW,
        "resolve_key": {"0142": KEY.public_key()}.get,
    }  # fmt: skip
    return verify_request(**{**values, **changes})


def test_genuine_request_names_its_key() -> None:
    assert verify() == Signed("0142", NOW)
    assert verify(headers={name.upper(): value for name, value in signed().items()}) == Signed("0142", NOW)
    assert verify(headers=signed() | {"X-Proxy": "changed"}) == Signed("0142", NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"body": b"the compressed bodY"},
        {"body": b""},
        {"path": "/v1/heartbeat"},
        {"path": "/v1/batch?terminal=9999"},
        {"method": "PUT"},
        {"headers": signed() | {"Content-Encoding": "identity"}},
        {"headers": signed() | {"Content-Digest": signed(body=b"other")["Content-Digest"]}},
        {
            "headers": signed()
            | {"Signature-Input": signed()["Signature-Input"].replace('"content-digest"', "")}
        },
        {"headers": signed() | {"Signature-Input": "jiujin=("}},
        {"headers": signed() | {"Signature": "jiujin=:AAAA:"}},
        {"headers": signed(key=Ed25519PrivateKey.generate())},
    ],
)
def test_whatever_is_changed_is_refused(changes: dict[str, Any]) -> None:
    answer = verify(**changes)
    assert isinstance(answer, NotSigned)
    assert answer.reason is Refusal.INVALID


def test_digest_is_checked_against_the_body_also_when_both_are_exchanged() -> None:
    other = signed(body=b"other")
    answer = verify(headers=signed() | {"Content-Digest": other["Content-Digest"]}, body=b"other")
    assert isinstance(answer, NotSigned)


@pytest.mark.parametrize("missing", ["Signature", "Signature-Input", "Content-Digest"])
def test_unsigned_request(missing: str) -> None:
    answer = verify(headers={name: value for name, value in signed().items() if name != missing})
    assert isinstance(answer, NotSigned)
    assert answer.reason is Refusal.MISSING


def test_unknown_terminal_is_never_valid() -> None:
    assert isinstance(answer := verify(resolve_key=lambda _key_id: None), NotSigned)
    assert (answer.reason, answer.key_id) == (Refusal.UNKNOWN_KEY, "0142")


@pytest.mark.parametrize("apart", [timedelta(days=-400), timedelta(seconds=-301), timedelta(seconds=301)])
def test_clock_is_a_reason_of_its_own_and_only_for_the_genuine(apart: timedelta) -> None:
    assert isinstance(answer := verify(now=NOW + apart), NotSigned)
    assert answer.reason is Refusal.CLOCK
    assert isinstance(verify(now=NOW + apart, max_age_s=None), Signed)
    forged = verify(now=NOW + apart, body=b"other")
    assert isinstance(forged, NotSigned)
    assert forged.reason is Refusal.INVALID
