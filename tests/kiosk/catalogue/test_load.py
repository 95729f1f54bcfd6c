from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.catalogue.load import Rejection, load_catalogue, read
from kiosk.catalogue.model import Definition
from kiosk.catalogue.publish import PublishError, is_published, sign_definition
from kiosk.catalogue.signature import signature_path
from tests.kiosk.catalogue.made import (
    KEY,
    NOW,
    PENSION,
    REPORT,
    SHIPPED,
    definition,
    loaded,
    put,
    raw,
    reason,
)


def test_both_shipped_services_load_once_signed(tmp_path: Path) -> None:
    put(tmp_path, raw(PENSION), PENSION)
    put(tmp_path, raw(REPORT), REPORT)
    catalogue = loaded(tmp_path)
    assert [d.code for d in catalogue.definitions] == ["110199-YL-01", "110199-SB-01"]
    assert catalogue.rejected == ()


def test_every_shipped_file_passes_every_check() -> None:
    files = sorted(SHIPPED.glob("*.json"))
    assert {PENSION, REPORT} <= {file.name for file in files}
    assert [read(file) for file in files if isinstance(read(file), Rejection)] == []


def test_a_third_file_makes_a_third_service(tmp_path: Path) -> None:
    for name in (PENSION, REPORT):
        put(tmp_path, raw(name), name)
    put(tmp_path, raw(REPORT) | {"code": "110199-SB-02"}, "third.json")
    assert len(loaded(tmp_path).definitions) == 3


def test_one_bad_file_of_each_kind_stops_no_other(tmp_path: Path) -> None:
    put(tmp_path, raw(REPORT), REPORT)
    put(tmp_path, raw(), "unsigned.json", key=None)
    put(tmp_path, raw(), "other.json", key=Ed25519PrivateKey.generate())
    changed = put(tmp_path, raw(), "changed.json")
    changed.write_text(changed.read_text("utf-8").replace("12345", "54321"), "utf-8")
    signature_path(put(tmp_path, raw(), "torn.json")).write_bytes(b'{"signature": ')
    forged = signature_path(put(tmp_path, raw(), "forged.json"))
    claim = json.loads(forged.read_bytes())
    forged.write_text(json.dumps(claim | {"signature": "A" * 86 + "=="}))
    (tmp_path / "no.json").write_bytes(b"{'code': 1}")
    put(tmp_path, raw() | {"flow": ["submit"]}, "lint.json")
    put(tmp_path, raw() | {"effective_to": "2026-11-25T12:00:00+08:00"}, "past.json")
    put(tmp_path, raw() | {"effective_from": "2026-11-25T12:00:01+08:00"}, "future.json")
    put(tmp_path, raw() | {"status": "suspended"}, "suspended.json")
    (tmp_path / "folder.json").mkdir()
    catalogue = loaded(tmp_path)
    assert [d.code for d in catalogue.definitions] == ["110199-SB-01"]
    assert {r.file: r.reason for r in catalogue.rejected} == {
        "unsigned.json": "unsigned",
        "other.json": "signature.other_publisher",
        "changed.json": "signature.content_changed",
        "torn.json": "signature.unreadable",
        "forged.json": "signature.forged",
        "no.json": "not_json",
        "lint.json": "flow.missing",
        "past.json": "dates",
        "future.json": "dates",
        "suspended.json": "status",
        "folder.json": "unreadable",
    }
    assert all(r.message_zh and r.message_en for r in catalogue.rejected)


def test_of_two_versions_the_higher_serves(tmp_path: Path) -> None:
    put(tmp_path, raw() | {"definition_version": "1.9.0"}, "a.json")
    put(tmp_path, raw() | {"definition_version": "1.10.0"}, "b.json")
    catalogue = loaded(tmp_path)
    assert [d.definition_version for d in catalogue.definitions] == ["1.10.0"]
    assert [(r.file, r.reason) for r in catalogue.rejected] == [("a.json", "code.twice")]


def test_an_end_is_the_first_moment_that_does_not_count(tmp_path: Path) -> None:
    put(
        tmp_path,
        raw() | {"effective_to": "2026-11-25T12:00:01+08:00", "effective_from": "2026-11-25T12:00:00+08:00"},
    )
    assert len(loaded(tmp_path).definitions) == 1


def test_the_hash_is_of_the_content_not_of_its_layout(tmp_path: Path) -> None:
    dense, airy = tmp_path / "dense.json", tmp_path / "airy.json"
    dense.write_text(json.dumps(raw(), sort_keys=True), "utf-8")
    airy.write_bytes(
        b"\xef\xbb\xbf" + json.dumps(raw(), indent=3, ensure_ascii=False).encode().replace(b"\n", b"\r\n")
    )
    for file in (dense, airy):
        found = read(file)
        assert isinstance(found, Definition)
        assert found.content_hash == definition().content_hash


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe{\x00}\x00",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": 9007199254740993}',
        b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b"[" * 60 + b"]" * 60,
        b'"' + b"x" * 1_000_001 + b'"',
    ],
    ids=["empty", "utf16", "twice", "nan", "integer", "digits", "surrogate", "deep", "deeper", "large"],
)
def test_json_with_two_meanings_or_no_bound_is_not_json(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(text)
    found = read(file)
    assert isinstance(found, Rejection)
    assert found.reason == "not_json"


PARTS = st.sampled_from(sorted(raw()))
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=3), st.just([]), st.just({}), st.just([{}])
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARTS, VALUES, st.sampled_from([PENSION, REPORT]))
def test_no_value_anywhere_is_a_defect_of_the_loader(
    tmp_path: Path, part: str, value: object, name: str
) -> None:
    put(tmp_path, raw(name) | {part: value})
    catalogue = load_catalogue(tmp_path, KEY.public_key(), NOW)
    assert len(catalogue.definitions) + len(catalogue.rejected) == 1


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"type": "nonsense"}, "data_schema"),
        ({"type": "object"}, "data_schema"),
        ({"type": "object", "properties": {"a": 5}}, "data_schema"),
        ({"type": "object", "properties": {}, "unevaluatedProperties": False}, "ui.scope"),
        ({"type": "object", "properties": {}}, "data_schema.open"),
    ],
)
def test_a_broken_data_schema_is_a_finding(tmp_path: Path, schema: dict[str, object], code: str) -> None:
    assert reason(tmp_path, raw() | {"data_schema": schema}) == code


def test_signing_checks_first(tmp_path: Path) -> None:
    good, bad = (
        put(tmp_path, raw(), key=None),
        put(tmp_path, raw() | {"flow": ["notice"]}, "bad.json", key=None),
    )
    assert not is_published(good, KEY)
    sign_definition(good, KEY)
    assert is_published(good, KEY)
    assert not is_published(good, Ed25519PrivateKey.generate())
    with pytest.raises(PublishError, match="缺少步骤"):
        sign_definition(bad, KEY)
    assert not signature_path(bad).exists()
    assert set(json.loads(signature_path(good).read_bytes())) == {"key_id", "sha256", "signature"}


@pytest.mark.parametrize(
    ("region", "offered"),
    [("", True), ("110199001", True), ("110199", True), ("1101", False), ("220199001", False)],
)
def test_a_service_is_offered_where_it_belongs(tmp_path: Path, region: str, offered: bool) -> None:
    put(tmp_path, raw(PENSION) | {"regions": ["330199", "110199"]})
    found = load_catalogue(tmp_path, KEY.public_key(), NOW, region)
    assert bool(found.definitions) is offered
    assert [rejection.reason for rejection in found.rejected] == ([] if offered else ["region"])
    assert not found.faulty
