"""The paper that is left: estimated without a sensor, measured with one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from drivers.receipt_printer.protocol import Condition
from drivers.receipt_printer.roll import CUT_MM, PaperRoll, Roll

SLIP_ROWS = 1000
SLIP_MM = SLIP_ROWS / 8 + CUT_MM
WELL: frozenset[Condition] = frozenset()
LOW = frozenset({Condition.PAPER_LOW})
OUT = frozenset({Condition.PAPER_OUT, Condition.PAPER_LOW})


def roll(folder: Path, *, sensor: bool = False, length_m: int = 10, left_cm: int = 100) -> PaperRoll:
    return PaperRoll(folder / "roll.jsonl", length_m=length_m, near_end_sensor=sensor, left_cm=left_cm)


def test_the_estimate_warns_before_the_end_and_never_refuses(tmp_path: Path) -> None:
    paper = roll(tmp_path)
    printed = 0
    while not paper.low_by_estimate():
        paper.printed(SLIP_ROWS)
        printed += 1
    assert paper.roll.used_mm == pytest.approx(printed * SLIP_MM)
    left_mm = 10_000 - paper.roll.used_mm
    assert 9 * SLIP_MM < left_mm < 10 * SLIP_MM
    for _ in range(20):
        paper.printed(SLIP_ROWS)
    assert not paper.may_end_within(SLIP_ROWS)


def test_a_long_roll_warns_at_its_last_tenth(tmp_path: Path) -> None:
    paper = roll(tmp_path, length_m=100)
    while not paper.low_by_estimate():
        paper.printed(SLIP_ROWS * 4)
    assert 100_000 - 10_000 <= paper.roll.used_mm < 92_000


def test_a_printer_with_a_sensor_is_not_estimated(tmp_path: Path) -> None:
    paper = roll(tmp_path, sensor=True)
    for _ in range(100):
        paper.printed(SLIP_ROWS)
    assert not paper.low_by_estimate()
    assert not paper.may_end_within(SLIP_ROWS), "the sensor has said nothing"


def test_it_survives_a_restart_and_a_torn_line(tmp_path: Path) -> None:
    first = roll(tmp_path)
    first.printed(SLIP_ROWS)
    first.printed(SLIP_ROWS)
    path = tmp_path / "roll.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    torn = roll(tmp_path)
    assert torn.roll.used_mm == pytest.approx(SLIP_MM), "the line before the torn one"
    torn.printed(SLIP_ROWS)
    assert roll(tmp_path).roll.used_mm == pytest.approx(2 * SLIP_MM)
    path.write_bytes(b"\xff\x00{]\n")
    assert roll(tmp_path).roll == Roll()


@pytest.mark.parametrize(
    "line",
    [
        b'{"used_mm": -1e999, "low_since_mm": null, "out": false, "slip_mm": 1}',
        b'{"used_mm": 1, "low_since_mm": 1e999, "out": false, "slip_mm": 1}',
        b'{"used_mm": 1, "low_since_mm": null, "out": false, "slip_mm": 1e999}',
        b'{"used_mm": 1' + b"0" * 400 + b', "low_since_mm": null, "out": false, "slip_mm": 1}',
        b"[" * 100_000,
    ],
    ids=["used", "low since", "slip", "a number too great", "nested too deep"],
)
def test_a_damaged_line_leaves_the_one_before(tmp_path: Path, line: bytes) -> None:
    roll(tmp_path).printed(SLIP_ROWS)
    with (tmp_path / "roll.jsonl").open("ab") as file:
        file.write(line + b"\n")
    assert roll(tmp_path).roll.used_mm == pytest.approx(SLIP_MM)


def test_the_file_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.receipt_printer.roll._COMPACT_BYTES", 500)
    paper = roll(tmp_path)
    for _ in range(20):
        paper.printed(SLIP_ROWS)
    again = roll(tmp_path)
    assert len((tmp_path / "roll.jsonl").read_bytes().splitlines()) == 1
    assert again.roll.used_mm == pytest.approx(20 * SLIP_MM)


def test_staff_begin_a_new_roll_while_the_terminal_runs(tmp_path: Path) -> None:
    terminal, technician = roll(tmp_path), roll(tmp_path)
    terminal.printed(SLIP_ROWS)
    technician.renewed()
    assert terminal.roll.used_mm == 0
    terminal.printed(SLIP_ROWS)
    assert technician.roll.used_mm == pytest.approx(SLIP_MM)


def test_paper_that_is_back_after_it_ended_is_a_new_roll(tmp_path: Path) -> None:
    paper = roll(tmp_path)
    paper.printed(SLIP_ROWS)
    paper.observed(WELL)
    assert paper.roll.used_mm > 0
    paper.observed(OUT)
    restarted = roll(tmp_path)
    restarted.observed(frozenset({Condition.COVER_OPEN}))
    assert restarted.roll.used_mm > 0, "an open cover says nothing of the roll"
    restarted.observed(WELL)
    assert restarted.roll == Roll()


def test_an_open_cover_is_no_end_of_the_paper(tmp_path: Path) -> None:
    paper = roll(tmp_path)
    paper.printed(SLIP_ROWS)
    paper.observed(OUT | {Condition.COVER_OPEN})
    paper.observed(WELL)
    assert paper.roll.used_mm > 0


def test_near_end_lets_slips_through_while_they_surely_fit(tmp_path: Path) -> None:
    paper = roll(tmp_path, sensor=True, left_cm=50)
    paper.printed(SLIP_ROWS)
    paper.observed(LOW)
    fitted = 0
    while not paper.may_end_within(SLIP_ROWS):
        paper.printed(SLIP_ROWS)
        paper.observed(LOW)
        fitted += 1
    assert fitted == int(500 // SLIP_MM)
    assert paper.may_end_within()
    assert not paper.may_end_within(100), "a short one still fits"
    paper.observed(WELL)
    assert paper.roll == Roll()
    assert not paper.may_end_within(SLIP_ROWS)


def test_nothing_is_refused_when_the_settings_say_so(tmp_path: Path) -> None:
    paper = roll(tmp_path, sensor=True, left_cm=0)
    paper.observed(LOW)
    for _ in range(50):
        paper.printed(SLIP_ROWS)
    assert not paper.may_end_within(SLIP_ROWS)


def test_a_terminal_whose_printer_has_no_sensor_any_more_refuses_nothing(tmp_path: Path) -> None:
    with_sensor = roll(tmp_path, sensor=True, left_cm=1)
    with_sensor.observed(LOW)
    assert with_sensor.may_end_within(SLIP_ROWS)
    assert not roll(tmp_path, sensor=False, left_cm=1).may_end_within(SLIP_ROWS)


def test_a_full_disk_is_told_and_the_count_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = roll(tmp_path)
    paper.printed(SLIP_ROWS)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full_disk:
        full_disk.setattr("drivers.line_log.os.fsync", full)
        paper.printed(SLIP_ROWS)
        assert paper.problem
    assert paper.roll.used_mm == pytest.approx(2 * SLIP_MM)
    paper.printed(SLIP_ROWS)
    assert paper.problem == ""
    assert roll(tmp_path).roll.used_mm == pytest.approx(3 * SLIP_MM)
