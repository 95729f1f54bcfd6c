"""The ways that need somebody outside, as values: a code by SMS, an e-ID on a phone, a clerk who looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from drivers.clerk_line.contract import ClerkFailure, ClerkWord
from drivers.eid.contract import EidFailure
from kiosk.catalogue.model import Method

CODE_DIGITS = 6
CODE_TRIES_MAX = 3
CODES_MAX = 2
"""Of one visit."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Recognised by this method, and by no other. `detail` goes into the case's evidence; nobody is named in it."""

    method: Method
    detail: str


class CodeFailure(StrEnum):
    """Why no code came, or the one that came is of no use any more. Each has words in `present`."""

    OFFLINE = "offline"
    NO_MOBILE = "no_mobile"
    TOO_OFTEN = "too_often"
    NOT_SENT = "not_sent"
    EXPIRED = "expired"
    USED_UP = "used_up"


@dataclass(frozen=True, slots=True)
class CodeSent:
    """`mobile`: masked, of the phone that it went to."""

    mobile: str
    reference: str


@dataclass(frozen=True, slots=True)
class CodeProgress:
    """`asking`: it is being sent. `left`: tries with the code that was sent; a wrong one is told once.
    `codes`: that were sent, and the one that is being sent.
    """

    asking: bool = False
    sent: CodeSent | None = None
    codes: int = 0
    left: int = CODE_TRIES_MAX
    wrong: bool = False
    failure: CodeFailure | None = None

    @property
    def may_send(self) -> bool:
        return not self.asking and self.codes < CODES_MAX and self.failure is not CodeFailure.NO_MOBILE


class QrFailure(StrEnum):
    """Why no e-ID could be read from a phone, before one could be judged."""

    NO_CODE = "no_code"
    NO_CAMERA = "no_camera"


@dataclass(frozen=True, slots=True)
class QrProgress:
    """`looking`: the camera for codes is open."""

    looking: bool = False
    failure: QrFailure | EidFailure | None = None


@dataclass(frozen=True, slots=True)
class ClerkProgress:
    """`looking`: the camera is open for the picture; `asking`: the clerk has it. `word`: what the clerk said, and
    `clerk`: the desk's mark of who it was.
    """

    looking: bool = False
    asking: bool = False
    failure: ClerkFailure | None = None
    word: ClerkWord | None = None
    clerk: str = ""
