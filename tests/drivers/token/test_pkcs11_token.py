"""PKCS#11 tokens as authenticators: SoftHSM2 behind a real child process, and modules that go wrong."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import TokenFlag

from drivers.contract import Cause, CheckOutcome, DeviceState, Failed, Ok, Restartable
from drivers.evidence import Assurance, CheckName, assurance
from drivers.token.contract import Authentication, PinState, TokenFailure, TokenInfo
from drivers.token.pkcs11_child import pin_state, reason_of
from drivers.token.pkcs11_token import Pkcs11Authenticator
from tests.drivers.rigs.child import end_child
from tests.drivers.token import soft_tokens
from tests.drivers.token.soft_tokens import PIN, Issuer
from tests.drivers.waiting import wait_until

ORIGIN = "jiujin:0142"
PURPOSE = "helper.identify"
Open = Callable[..., Pkcs11Authenticator]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return soft_tokens.new_issuer()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for kind in ("rsa", "ec"):
        soft_tokens.make(folder, kind, kind, issuer)
    return folder


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Path:
    """A token whose key signs for whoever has it."""
    folder = tmp_path_factory.mktemp("free")
    soft_tokens.make(folder, "free", "rsa", issuer, free=True)
    return folder


@pytest.fixture
def tokens(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this test's own copies of the tokens."""
    shutil.copytree(made / "tokens", tmp_path / "tokens")
    monkeypatch.setenv("SOFTHSM2_CONF", str(soft_tokens.configure(tmp_path)))
    return tmp_path / "tokens"


@pytest.fixture
def opened(tokens: Path, issuer: Issuer) -> Iterator[Open]:
    assert tokens.is_dir()
    all_opened: list[Pkcs11Authenticator] = []

    def open_with(module: Path | None = None, *, deadline_s: float = 20.0) -> Pkcs11Authenticator:
        path = str(module or soft_tokens.module())
        all_opened.append(Pkcs11Authenticator(path, ORIGIN, (issuer.der,), deadline_s=deadline_s))
        return all_opened[-1]

    yield open_with
    for authenticator in all_opened:
        authenticator.close()


def token_of(authenticator: Pkcs11Authenticator, label: str) -> TokenInfo:
    listed = authenticator.tokens()
    assert isinstance(listed, Ok), listed
    return next(token for token in listed.value if token.label == label)


def reason(outcome: Ok[Authentication] | Ok[tuple[TokenInfo, ...]] | Failed[TokenFailure]) -> TokenFailure:
    assert isinstance(outcome, Failed)
    return outcome.reason


def test_tokens_sign_a_challenge_and_the_levels_stay_separate(opened: Open) -> None:
    authenticator = opened()
    for label in ("rsa", "ec"):
        token = token_of(authenticator, label)
        assert token.pin is PinState.FINE
        outcome = authenticator.authenticate(token, PIN, PURPOSE)
        assert isinstance(outcome, Ok), outcome
        passed = {c.name for c in outcome.value.evidence if c.outcome is CheckOutcome.PASSED}
        assert passed == {
            CheckName.READ,
            CheckName.INTEGRITY,
            CheckName.SIGNATURE,
            CheckName.TRUSTED_CHAIN,
            CheckName.HOLDER_CHECK,
        }
        assert assurance(outcome.value.evidence) is Assurance.SUBSTANTIAL
    assert authenticator.status().state is DeviceState.READY


def test_a_wrong_pin_is_tried_once_and_the_next_one_warned_of(opened: Open) -> None:
    authenticator = opened()
    token = token_of(authenticator, "ec")
    assert reason(authenticator.authenticate(token, "135790", PURPOSE)) is TokenFailure.PIN_WRONG
    warned = token_of(authenticator, "ec")
    assert warned.pin is PinState.WRONG_BEFORE
    assert isinstance(authenticator.authenticate(warned, PIN, PURPOSE), Ok)
    assert token_of(authenticator, "ec").pin is PinState.FINE
    assert authenticator.status().state is DeviceState.READY


