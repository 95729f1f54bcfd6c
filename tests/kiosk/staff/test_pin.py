"""Which PIN may be set, and that the file knows it as a slow hash alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.staff.pin import SCRYPT_N, SCRYPT_N_MOST, Weakness, read_pin, weakness, write_pin

PIN = "271828"


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("", Weakness.NOT_DIGITS),
        ("27182a", Weakness.NOT_DIGITS),
        ("２７１８２８", Weakness.NOT_DIGITS),
        ("27182", Weakness.TOO_SHORT),
        ("2718281828459", Weakness.TOO_LONG),
        ("000000", Weakness.FEW_DIGITS),
        ("112211", Weakness.FEW_DIGITS),
        ("123456", Weakness.RUN),
        ("987654", Weakness.RUN),
        ("890123", Weakness.RUN),
        ("142142", Weakness.REPEATED),
        (PIN, None),
        ("301847562910", None),
    ],
)
def test_what_is_guessed_first_is_refused(pin: str, why: Weakness | None) -> None:
    assert weakness(pin) is why


@given(st.text(max_size=16))
def test_any_text_has_an_answer(text: str) -> None:
    assert weakness(text) is None or isinstance(weakness(text), Weakness)


def test_the_right_one_fits_and_no_other_and_the_file_is_the_users_own(tmp_path: Path) -> None:
    file = tmp_path / "pin.json"
    write_pin(file, PIN)
    assert file.stat().st_mode & 0o777 == 0o600
    assert PIN not in file.read_text("ascii")
    known = read_pin(file)
    assert known.fits(PIN)
    assert not known.fits("271829")
    assert PIN not in repr(known)
    first = file.read_bytes()
    write_pin(file, PIN)
    assert file.read_bytes() != first  # another salt


def test_a_weak_pin_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="run"):
        write_pin(tmp_path / "pin.json", "123456")
    assert not (tmp_path / "pin.json").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kdf", "md5"),
        ("n", SCRYPT_N // 2),
        ("n", SCRYPT_N + 1),
        ("n", SCRYPT_N_MOST * 2),
        ("n", True),
        ("r", 1),
        ("salt", "00"),
        ("salt", 7),
        ("hash", ""),
        ("hash", "zz"),
    ],
)
def test_a_file_that_is_not_ours_is_refused(tmp_path: Path, key: str, value: object) -> None:
    file = tmp_path / "pin.json"
    write_pin(file, PIN)
    kept = json.loads(file.read_text("ascii"))
    file.write_text(json.dumps(kept | {key: value}), "ascii")
    with pytest.raises(ValueError):  # noqa: PT011 - its decoders' kinds too
        read_pin(file)


def test_a_file_nested_too_deep_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pin.json"
    file.write_text('{"kdf": ' * 100_000, "ascii")
    with pytest.raises(ValueError, match="nested too deep"):
        read_pin(file)
