"""`main.py face show` as a technician calls it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Cause
from drivers.face.matchers import ONNX_MODEL
from drivers.face.verifier import ProcessFaceVerifier
from kiosk.causes import CAUSES
from tests.drivers.face.calibrations import Change, as_it_is, demo_body, proved, signed, with_limits
from tests.drivers.face.portraits import MODELS, SETUP, needed
from tests.kiosk.face_commands import ini_of, place, run

__all__ = ["place"]


def test_show_says_what_it_is_and_that_it_fits(place: Path) -> None:
    needed(SETUP / "models" / ONNX_MODEL)
    ini = ini_of(place, *signed(place))
    done = run("show", "--config", str(ini))
    assert done.exit_code == 0, done.output
    assert demo_body()["id"] in done.output
    assert "本机可以用" in done.output
    told = json.loads(run("show", "--config", str(ini), "--json").stdout)
    assert told["ok"] is True
    assert len(told["signed_by"]) == 16
    assert told["calibration"] == demo_body()


@pytest.mark.parametrize(
    ("change", "fault"), [(as_it_is, "unproven"), (proved(1.1e-3), "target"), (proved(1e-3), None)]
)
def test_show_and_the_face_check_agree_on_what_is_for_the_demo_only(
    place: Path, change: Change, fault: str | None
) -> None:
    needed(MODELS / ONNX_MODEL)
    file, key = signed(place, change)
    done = run("show", "--config", str(ini_of(place, file, key, demo=False)), "--json")
    found = [one["fault"] for one in json.loads(done.stdout)["against"]]
    assert (done.exit_code, found) == ((0, []) if fault is None else (1, [fault]))
    verifier = ProcessFaceVerifier(MODELS, file, key)
    try:
        status = verifier.status()
        assert (status.cause is Cause.FACE_UNCALIBRATED) == (fault is not None)
        assert fault is None or status.detail.startswith(f"{fault}, ")
    finally:
        verifier.close()


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (lambda body: body["matchers"].update(frf="0" * 64), ["models"]),
        (lambda body: body["pipeline"].update(frf="another/1"), ["pipeline"]),
        (lambda body: body["card_classes"].pop("jpeg_2048"), ["card_class"]),
        (with_limits(dlib=2.5), ["content"]),
    ],
)
def test_show_says_why_it_does_not_fit(place: Path, change: Any, faults: list[str]) -> None:
    done = run("show", "--config", str(ini_of(place, *signed(place, change))), "--json")
    assert done.exit_code == 1
    assert [one["fault"] for one in json.loads(done.stdout)["against"]] == faults


@pytest.mark.parametrize(("left", "soon"), [(61, False), (60, True), (0, True), (-1, False)])
def test_show_says_that_the_end_is_near(place: Path, left: int, soon: bool) -> None:
    """By vouched time, as the face check reckons."""
    vouched = datetime.fromisoformat(demo_body()["valid_until"] + "T00:00:00+00:00") - timedelta(days=left)
    (place / "state").mkdir()
    state = {"latest_wall_utc": vouched.isoformat(), "vouched_utc": vouched.isoformat(), "boots": []}
    (place / "state" / "clock.json").write_text(json.dumps(state), "ascii")
    ini = ini_of(place, *signed(place))
    done = run("show", "--config", str(ini), "--json")
    told = json.loads(done.stdout)
    assert (told["ends_soon"], done.exit_code) == (soon, 1 if left < 0 else 0)
    said = run("show", "--config", str(ini)).output
    assert (CAUSES["face.calibration_ending"].technician["en"] in said) is soon


def test_a_key_that_is_none_is_a_wrong_word_or_a_wrong_setting(place: Path) -> None:
    """By `--key` the command is not right, by kiosk.ini the terminal is not configured: as JSON too."""
    file, key = signed(place)
    ini = ini_of(place, file, key)
    done = run("show", "--key", str(ini), "--config", str(ini), "--json")
    assert done.exit_code == 2, done.output
    assert "--key" in done.output
    key.unlink()
    done = run("show", "--config", str(ini), "--json")
    assert done.exit_code == 78
    told = json.loads(done.stdout)
    assert (told["ok"], told["reason"]) == (False, "not_configured")
    assert key.name in told["message"][0]


def test_show_of_a_forgery_names_no_signer(place: Path) -> None:
    file, key = signed(place)
    file.write_text(file.read_text("utf-8").replace("demo-", "real-"), "utf-8")
    done = run("show", str(file), "--config", str(ini_of(place, file, key)), "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["signed_by"] is None
    assert [one["fault"] for one in told["against"]] == ["signature"]