def test_without_a_pin_a_shut_key_stays_shut_and_no_try_is_used_up(opened: Open) -> None:
    authenticator = opened()
    for label in ("rsa", "ec"):
        for _ in range(5):
            tried = authenticator.authenticate(token_of(authenticator, label), None, PURPOSE)
            assert reason(tried) is TokenFailure.PIN_WANTED
        assert token_of(authenticator, label).pin is PinState.FINE
        assert isinstance(authenticator.authenticate(token_of(authenticator, label), PIN, PURPOSE), Ok)


def test_a_free_key_signs_without_a_pin_and_says_nothing_of_its_holder(
    opened: Open, free: Path, tokens: Path
) -> None:
    shutil.rmtree(tokens)
    shutil.copytree(free / "tokens", tokens)
    authenticator = opened()
    outcome = authenticator.authenticate(token_of(authenticator, "free"), None, PURPOSE)
    assert isinstance(outcome, Ok), outcome
    checks = {check.name: check.outcome for check in outcome.value.evidence}
    assert checks[CheckName.SIGNATURE] is CheckOutcome.PASSED
    assert checks[CheckName.HOLDER_CHECK] is CheckOutcome.NOT_DONE


def test_the_status_says_how_many_tokens_are_plugged_in_and_each_has_its_slot(opened: Open) -> None:
    authenticator = opened()
    assert authenticator.probe().detail == "2 plugged in"
    assert token_of(authenticator, "rsa").slot != token_of(authenticator, "ec").slot


def test_a_restart_loads_the_module_anew(opened: Open) -> None:
    authenticator = opened()
    assert isinstance(authenticator, Restartable), "the staff menu offers it"
    assert authenticator.probe().usable
    before = authenticator._worker.pid
    authenticator.restart()
    assert not authenticator.status().usable, "what the old one said counts no longer"
    assert wait_until(lambda: authenticator.probe().usable)
    assert authenticator._worker.pid not in (None, before)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (PinState.LOCKED, TokenFailure.PIN_LOCKED),
        (PinState.NOT_SET, TokenFailure.PIN_NOT_SET),
        (PinState.FINAL_TRY, TokenFailure.PIN_FINAL_TRY),
    ],
)
def test_a_pin_that_is_locked_or_nearly_is_not_tried(
    opened: Open, state: PinState, expected: TokenFailure
) -> None:
    authenticator = opened()
    token = replace(token_of(authenticator, "ec"), pin=state)
    assert reason(authenticator.authenticate(token, "135790", PURPOSE)) is expected
    assert token_of(authenticator, "ec").pin is PinState.FINE, "the wrong PIN was not sent"
    if state is PinState.FINAL_TRY:
        assert isinstance(authenticator.authenticate(token, PIN, PURPOSE, final_try_allowed=True), Ok)


def test_a_token_that_left_is_removed_and_a_new_one_is_seen(opened: Open, tokens: Path) -> None:
    authenticator = opened()
    token = token_of(authenticator, "ec")
    away = tokens.parent / "away"
    shutil.move(tokens, away)
    tokens.mkdir()
    assert reason(authenticator.authenticate(token, PIN, PURPOSE)) is TokenFailure.REMOVED
    assert authenticator.tokens() == Ok(())
    assert authenticator.status().state is DeviceState.READY, "the module works; nobody has a token"
    tokens.rmdir()
    shutil.move(away, tokens)
    assert isinstance(authenticator.authenticate(token, PIN, PURPOSE), Ok)


