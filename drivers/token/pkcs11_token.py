"""Tokens through a vendor's PKCS#11 module, in a child process."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import Any

from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok
from drivers.token.contract import Authentication, Challenge, PinState, Signed, TokenFailure, TokenInfo
from drivers.token.protocol import judge, message
from drivers.worker import Worker, WorkerFailure

_CHILD = "drivers.token.pkcs11_child:TokenChild"
_START_S = 10.0
_CAUSES = {
    TokenFailure.MODULE_MISSING: Cause.TOKEN_MODULE_MISSING,
    TokenFailure.MODULE_CRASHED: Cause.TOKEN_MODULE_CRASHED,
    TokenFailure.MODULE_SILENT: Cause.TOKEN_MODULE_SILENT,
}
_REFUSED = {
    PinState.LOCKED: TokenFailure.PIN_LOCKED,
    PinState.NOT_SET: TokenFailure.PIN_NOT_SET,
}


class Pkcs11Authenticator:
    """The tokens of one module (the path of its .so).

    `origin` names who asks, and is part of what is signed: an answer for one terminal is none for
    another. `anchors` are the certificates (DER) of the issuers that are trusted. RSA and ECDSA with
    SHA-256; tokens of the SM2 kind speak SKF, not PKCS#11.
    """

    def __init__(
        self, module: str, origin: str, anchors: tuple[bytes, ...] = (), *, deadline_s: float = 10.0
    ) -> None:
        self._origin = origin
        self._anchors = anchors
        self._deadline_s = deadline_s
        self._worker = Worker(_CHILD, (module,))
        self._lock = Lock()
        self._status = DeviceStatus(DeviceState.UNKNOWN, detail="not asked yet")
        self._generation = 0
        self._plugged_in = 0
        self._closed = False

    def status(self) -> DeviceStatus:
        """What the module was last known to do; that a child which has died was fine says nothing."""
        if self._closed:
            return DeviceStatus(DeviceState.UNKNOWN, detail="closed")
        if self._status.usable and not self._worker.still_answers(self._generation):
            return DeviceStatus(DeviceState.UNKNOWN, Cause.TOKEN_MODULE_CRASHED, self._worker.last_failure)
        return self._status

    def probe(self) -> DeviceStatus:
        """List the tokens; while a token signs, the last status."""
        if self._lock.acquire(blocking=False):
            try:
                self._note(self._asked("tokens"))
            finally:
                self._lock.release()
        return self.status()

    def restart(self) -> None:
        """A new process, which loads the module anew; `probe` waits for it."""
        self._worker.restart()

    def close(self) -> None:
        self._closed = True
        self._worker.close()

    def tokens(self) -> Ok[tuple[TokenInfo, ...]] | Failed[TokenFailure]:
        """See `Authenticator.tokens`."""
        return self._ask("tokens")

    def authenticate(
        self, token: TokenInfo, pin: str | None, purpose: str, *, final_try_allowed: bool = False
    ) -> Ok[Authentication] | Failed[TokenFailure]:
        """See `Authenticator.authenticate`. `token` as `tokens` listed it last."""
        if pin is not None and token.pin in _REFUSED:
            return Failed(_REFUSED[token.pin])
        if pin is not None and token.pin is PinState.FINAL_TRY and not final_try_allowed:
            return Failed(TokenFailure.PIN_FINAL_TRY)
        challenge = Challenge(self._origin, purpose)
        answer = self._ask("sign", token, pin, message(challenge))
        if isinstance(answer, Failed):
            return answer
        signed: Signed = answer.value
        judged = judge(signed, challenge, self._anchors, datetime.now(UTC), by_pin=pin is not None)
        return Ok(Authentication(signed.certificate, judged.value)) if isinstance(judged, Ok) else judged

    def _ask(self, method: str, *arguments: Any) -> Ok[Any] | Failed[TokenFailure]:
        with self._lock:
            outcome = self._asked(method, *arguments)
            self._note(outcome)
            return outcome

    def _note(self, outcome: Ok[Any] | Failed[TokenFailure]) -> None:
        if isinstance(outcome, Failed) and outcome.reason in _CAUSES:
            if self._status.cause is None:
                self._status = DeviceStatus(DeviceState.FAULT, _CAUSES[outcome.reason], outcome.detail)
        else:
            self._generation = self._worker.generation
            if isinstance(outcome, Ok) and isinstance(outcome.value, tuple):
                self._plugged_in = len(outcome.value)
            self._status = DeviceStatus(DeviceState.READY, detail=f"{self._plugged_in} plugged in")

    def _asked(self, method: str, *arguments: Any) -> Ok[Any] | Failed[TokenFailure]:
        self._worker.wait_ready(_START_S)
        answer = self._worker.call(method, *arguments, deadline_s=self._deadline_s)
        if isinstance(answer, Ok):
            told: Ok[Any] | Failed[TokenFailure] = answer.value
            return told
        match answer.reason:
            case WorkerFailure.TIMED_OUT | WorkerFailure.CANCELLED:
                return Failed(TokenFailure.MODULE_SILENT, "the module does not answer")
            case WorkerFailure.CRASHED | WorkerFailure.NOT_RUNNING:
                return Failed(TokenFailure.MODULE_CRASHED, answer.detail)
