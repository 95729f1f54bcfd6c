from __future__ import annotations

import json
from pathlib import Path

from kiosk.bench.people import PEOPLE
from kiosk.recordings import KEPT
from tests.kiosk.technician.conftest import Bench

RECORDED = {("log", "record_devices"): "true", ("camera", "source"): ""}


def recordings(bench: Bench) -> list[Path]:
    return sorted((bench.folder / "state" / "recordings").glob("*.jsonl"))


def test_a_session_in_the_field_is_recorded_and_plays_again(bench: Bench) -> None:
    bench.configure(RECORDED)
    person = PEOPLE[next(iter(PEOPLE))].document
    bench.village.put_card(next(iter(PEOPLE)))
    assert bench.run("selftest").returncode == 0
    (file,) = recordings(bench)
    text = file.read_text()
    for personal in (person.name, person.number, person.address):
        assert personal not in text
        assert personal.encode("utf-16-le").hex() not in text
        assert personal.encode("gb18030").hex() not in text

    shown = bench.tool("recording", "show", str(file), "--json")
    assert {piece["wire"] for piece in json.loads(shown.stdout)["pieces"]} == {"card", "printer"}
    replayed = bench.tool("recording", "replay", str(file), "--json")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    wires = {wire["wire"]: wire["outcomes"] for wire in json.loads(replayed.stdout)["wires"]}
    assert wires["card"][-1] == "ok resident"
    assert wires["printer"][-1] == "print done"


def test_nothing_is_recorded_unless_asked_and_doctor_tells_when_it_is(bench: Bench) -> None:
    bench.configure({("camera", "source"): ""})
    assert bench.run("doctor").returncode == 0
    assert not recordings(bench)
    bench.configure(RECORDED)
    code, report = bench.json("doctor")
    assert code == 0
    assert "log.recording" in {finding["cause"] for finding in report["findings"]}
    assert not recordings(bench), "a look is no session"


def test_old_recordings_make_room(bench: Bench) -> None:
    folder = bench.folder / "state" / "recordings"
    folder.mkdir(parents=True)
    for number in range(KEPT + 3):
        (folder / f"2020010{number:02}T000000Z.jsonl").write_text("old")
    bench.configure(RECORDED)
    bench.run("selftest", "--no-card", "--no-print")
    assert len(recordings(bench)) == KEPT
    assert recordings(bench)[-1].read_text() != "old"


def test_a_file_that_is_no_recording_is_named_with_its_line(bench: Bench) -> None:
    file = bench.folder / "other.jsonl"
    file.write_text("{}\n")
    done = bench.tool("recording", "show", str(file))
    assert done.returncode == 2
    assert "other.jsonl:1" in done.stderr
    assert "Traceback" not in done.stderr