def test_a_missing_module_and_one_that_is_none(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no library")
    for path in (tmp_path / "no_such.so", tmp_path / "text.so"):
        authenticator = opened(path)
        assert reason(authenticator.tokens()) is TokenFailure.MODULE_MISSING
        assert authenticator.status().cause is Cause.TOKEN_MODULE_MISSING


@pytest.fixture(scope="module")
def bad_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two vendor modules that go wrong as soon as they are loaded."""
    folder = tmp_path_factory.mktemp("modules")
    for name, body in (("crashing", "abort();"), ("silent", "for (;;) pause();")):
        source = folder / f"{name}.c"
        source.write_text(
            "#include <stdlib.h>\n#include <unistd.h>\n"
            f"__attribute__((constructor)) static void begin(void) {{ {body} }}\n"
        )
        compiler = shutil.which("gcc")
        assert compiler, "set-up installs gcc"
        subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / f"{name}.so", source], check=True)
    return folder


def test_a_crashing_module_costs_its_process(opened: Open, bad_modules: Path) -> None:
    authenticator = opened(bad_modules / "crashing.so")
    assert reason(authenticator.tokens()) is TokenFailure.MODULE_CRASHED
    assert authenticator.status().cause is Cause.TOKEN_MODULE_CRASHED


def test_a_child_that_died_says_nothing_of_its_module(opened: Open) -> None:
    authenticator = opened()
    assert authenticator.probe().state is DeviceState.READY
    end_child(authenticator._worker.pid)
    assert wait_until(lambda: not authenticator.status().usable)
    assert authenticator.status().cause is Cause.TOKEN_MODULE_CRASHED
    assert wait_until(lambda: authenticator._worker.pid is not None)
    assert not authenticator.status().usable, "the new one was not asked yet"
    assert authenticator.probe().state is DeviceState.READY


def test_a_module_that_never_returns_is_given_up(opened: Open, bad_modules: Path) -> None:
    authenticator = opened(bad_modules / "silent.so", deadline_s=0.5)
    assert reason(authenticator.tokens()) is TokenFailure.MODULE_SILENT
    assert authenticator.status().cause is Cause.TOKEN_MODULE_SILENT


def test_nothing_of_the_owner_or_the_pin_is_in_any_text(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    authenticator = opened()
    token = token_of(authenticator, "ec")
    right = authenticator.authenticate(token, PIN, PURPOSE)
    wrong = authenticator.authenticate(token, "135790", PURPOSE)
    text = repr((token, right, wrong, authenticator.status())) + caplog.text
    assert not any(secret in text for secret in (PIN, "135790", token.serial, "鲁大川", "label"))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (TokenFlag.USER_PIN_INITIALIZED, PinState.FINE),
        (TokenFlag.USER_PIN_INITIALIZED | TokenFlag.USER_PIN_COUNT_LOW, PinState.WRONG_BEFORE),
        (
            TokenFlag.USER_PIN_INITIALIZED | TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.USER_PIN_FINAL_TRY,
            PinState.FINAL_TRY,
        ),
        (
            TokenFlag.USER_PIN_INITIALIZED | TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED,
            PinState.LOCKED,
        ),
        (TokenFlag.LOGIN_REQUIRED, PinState.NOT_SET),
        (TokenFlag.USER_PIN_INITIALIZED | TokenFlag.USER_PIN_TO_BE_CHANGED, PinState.NOT_SET),
    ],
)
def test_the_gravest_flag_of_the_pin_counts(flags: TokenFlag, expected: PinState) -> None:
    assert pin_state(flags) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (pkcs11.PinLocked(), TokenFailure.PIN_LOCKED),
        (pkcs11.DeviceRemoved(), TokenFailure.REMOVED),
        (pkcs11.TokenNotPresent(), TokenFailure.REMOVED),
        (pkcs11.SessionHandleInvalid(), TokenFailure.REMOVED),
        (pkcs11.PinLenRange(), TokenFailure.PIN_WRONG),
        (pkcs11.MechanismInvalid(), TokenFailure.UNSUPPORTED_KEY),
        (pkcs11.GeneralError(), TokenFailure.ERROR),
    ],
)
def test_what_a_module_says_has_one_meaning(error: pkcs11.PKCS11Error, expected: TokenFailure) -> None:
    assert reason_of(error) is expected
