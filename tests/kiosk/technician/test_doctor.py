from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.card_reader.emrtd import simulated_keys
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.contract import Cause, DeviceState, DeviceStatus
from kiosk.assembly.terminal import assemble
from kiosk.control import ControlServer
from kiosk.doctor.devices import named
from kiosk.doctor.examine import _csca, _told_nameplates
from kiosk.doctor.findings import NAMES, Verdict, of_device
from kiosk.health import CAUSES
from kiosk.journey.hands import Devices
from kiosk.journey.states import State
from kiosk.settings import Settings, load_text
from kiosk.settings.model import TerminalSection
from offline_queue.link_state import LinkState
from tests.drivers.waiting import wait_until
from tests.kiosk.technician.conftest import Bench, causes, verdicts
from tests.kiosk.terminal.hall import unused_port

THE_VILLAGES = {
    "card": ("unknown", "unknown", "05.01-20260101-0000123456-0000007890"),
    "camera": ("unknown", "unknown", "unknown"),
    "printer": ("SIMULATED SP-80", "1.00", "SIM0001"),
}
"""Model, firmware and serial number of a village's devices."""


def told(report: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {
        device["subject"]: (device["model"], device["firmware"], device["serial"])
        for device in report["devices"]
    }


def test_a_whole_terminal_needs_nobody(bench: Bench) -> None:
    code, report = bench.json("doctor")
    assert code == 0, report
    assert report["ok"] is True
    assert report["running"] is False
    found = verdicts(report)
    assert {subject for subject, verdict in found.items() if verdict == "warning"} == {"program", "clock"}
    assert {"card", "camera", "face", "printer", "centre", "queue", "keys", "disk", "services"} <= {
        subject for subject, verdict in found.items() if verdict == "fine"
    }
    assert found["helper"] == found["speaker"] == "not_fitted"
    assert told(report) == THE_VILLAGES


def test_every_fault_is_named_with_what_to_do(bench: Bench) -> None:
    bench.village.set("paper", "out")
    bench.village.reader.close()
    bench.village.set("network", "down")
    code, report = bench.json("doctor")
    assert code == 1
    assert report["ok"] is False
    assert {"printer.paper_out", "card.absent", "net.down"} <= causes(report)
    for finding in report["findings"]:
        if finding["verdict"] in ("wrong", "unknown", "warning"):
            said = [finding[words][language] for words in ("what", "action") for language in ("zh", "en")]
            assert all(said), finding


def test_the_words_are_for_people(bench: Bench) -> None:
    bench.village.set("paper", "out")
    done = bench.run("doctor")
    assert done.returncode == 1
    assert "✗ 回执打印机 receipt printer: 没有纸 / paper out" in done.stdout
    assert "→ 装一卷新纸 / put in a new roll" in done.stdout
    nobody_said = "型号 model 不明 unknown, 固件 firmware 不明 unknown, 序列号 serial number"
    assert f"身份证读卡器 card reader: {nobody_said} 05.01-20260101" in done.stdout
    assert f"回执打印机 receipt printer: {nobody_said} 不明 unknown" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_missing_key_does_not_keep_the_devices_from_being_looked_at(bench: Bench) -> None:
    bench.configure({("trust", "terminal_key"): str(bench.folder / "gone.key")})
    code, report = bench.json("doctor")
    assert code == 1
    assert "keys.unusable" in causes(report)
    assert verdicts(report)["card"] == "fine"
    assert verdicts(report)["printer"] == "fine"


def test_a_setting_that_cannot_be_used_is_told_with_its_line(bench: Bench) -> None:
    assert bench.json("doctor")[0] == 0  # keeps a last good copy
    bench.configure({("screen", "idle_warn_s"): "6O"})
    code, report = bench.json("doctor")
    (wrong,) = [f for f in report["findings"] if f["subject"] == "settings"]
    assert code == 1
    assert wrong["cause"] == "config.last_good"
    assert "screen.idle_warn_s" in wrong["detail"]


def test_a_running_terminal_speaks_for_itself_and_keeps_its_devices(bench: Bench) -> None:
    settings, problems = load_text(bench.ini.read_text("utf-8"), "kiosk.ini", bench.folder)
    assert settings is not None, problems
    terminal = assemble(settings)
    try:
        devices = terminal.devices.named()
        assert wait_until(lambda: all(device.status().usable for device in devices.values()))
        assert wait_until(lambda: terminal.sender.status().link_state is LinkState.ONLINE)
        code, report = bench.json("doctor")
        assert (code, report["running"]) == (0, True), report
        assert verdicts(report)["card"] == verdicts(report)["printer"] == "fine"
        assert "program.stopped" not in causes(report)
        assert told(report) == THE_VILLAGES

        bench.village.set("paper", "out")
        assert wait_until(lambda: not devices["printer"].status().usable)
        code, report = bench.json("doctor")
        assert code == 1
        assert "printer.paper_out" in causes(report)
        assert terminal.view().state is State.ATTRACT

        refused = bench.run("selftest", "--json")
        assert refused.returncode == 1
        assert "running" in refused.stderr
    finally:
        terminal.close()


def test_a_terminal_of_an_older_version_has_devices_of_unknown_make(tmp_path: Path) -> None:
    server = ControlServer(tmp_path, {"health": dict})
    server.start()
    try:
        settings = Settings(terminal=TerminalSection(state=tmp_path))
        (printer,) = named(["printer", "face", "queue"], _told_nameplates(settings))
    finally:
        server.close()
    assert printer.to_json() == {
        "subject": "printer",
        "name": {"zh": "回执打印机", "en": "receipt printer"},
        "model": "unknown",
        "firmware": "unknown",
        "serial": "unknown",
    }


@pytest.mark.parametrize("state", list(DeviceState))
@pytest.mark.parametrize("cause", [None, Cause.CARD_SILENT])
def test_what_is_not_known_to_work_is_never_fine(state: DeviceState, cause: Cause | None) -> None:
    status = DeviceStatus(state, cause)
    found = of_device("card", status)
    assert all((finding.verdict is Verdict.FINE) == status.usable for finding in found)
    if not status.usable:
        assert all(finding.action["zh"] for finding in found)


def test_a_warning_is_not_hidden_by_a_device_that_works() -> None:
    low = DeviceStatus(DeviceState.READY, warnings=(Cause.PRINTER_PAPER_LOW,))
    (found,) = of_device("printer", low)
    assert found.verdict is Verdict.WARNING
    assert found.what == CAUSES["printer.paper_low"].technician
    soon = "calibration demo-2026-11 until 2027-11-26"
    ending = DeviceStatus(DeviceState.READY, detail=soon, warnings=(Cause.FACE_CALIBRATION_ENDING,))
    (found,) = of_device("face", ending)
    assert (found.verdict, found.cause) == (Verdict.WARNING, "face.calibration_ending")
    assert found.detail == soon, "until when, which only the device knows"


def test_what_else_is_the_matter_is_told_beside_the_cause() -> None:
    status = DeviceStatus(
        DeviceState.UNKNOWN, Cause.CABINET_SENSOR_UNREADABLE, warnings=(Cause.CABINET_BATTERY_LOW,)
    )
    assert [(f.cause, f.verdict) for f in of_device("cabinet", status)] == [
        ("cabinet.sensor_unreadable", Verdict.UNKNOWN),
        ("cabinet.battery_low", Verdict.WARNING),
    ]


def test_every_device_has_a_name_for_technicians() -> None:
    there: Any = object()
    devices = Devices(**{field.name: there for field in fields(Devices)})
    assert devices.named().keys() <= NAMES.keys()


@pytest.mark.parametrize(
    ("cause", "what_to_do"),
    [
        (Cause.CAMERA_DENIED, "group video"),
        (Cause.CAMERA_BUSY, "close that program"),
        (Cause.CAMERA_UNOPENABLE, "plug the camera in again"),
    ],
)
def test_of_a_camera_that_cannot_be_had_the_doctor_says_what_to_do(cause: Cause, what_to_do: str) -> None:
    (found,) = of_device("camera", DeviceStatus(DeviceState.FAULT, cause))
    assert (found.verdict, found.cause) == (Verdict.WRONG, cause.value)
    assert what_to_do in CAUSES[cause.value].action["en"]


def test_one_device_that_is_away_is_one_finding(bench: Bench) -> None:
    bench.configure({("document_camera", "source"): "usb:dead:beef"})
    _, report = bench.json("doctor")
    (found,) = [finding for finding in report["findings"] if finding["subject"] == "document_camera"]
    assert found["cause"] == "camera.absent"


def test_an_unreachable_centre_is_told_by_its_cause(bench: Bench) -> None:
    bench.configure({("centre", "url"): f"https://127.0.0.1:{unused_port()}", ("camera", "source"): ""})
    code, report = bench.json("doctor")
    assert code == 1
    assert verdicts(report)["centre"] == "wrong"
    assert verdicts(report)["camera"] == "not_fitted"


def test_a_state_folder_that_cannot_be_written_is_a_finding_and_no_traceback(bench: Bench) -> None:
    (bench.folder / "state").write_text("a file where the folder should be")
    bench.configure({("camera", "source"): ""})
    done = bench.run("doctor", "--json")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "queue.broken" in done.stdout


def test_a_folder_of_certificates_that_is_of_no_use_is_told(tmp_path: Path) -> None:
    bare, _ = load_text("[terminal]\nnumber = 0142\n", "kiosk.ini", tmp_path)
    assert bare is not None

    def told(folder: str) -> list[tuple[Verdict, str]]:
        card = bare.card_reader.model_copy(update={"csca_folder": folder})
        found = _csca(bare.model_copy(update={"card_reader": card}), tmp_path)
        return [(finding.verdict, finding.cause) for finding in found]

    assert told("") == [], "a terminal that reads no passports is not asked for their certificates"
    assert told("not there") == [(Verdict.WARNING, "csca.none")]
    folder = tmp_path / "csca"
    key = simulated_keys.elliptic()
    Issuer(key, key, datetime(2026, 11, 26, tzinfo=UTC)).write_trust(folder)
    assert told("csca") == [(Verdict.FINE, "")]
    (folder / "bad.cer").write_bytes(b"no certificate")
    assert told("csca") == [(Verdict.WARNING, "csca.unreadable")]
