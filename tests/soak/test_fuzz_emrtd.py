"""The fuzzer itself: it finds what it is meant to find, and a short run of it finds nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.card_reader.emrtd import face_record, passive
from drivers.card_reader.emrtd.files import File
from drivers.card_reader.emrtd.trust import Verdict
from drivers.contract import CheckOutcome
from tests.soak import fuzz_emrtd
from tests.soak.fuzz_emrtd import TARGETS, WrongValueError, world


def test_it_finds_a_portrait_that_was_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_record, "parse_dg2", lambda _: EncodedPhoto(PhotoFormat.JPEG, b"another"))
    with pytest.raises(WrongValueError):
        TARGETS[File.DG2.name](world().originals[File.DG2.name])


def test_it_finds_a_signature_that_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    original = world().originals[File.SOD.name]
    changed = original.replace(b"260531120000Z", b"260530120000Z")
    assert changed != original
    TARGETS[File.SOD.name](changed)
    monkeypatch.setattr(passive, "signature", lambda _: Verdict(CheckOutcome.PASSED, ""))
    with pytest.raises(WrongValueError):
        TARGETS[File.SOD.name](changed)


def test_the_undamaged_files_give_values() -> None:
    for name, parse in TARGETS.items():
        parse(world().originals[name])


def test_a_short_run_of_it() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak.fuzz_emrtd", "--bytes", "100000", "--json"],
        capture_output=True,
        check=False,
        timeout=120,
    )
    report = json.loads(run.stdout)
    assert (run.returncode, report["failure"]) == (0, "")
    assert report["bytes"] >= 100_000
    assert report["values"] > 0
    assert report["conversations"] > 0


def test_a_wire_that_does_nothing_gives_the_whole_document() -> None:
    report = fuzz_emrtd.Report()
    choice = len(TARGETS) * fuzz_emrtd._CONVERSATIONS
    fuzz_emrtd.examine(choice.to_bytes(2, "big"), report)
    assert (report.conversations, report.documents) == (1, 1)
