from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import CheckOutcome
from drivers.print_journal import JobJournal
from kiosk.bench.people import PEOPLE
from kiosk.selftest import steps
from kiosk.selftest.sheet import NAMES
from tests.kiosk.technician.conftest import Bench

NO_CAMERA = {("camera", "source"): ""}


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["outcome"] for step in report["steps"]}


def test_every_part_is_used_once_and_the_sheet_comes_out(bench: Bench) -> None:
    person = next(iter(PEOPLE))
    bench.village.put_card(person)
    done = bench.run("selftest", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert set(outcomes(report)) == {*NAMES, "cabinet"}, "what else is fitted is looked at"
    assert set(outcomes(report).values()) == {"passed"}
    frames = next(step for step in report["steps"] if step["name"] == "camera_frames")
    assert 0 < frames["measured"]["age_median_ms"] <= frames["measured"]["age_p95_ms"]
    assert len(bench.village.printer.receipts) == 1
    document = PEOPLE[person].document
    for personal in (document.name, document.number, document.address):
        assert personal not in done.stdout + done.stderr
    assert not list((bench.folder / "state").rglob("*probe*"))


def test_what_fails_is_named_and_the_others_are_still_tried(bench: Bench) -> None:
    bench.configure(NO_CAMERA)
    bench.village.set("network", "down")
    bench.village.set("paper", "out")
    code, report = bench.json("selftest", "--card-wait", "1")
    assert code == 1
    found = {step["name"]: step for step in report["steps"]}
    assert found["sync_round_trip"]["outcome"] == "failed"
    assert "net.down" in found["sync_round_trip"]["detail"]
    assert found["print"]["outcome"] == "failed"
    assert "printer.paper_out" in found["print"]["detail"]
    assert (found["card_read"]["outcome"], found["card_read"]["detail"]) == ("failed", "no_card")
    assert found["camera_frames"]["outcome"] == "not_done"
    assert found["queue_fsync"]["outcome"] == "passed"
    journal = JobJournal(bench.folder / "state" / "print-journal.jsonl")
    assert journal.unsettled() == (), "no resident waits for the sheet"


def test_a_bad_key_is_told_and_what_needs_no_key_is_still_tried(bench: Bench) -> None:
    bad = bench.folder / "terminal.key"
    bad.write_text("no key")
    bench.configure({**NO_CAMERA, ("trust", "terminal_key"): str(bad)})
    bench.village.put_card(next(iter(PEOPLE)))
    code, report = bench.json("selftest")
    assert (code, report["ok"]) == (1, False)
    found = {step["name"]: step for step in report["steps"]}
    assert found["keys"]["outcome"] == "failed"
    assert found["keys"]["detail"].startswith("keys.unusable: terminal.key")
    assert found["sync_round_trip"] == {
        "name": "sync_round_trip", "outcome": "not_done", "detail": "needs the keys", "measured": {},
    }  # fmt: skip
    assert {outcomes(report)[name] for name in ("queue_fsync", "card_read", "print", "cabinet")} == {"passed"}
    assert len(bench.village.printer.receipts) == 1, "the sheet names the key as well"


def test_a_queue_that_cannot_be_opened_is_told_and_the_devices_are_still_tried(bench: Bench) -> None:
    bench.configure(NO_CAMERA)
    (bench.folder / "state").mkdir()
    (bench.folder / "state" / "outbox").write_text("no folder")
    code, report = bench.json("selftest", "--no-card")
    assert code == 1
    assert outcomes(report)["queue"] == "failed"
    assert outcomes(report)["print"] == "passed"


def test_a_step_that_is_left_out_is_not_called_passed(bench: Bench) -> None:
    bench.configure(NO_CAMERA)
    code, report = bench.json("selftest", "--no-card", "--no-print")
    assert code == 0
    assert outcomes(report)["card_read"] == outcomes(report)["print"] == "not_done"
    assert not bench.village.printer.receipts


def test_a_disk_that_takes_nothing_fails_the_fsync(tmp_path: Path) -> None:
    assert steps.queue_fsync(tmp_path).outcome is CheckOutcome.PASSED
    assert not list(tmp_path.iterdir())
    assert steps.queue_fsync(tmp_path / "nowhere").outcome is CheckOutcome.FAILED


def test_a_disk_that_is_full_fails_the_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    step = steps.queue_fsync(tmp_path)
    assert (step.outcome, step.detail) == (CheckOutcome.FAILED, "No space left on device")
    assert not list(tmp_path.iterdir())
