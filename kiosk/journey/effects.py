"""What a step asks of the world. The runner does it; the table only says it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.journey.visit import Visit
from kiosk.staff.answers import StaffAction


class CardPurpose(StrEnum):
    """Whose card is asked for."""

    RESIDENT = "resident"
    PRINCIPAL = "principal"
    """Of the person for whom somebody acts."""
    HELPER = "helper"


@dataclass(frozen=True, slots=True)
class ReadCard:
    """Wait for a card and read it; answered by `CardAnswered`."""

    purpose: CardPurpose


@dataclass(frozen=True, slots=True)
class StopCard:
    """Nobody waits for a card any more."""


@dataclass(frozen=True, slots=True)
class StartFace:
    """Open the camera and compare with the card's photo; `FaceGuided`, then `FaceAnswered`."""


@dataclass(frozen=True, slots=True, repr=False)
class CountLook:
    """A look at the face counts for the card that lay here; nobody waits for an answer."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class AwaitFace:
    """Give a face check that restarts a moment to come back; answered by `FaceWaited`."""


@dataclass(frozen=True, slots=True)
class StopFace:
    """Close the camera; reference and frames are forgotten."""


@dataclass(frozen=True, slots=True, repr=False)
class SendCode:
    """Have a new code sent to the phone on record; answered by `CodeAnswered`."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class CheckCode:
    """Compare with the code that was sent; answered by `CodeChecked`."""

    code: str

    def __repr__(self) -> str:
        return "CheckCode(masked)"


@dataclass(frozen=True, slots=True)
class ForgetCode:
    """No code is waited for any more."""


@dataclass(frozen=True, slots=True, repr=False)
class StartQr:
    """Open the camera for codes and read an e-ID from a phone; answered by `QrAnswered`."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class StopQr:
    """Close the camera for codes."""


@dataclass(frozen=True, slots=True, repr=False)
class AskClerk:
    """Send this picture and the card's photo to the agency's desk; answered by `ClerkAnswered`."""

    visit: Visit
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class StopClerk:
    """Close the camera; the desk is told that nobody waits, and forgets the pictures."""


ProofEffect = SendCode | CheckCode | ForgetCode | StartQr | StopQr | AskClerk | StopClerk


@dataclass(frozen=True, slots=True)
class StartCamera:
    """Open the camera for a picture of the problem."""


@dataclass(frozen=True, slots=True)
class TakePhoto:
    """Keep the newest frame; answered by `PhotoTaken`."""


@dataclass(frozen=True, slots=True)
class StopCamera:
    """Close the camera."""


@dataclass(frozen=True, slots=True, repr=False)
class Submit:
    """Seal and commit the case; answered by `Stored` or `NotStored`."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class AwaitCentre:
    """Give the centre a moment to register the case; answered by `CaseMoved`.

    `decide`: the case's key, when the department is to be asked for a decision on the spot.
    """

    case_code: str
    decide: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class AskRecords:
    """What departments have on record about the person; answered by `PrefillAnswered`."""

    visit: Visit


@dataclass(frozen=True, slots=True, repr=False)
class AskSame:
    """Whether a case about the same waits here already; answered by `SameWaits`."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class LookUpProgress:
    """How far a case is; answered by `ProgressAnswered`."""

    case_code: str


@dataclass(frozen=True, slots=True, repr=False)
class Print:
    """Print the slip; answered by `PrintAnswered`. `copy` prints 补打 on it."""

    visit: Visit
    copy: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class PrintWindowSlip:
    """Print where to go and what for; answered by `WindowSlipAnswered`."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class WatchRemoval:
    """Tell when the card leaves; answered by `CardRemoved` where the reader can see it."""


@dataclass(frozen=True, slots=True, repr=False)
class Evaluate:
    """Queue the evaluation (None: skipped, recorded as not evaluated)."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class OtherMovement:
    """The resident cannot make this movement: ask for another."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Read the screen aloud. `only_news`: what has just changed beside the live picture."""

    only_news: bool = False


@dataclass(frozen=True, slots=True)
class LookAtDoor:
    """May a PIN be tried? Answered by `DoorAnswered`."""


@dataclass(frozen=True, slots=True, repr=False)
class TryPin:
    """Try a PIN; answered by `DoorAnswered`."""

    pin: str

    def __repr__(self) -> str:
        return "TryPin(masked)"


@dataclass(frozen=True, slots=True)
class StaffDo:
    """Something of the staff menu; answered by `StaffDone`."""

    action: StaffAction


@dataclass(frozen=True, slots=True)
class Forget:
    """The visit is over: every lane, spool, buffer and model forgets it."""


CameraEffect = StartFace | OtherMovement | AwaitFace | StopFace | StartCamera | TakePhoto | StopCamera

Effect = (
    ReadCard
    | StopCard
    | CountLook
    | CameraEffect
    | ProofEffect
    | Submit
    | AwaitCentre
    | AskRecords
    | AskSame
    | LookUpProgress
    | Print
    | PrintWindowSlip
    | WatchRemoval
    | Evaluate
    | Speak
    | LookAtDoor
    | TryPin
    | StaffDo
    | Forget
)
