"""What cannot be opened is a value with its reason, and never a keyboard that learns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.contract import Failed, Ok
from screens.keyboard import rime_opening
from screens.keyboard.rime import SCHEMA, Rime
from screens.keyboard.rime_opening import LEARNS, SETTINGS, SHARED_DATA, RimeFailure, open_rime


def reason(opened: Ok[Rime] | Failed[RimeFailure]) -> RimeFailure | None:
    if isinstance(opened, Ok):
        opened.value.close()
        return None
    assert opened.detail
    return opened.reason


@pytest.fixture(autouse=True)
def opens_afterwards(tmp_path: Path) -> Iterator[None]:
    """Whatever went wrong, the next opening is free to succeed."""
    yield
    assert reason(open_rime(tmp_path / "afterwards")) is None


def without(missing: str, into: Path) -> Path:
    """Debian's dictionaries, but for one file."""
    into.mkdir()
    for entry in SHARED_DATA.iterdir():
        if entry.name != missing:
            (into / entry.name).symlink_to(entry)
    return into


def test_without_the_library(tmp_path: Path) -> None:
    assert reason(open_rime(tmp_path, library_name="librime-nowhere.so")) is RimeFailure.LIBRARY_MISSING


def test_a_library_that_is_another_one(tmp_path: Path) -> None:
    assert reason(open_rime(tmp_path, library_name="libc.so.6")) is RimeFailure.LIBRARY_MISSING


def test_without_the_dictionaries(tmp_path: Path) -> None:
    assert reason(open_rime(tmp_path, shared_data=tmp_path)) is RimeFailure.DATA_MISSING


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert reason(open_rime(tmp_path / "file")) is RimeFailure.FOLDER_UNUSABLE


def test_one_at_a_time(tmp_path: Path) -> None:
    first = open_rime(tmp_path)
    assert isinstance(first, Ok)
    second = open_rime(tmp_path / "other")
    assert isinstance(second, Failed)
    assert second.reason is RimeFailure.IN_USE
    assert first.value.candidates("zhangsan")
    first.value.close()


def test_closed_it_answers_no_more_and_closes_once(tmp_path: Path) -> None:
    first = open_rime(tmp_path)
    assert isinstance(first, Ok)
    first.value.close()
    assert first.value.candidates("zhangsan") is None
    second = open_rime(tmp_path)
    assert isinstance(second, Ok)
    assert first.value.candidates("zhangsan") is None  # not with the other's engine
    first.value.close()
    assert second.value.candidates("zhangsan")
    second.value.close()


def test_settings_that_would_learn_are_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{SCHEMA}.custom.yaml"
    learning = SETTINGS[name].replace(f"{LEARNS}: false", f"{LEARNS}: true")
    assert learning != SETTINGS[name]
    monkeypatch.setitem(rime_opening.SETTINGS, name, learning)
    assert reason(open_rime(tmp_path)) is RimeFailure.WOULD_LEARN
    assert list(tmp_path.glob("*.userdb")) == []


@pytest.mark.parametrize("missing", ["pinyin.yaml", "default.yaml", "punctuation.yaml"])
def test_where_librime_would_fall_back_to_a_schema_that_learns(tmp_path: Path, missing: str) -> None:
    shared = without(missing, tmp_path / "shared")
    assert reason(open_rime(tmp_path / "own", shared_data=shared)) is RimeFailure.WOULD_LEARN
    assert list((tmp_path / "own").glob("*.userdb")) == []


def test_without_the_frequencies_of_words(tmp_path: Path) -> None:
    shared = without("essay.txt", tmp_path / "shared")
    assert reason(open_rime(tmp_path / "own", shared_data=shared)) is RimeFailure.NOT_DEPLOYED


def test_settings_changed_on_the_disk_are_put_right(tmp_path: Path) -> None:
    assert reason(open_rime(tmp_path)) is None
    (tmp_path / f"{SCHEMA}.custom.yaml").write_text(f"patch:\n  {LEARNS}: true\n")
    assert reason(open_rime(tmp_path)) is None
    assert list(tmp_path.glob("*.userdb")) == []
