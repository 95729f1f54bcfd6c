"""The scan finds a person's words in every place and form, and its silence is worth something."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.rehearsal import leftovers
from kiosk.rehearsal.leftovers import ControlNotFoundError, Leftover, needles_of, scan, words_of_answer
from kiosk.rehearsal.places import Places

NAME, NUMBER = "赵测试", "110199198001010017"
PLACES = ("database", "spool", "log", "temp")


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    named = Places(tmp_path, 2).named()
    for folder in named.values():
        folder.mkdir(parents=True, exist_ok=True)
    return named


def test_these_are_the_places(places: dict[str, Path]) -> None:
    assert tuple(places) == PLACES


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "gbk"])
def test_a_name_is_found_in_each_place_in_each_form(
    places: dict[str, Path], place: str, encoding: str
) -> None:
    deep = places[place] / "deeper"
    deep.mkdir()
    (deep / "some.bin").write_bytes(b"\xff\xfe" + NAME.encode(encoding) + b"\x00")
    found = scan(places, [("name", NAME), ("number", NUMBER)]).found
    assert {(left.place, left.file, left.kind) for left in found} == {(place, "deeper/some.bin", "name")}
    assert encoding in {left.encoding for left in found}


def test_a_number_in_the_name_of_a_file_is_found(places: dict[str, Path]) -> None:
    (places["temp"] / f"photo-{NUMBER}.png").write_bytes(b"")
    found = scan(places, [("number", NUMBER)]).found
    assert Leftover("temp", f"photo-{NUMBER}.png", "number", "utf-8") in found


def test_clean_places_are_counted_and_nothing_planted_stays(places: dict[str, Path]) -> None:
    (places["database"] / "outbox.db").write_bytes(b"sealed")
    (places["spool"] / "journal").write_bytes(b"{}")
    result = scan(places, [("name", NAME)])
    assert (result.found, result.files) == ([], {"database": 1, "spool": 1, "log": 0, "temp": 0})
    assert [p.name for folder in places.values() for p in folder.rglob(".control*")] == []


def test_a_sign_that_gbk_lacks_is_looked_for_in_gb18030() -> None:
    rare = "钱𬭊"
    assert {encoding for _, encoding, _ in needles_of("name", rare)} == {
        "utf-8",
        "utf-16-le",
        "utf-16-be",
        "gb18030",
    }


def test_a_scan_that_cannot_find_says_so(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_files", lambda folder: sorted(folder.glob("*.txt")))
    with pytest.raises(ControlNotFoundError, match="database"):
        scan(places, [("name", NAME)])


def test_a_place_that_is_not_there_is_no_clean_place(places: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        scan({**places, "other": tmp_path / "nowhere"}, [("name", NAME)])


def test_only_written_words_of_an_answer_are_looked_for() -> None:
    assert words_of_answer("路口积水\x07很深\x1b@，车过不去") == ["路口积水", "@，车过不去"]
    assert words_of_answer("yes") == words_of_answer("110199001001") == []
