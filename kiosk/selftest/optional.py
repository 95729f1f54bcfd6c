"""The steps of what few terminals have: signing tokens and the code reader."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from drivers.camera.contract import Camera, FrameSource
from drivers.code_reader.contract import CodeFailure, CodeReader, QrWanted
from drivers.code_reader.sample import DrawnCode
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.token.contract import Authenticator, PinState, TokenFailure, TokenInfo
from kiosk.identity import mask_name
from kiosk.selftest.steps import Step, failed, not_done, passed

SAMPLE = "JIUJIN SELFTEST"
"""In the code that is drawn for the decoder, and in the one that the sheet carries."""
DRAWN_WITHIN_S = 20.0
TOKEN = "token"  # noqa: S105 - the step's name
CODE_READER = "code_reader"


def tokens_tried(authenticator: Authenticator) -> Step:
    """The module lists its tokens, and each signs if it can without a PIN; no try of a PIN is used up."""
    match authenticator.tokens():
        case Failed(reason, detail):
            return failed(TOKEN, f"{reason.value} {detail}".strip())
        case Ok(()):
            return not_done(TOKEN, "the module works, no token is plugged in")
        case Ok(plugged_in):
            tried = [_tried(authenticator, token) for token in plugged_in]
    outcomes = {outcome for outcome, _ in tried}
    worst = next(
        o for o in (CheckOutcome.FAILED, CheckOutcome.NOT_DONE, CheckOutcome.PASSED) if o in outcomes
    )
    return Step(TOKEN, worst, "; ".join(said for _, said in tried))


def _tried(authenticator: Authenticator, token: TokenInfo) -> tuple[CheckOutcome, str]:
    """A label may be its owner's name, and is masked as one."""
    which = f"slot {token.slot} {mask_name(token.label)} PIN {token.pin.value}"
    match authenticator.authenticate(token, None, "selftest"):
        case Ok():
            return CheckOutcome.PASSED, f"{which}: signed and verified"
        case Failed(TokenFailure.PIN_WANTED) if token.pin is not PinState.LOCKED:
            return CheckOutcome.NOT_DONE, f"{which}: there, signs with its PIN only, which was not tried"
        case Failed(reason, detail):
            return CheckOutcome.FAILED, f"{which}: {reason.value} {detail}".strip()


def code_read(reader: CodeReader, camera: Camera | None, wait_s: float, please: Callable[[], None]) -> Step:
    """First a drawn code, which needs no camera; then a printed one before `camera`, if that is wanted."""
    drawn = _read(reader, DrawnCode(SAMPLE), DRAWN_WITHIN_S)
    if drawn != Ok(SAMPLE):
        why = f"{drawn.reason.value} {drawn.detail}" if isinstance(drawn, Failed) else "another text"
        return failed(CODE_READER, f"a drawn code is not read: {why}".strip())
    if camera is None:
        return not_done(CODE_READER, "the decoder works, the camera was left out")
    opened = camera.open()
    if isinstance(opened, Failed):
        return failed(CODE_READER, f"the decoder works, the camera does not: {opened.reason.value}")
    please()
    began_s = time.monotonic()
    try:
        read = _read(reader, camera, wait_s)
    finally:
        camera.stop()
    match read:
        case Ok(text):
            took_ms = (time.monotonic() - began_s) * 1000
            return passed(CODE_READER, f"{len(text)} characters", took_ms=took_ms)
        case Failed(reason, detail):
            return failed(
                CODE_READER, f"the decoder works, before the camera: {reason.value} {detail}".strip()
            )


def _read(reader: CodeReader, source: FrameSource, within_s: float) -> Ok[str] | Failed[CodeFailure]:
    return reader.read(source, QrWanted(), within_s, Event())
