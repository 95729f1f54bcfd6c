"""Signing tokens and the code reader: fitted, tried and told where kiosk.ini names them, and nowhere else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import pytest

from drivers.camera.contract import CameraFailure
from drivers.code_reader.contract import CodeFailure
from drivers.code_reader.reader import ZxingCodeReader
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.token.contract import Authentication, PinState, TokenFailure, TokenInfo
from kiosk.assembly.terminal import assemble
from kiosk.selftest.optional import code_read, tokens_tried
from kiosk.settings import load_text
from tests.drivers.code_reader.printed import on_a_table, qr
from tests.drivers.token import soft_tokens
from tests.kiosk.technician.conftest import Bench, verdicts

OWNER = "鲁大川"
CODE = "JIUJIN1:0142-TEST-0001"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    soft_tokens.make(folder, OWNER, "ec", soft_tokens.new_issuer())
    return folder


@pytest.fixture
def fitted(bench: Bench, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """One token plugged in, and a slip held before the camera."""
    shutil.copytree(made / "tokens", tmp_path / "tokens")
    monkeypatch.setenv("SOFTHSM2_CONF", str(soft_tokens.configure(tmp_path)))
    bench.configure({("token", "module"): str(soft_tokens.module()), ("code_reader", "camera"): "camera"})
    bench.village.camera.show(cv2.imencode(".png", on_a_table(qr(CODE)))[1].tobytes())
    return bench


def finding(report: dict[str, Any], subject: str) -> dict[str, Any]:
    [found] = [one for one in report["findings"] if one["subject"] == subject]
    return dict(found)


def test_doctor_says_what_is_fitted_and_how_many_tokens_are_plugged_in(fitted: Bench) -> None:
    code, report = fitted.json("doctor")
    assert code == 0, report
    assert finding(report, "token")["verdict"] == finding(report, "code_reader")["verdict"] == "fine"
    assert finding(report, "token")["detail"] == "1 plugged in"


def test_doctor_says_that_they_are_not_fitted_and_what_a_missing_module_is(bench: Bench) -> None:
    bench.configure({("token", "module"): "/nowhere/module.so", ("camera", "source"): ""})
    code, report = bench.json("doctor")
    assert code == 1
    assert verdicts(report)["code_reader"] == "not_fitted"
    told = finding(report, "token")
    assert (told["verdict"], told["cause"]) == ("wrong", "token.module_missing")
    assert all(told[words][language] for words in ("what", "action") for language in ("zh", "en"))


def test_a_code_reader_without_its_camera_is_told_by_its_setting(bench: Bench) -> None:
    bench.configure({("camera", "source"): "", ("code_reader", "camera"): "document_camera"})
    _, report = bench.json("doctor")
    assert "code_reader.camera" in finding(report, "settings")["detail"]
    assert "code_reader" not in verdicts(report), "neither fine nor unfitted"


def test_one_camera_for_faces_and_phones_is_told_by_check_doctor_and_health(bench: Bench) -> None:
    """The way is shut in service: else nobody but the residents would notice."""
    lens = bench.village.settings()["camera", "source"]
    shut = {
        ("camera", "size"): "640x480",
        ("document_camera", "source"): lens,
        ("code_reader", "camera"): "document_camera",
        ("recognition", "ways"): "face, qr",
    }
    bench.configure(shut)
    code, checked = bench.json("config", "check")
    assert (code, [problem["key"] for problem in checked["problems"]]) == (1, ["document_camera.source"])
    assert finding(bench.json("doctor")[1], "settings")["cause"] == "config.one_camera"

    settings, problems = load_text(bench.ini.read_text("utf-8"), "kiosk.ini", bench.folder)
    assert settings is not None, problems
    with closing(assemble(settings)) as terminal:
        assert "config.one_camera" in terminal.surroundings.heartbeat()["causes"]
        told = finding(bench.json("doctor")[1], "settings")
        assert (told["verdict"], told["cause"]) == ("warning", "config.one_camera")
        assert "[recognition] ways" in told["action"]["zh"]
        assert "[recognition] ways" in told["action"]["en"]

    bench.configure({**shut, ("recognition", "ways"): "face"})
    assert bench.json("config", "check")[0] == 0
    assert finding(bench.json("doctor")[1], "settings")["verdict"] == "fine"


def test_selftest_tries_both_and_names_nobody(fitted: Bench) -> None:
    done = fitted.run("selftest", "--json", "--no-card", "--no-print")
    assert done.returncode == 0, done.stdout + done.stderr
    assert OWNER not in done.stdout + done.stderr
    assert CODE not in done.stdout + done.stderr
    assert f'"{len(CODE)} characters"' in done.stdout
    assert "鲁* PIN fine: there, signs with its PIN only" in done.stdout
    assert "hold any slip" in done.stderr


class Tokens:
    """An authenticator that says what it is told to say, to whoever brings no PIN."""

    def __init__(self, listed: Any, signed: Any = None) -> None:
        self.listed, self.signed = listed, signed

    def tokens(self) -> Any:
        return self.listed

    def authenticate(self, _token: TokenInfo, pin: str | None, _purpose: str, **_named: object) -> Any:
        assert pin is None, "a try of somebody's PIN"
        return self.signed


def plugged(pin: PinState = PinState.FINE) -> Ok[tuple[TokenInfo, ...]]:
    return Ok((TokenInfo(OWNER, "0001", pin, 3),))


@pytest.mark.parametrize(
    ("tokens", "outcome", "said"),
    [
        (Tokens(Failed(TokenFailure.MODULE_SILENT)), CheckOutcome.FAILED, "module_silent"),
        (Tokens(Ok(())), CheckOutcome.NOT_DONE, "no token is plugged in"),
        (Tokens(plugged(), Ok(Authentication(b"", ()))), CheckOutcome.PASSED, "slot 3 鲁* PIN fine: signed"),
        (Tokens(plugged(), Failed(TokenFailure.PIN_WANTED)), CheckOutcome.NOT_DONE, "not tried"),
        (Tokens(plugged(PinState.LOCKED), Failed(TokenFailure.PIN_WANTED)), CheckOutcome.FAILED, "locked"),
        (Tokens(plugged(), Failed(TokenFailure.NOT_AUTHENTIC)), CheckOutcome.FAILED, "not_authentic"),
    ],
    ids=["silent", "none", "free key", "shut key", "locked", "forged"],
)
def test_a_token_passes_only_when_it_signed(tokens: Any, outcome: CheckOutcome, said: str) -> None:
    step = tokens_tried(tokens)
    assert (step.outcome, said in step.detail) == (outcome, True), step


class Lens:
    """A camera that opens or does not, and sees nothing."""

    def __init__(self, *, opens: bool) -> None:
        self.opens, self.stopped, self.asked = opens, 0, 0

    def open(self) -> Any:
        return Ok(None) if self.opens else Failed(CameraFailure.ABSENT)

    def latest(self, max_age_s: float = 1.0) -> Any:  # noqa: ARG002 - as the contract has it
        return Failed(CameraFailure.WARMING_UP)

    def stop(self) -> None:
        self.stopped += 1

    def please(self) -> None:
        self.asked += 1


@pytest.fixture(scope="module")
def reader() -> Iterator[ZxingCodeReader]:
    made = ZxingCodeReader()
    yield made
    made.close()


def test_what_the_code_reader_cannot_try_is_said(reader: ZxingCodeReader) -> None:
    left_out = code_read(reader, None, 0.1, pytest.fail)
    assert (left_out.outcome, left_out.detail) == (
        CheckOutcome.NOT_DONE,
        "the decoder works, the camera was left out",
    )
    absent: Any = Lens(opens=False)
    assert code_read(reader, absent, 0.1, pytest.fail).detail.endswith("the camera does not: absent")
    blind: Any = Lens(opens=True)
    step = code_read(reader, blind, 0.1, blind.please)
    assert (step.outcome, blind.asked, blind.stopped) == (CheckOutcome.FAILED, 1, 1)
    assert CodeFailure.NO_PICTURE.value in step.detail


def test_a_decoder_that_does_not_answer_fails_before_anybody_is_asked() -> None:
    class Dead:
        def read(self, *_given: object) -> Any:
            return Failed(CodeFailure.TIMED_OUT, "SIGSEGV")

    dead: Any = Dead()
    unasked: Any = Lens(opens=True)
    step = code_read(dead, unasked, 0.1, unasked.please)
    assert step.outcome is CheckOutcome.FAILED
    assert "a drawn code is not read: timed_out SIGSEGV" in step.detail
    assert (unasked.asked, unasked.stopped) == (0, 0), "the camera stays shut"
