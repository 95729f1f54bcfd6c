from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Failed, Ok
from drivers.face import calibration
from tests.drivers.face.test_verifier import BODY, signed


def test_a_signed_calibration_is_read(tmp_path: Path) -> None:
    answer = calibration.load(*signed(tmp_path))
    assert isinstance(answer, Ok)
    assert answer.value.id == json.loads(BODY.read_text("utf-8"))["id"]
    assert set(answer.value.limits) == {"dlib", "frf"}


def test_one_changed_byte_is_refused(tmp_path: Path) -> None:
    file, key_file = signed(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"1.04", b"1.94"))
    assert calibration.load(file, key_file) == Failed("signature", file.name)


def test_without_a_signature_or_under_another_key_it_is_refused(tmp_path: Path) -> None:
    file, key_file = signed(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    _, other_key = signed(other)
    assert calibration.load(file, other_key) == Failed("signature", file.name)
    calibration.signature_path(file).unlink()
    answer = calibration.load(file, key_file)
    assert isinstance(answer, Failed)
    assert answer.reason == "missing"


@pytest.mark.parametrize("limit", ["2.5", "0", "-1", "nan", "much", None])
def test_a_limit_that_accepts_everybody_is_refused_even_when_signed(tmp_path: Path, limit: Any) -> None:
    answer = calibration.load(*signed(tmp_path, {"matchers": {"dlib": {"sha256": "0", "limit": limit}}}))
    assert isinstance(answer, Failed)
    assert answer.reason == "content"


def test_no_limit_at_all_is_refused(tmp_path: Path) -> None:
    assert calibration.load(*signed(tmp_path, {"matchers": {}})) == Failed("content", "limits")


def test_a_body_nested_too_deep_is_unreadable(tmp_path: Path) -> None:
    file, key_file = signed(tmp_path)
    file.write_text("[" * 100_000)
    assert calibration.load(file, key_file) == Failed("unreadable", file.name)
