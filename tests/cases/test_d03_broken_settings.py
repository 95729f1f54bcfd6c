"""D03: a typing error in the configuration must not brick the terminal, nor lose the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.settings import NotConfiguredError, check, load

GOOD = "[terminal]\nnumber = 0142\nstation = 样例站\n[screen]\nidle_warn_s = 90\n"
MANY_WRONG = """[terminal]
number = 0142
[screen]
idle_warn_s = 6O
[receipt_printer]
width_dots = 0
[centre]
url = htps//centre.example.invalid
[queue]
quota_mb = much
"""
BROKEN = {
    "torn": "[terminal\nnumber = 0142\n,",
    "empty": "",
    "wrong values": MANY_WRONG,
    "not text": "\udcff\udcfe",
}


@pytest.fixture
def served(tmp_path: Path) -> tuple[Path, Path]:
    """A terminal that has started once with a good file."""
    file, kept = tmp_path / "kiosk.ini", tmp_path / "state" / "kiosk.last-good.ini"
    file.write_text(GOOD, "utf-8")
    assert not load(file, kept).used_last_good
    return file, kept


@pytest.mark.parametrize("name", BROKEN)
def test_the_last_good_copy_serves_and_the_broken_file_stays(served: tuple[Path, Path], name: str) -> None:
    file, kept = served
    content = BROKEN[name].encode("utf-8", "surrogateescape")
    file.write_bytes(content)
    loaded = load(file, kept)
    assert loaded.used_last_good
    assert loaded.settings.terminal.station == "样例站"
    assert loaded.settings.screen.idle_warn_s == 90
    assert all(p.file == "kiosk.ini" and p.message_zh and p.message_en for p in loaded.problems)
    assert loaded.problems
    assert file.read_bytes() == content
    assert kept.read_text("utf-8") == GOOD
    assert check(file)


def test_a_file_that_is_gone_is_served_from_the_copy(served: tuple[Path, Path]) -> None:
    file, kept = served
    file.unlink()
    assert load(file, kept).used_last_good
    assert not file.exists()


def test_all_wrong_values_are_named_at_once(served: tuple[Path, Path]) -> None:
    file, kept = served
    file.write_text(MANY_WRONG, "utf-8")
    found = [(p.line, p.key) for p in load(file, kept).problems]
    assert found == [
        (4, "screen.idle_warn_s"),
        (6, "receipt_printer.width_dots"),
        (8, "centre.url"),
        (10, "queue.quota_mb"),
    ]


def test_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.ini"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    loaded = load(file, tmp_path / "kept.ini")
    assert (loaded.settings.terminal.station, loaded.problems) == ("样例站", ())
    assert check(file) == ()


def test_an_unknown_key_warns_with_its_nearest_name_and_is_refused_by_check(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.ini"
    file.write_text(GOOD + "idle_warn = 5\n[scren]\nwidth_px = 5\n", "utf-8")
    loaded = load(file, tmp_path / "kept.ini")
    assert loaded.settings.screen.idle_warn_s == 90
    assert [(p.line, p.fatal) for p in loaded.problems] == [(6, False), (8, False)]
    assert "idle_warn_s?" in loaded.problems[0].message_en
    assert "screen?" in loaded.problems[1].message_en
    assert check(file) == loaded.problems


@pytest.mark.parametrize("content", [None, b"", b"[terminal\n"])
def test_a_first_start_without_a_good_file_is_not_configured(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "kiosk.ini"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NotConfiguredError) as caught:
        load(file, tmp_path / "kept.ini")
    assert caught.value.problems
    assert not (tmp_path / "kept.ini").exists()
