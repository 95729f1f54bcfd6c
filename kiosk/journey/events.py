"""What can happen to a visit: a touch, a device's answer, the clock, the network.

Results of devices carry the `visit` they belong to; a result of an earlier visit is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.card_reader.contract import CardFailure, CardRead
from drivers.clerk_line.contract import ClerkAnswer, ClerkFailure
from drivers.contract import Failed, Ok
from drivers.eid.contract import Eid, EidFailure
from drivers.face.contract import Comparison, FaceFailure, Guidance
from drivers.face.liveness.contract import LivenessRecord, Prompt
from drivers.receipt_printer.contract import PrintReport
from kiosk.case import CaseState
from kiosk.journey.live import LookUpFailure, Prefilled, Progress
from kiosk.journey.proof import CodeFailure, CodeSent, QrFailure
from kiosk.journey.states import State
from kiosk.staff.answers import Done, Door, StaffAction


@dataclass(frozen=True, slots=True)
class Pressed:
    """An action of the view was pressed.

    `seen_on`: the screen that the finger saw, where somebody can say: a press of a screen that has given
    way since does nothing, even when the next one offers the same action.
    """

    action: str
    seen_on: State | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Entered:
    """A field of the view was filled; its value is never in a repr."""

    field: str
    value: str

    def __repr__(self) -> str:
        return f"Entered({self.field!r}, masked)"


@dataclass(frozen=True, slots=True)
class Touched:
    """Somebody is there: the idle clock starts again."""


@dataclass(frozen=True, slots=True)
class StaffAsked:
    """Somebody rested a finger on the staff's corner of the first screen."""


@dataclass(frozen=True, slots=True)
class CardAnswered:
    """The reader's answer to `effects.ReadCard`. `looks_spent`: see `visit.FaceProgress.spent_before`;
    `acted`: see `visit.Visit.acted`.
    """

    result: Ok[CardRead] | Failed[CardFailure]
    looks_spent: int = 0
    acted: int = 0


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """A reader that can detect removal saw the card leave."""


@dataclass(frozen=True, slots=True)
class FaceGuided:
    """The live picture cannot be used yet; `None` means that it can. `pointing`: for so long that the
    other way is pointed at. `prompt`: the movement that is asked now.
    """

    guidance: Guidance | None
    pointing: bool = False
    prompt: Prompt | None = None


@dataclass(frozen=True, slots=True)
class FaceAnswered:
    """One attempt ended. `Failed(NO_FACE ...)` is an attempt without a comparison."""

    result: Ok[Comparison] | Failed[FaceFailure | Guidance]
    liveness: LivenessRecord | None = None
    """None when nothing was looked at."""


@dataclass(frozen=True, slots=True)
class FaceWaited:
    """The wait for a face check that restarts is over: it is there again, or the time is up."""


@dataclass(frozen=True, slots=True)
class CodeAnswered:
    """Whether a code was sent to the resident's phone."""

    result: Ok[CodeSent] | Failed[CodeFailure]


@dataclass(frozen=True, slots=True)
class CodeChecked:
    """How a written code fared: right, wrong with `left` tries, or of no use any more."""

    right: bool
    left: int = 0
    failure: CodeFailure | None = None


@dataclass(frozen=True, slots=True)
class QrAnswered:
    """What the e-ID on the phone was worth; a good one with its issuer."""

    result: Ok[Eid] | Failed[EidFailure | QrFailure]


@dataclass(frozen=True, slots=True)
class ClerkAnswered:
    """The clerk's word, or why there is none."""

    result: Ok[ClerkAnswer] | Failed[ClerkFailure]


@dataclass(frozen=True, slots=True, repr=False)
class PhotoTaken:
    """The camera's picture for a report, encoded; None when the camera gave none."""

    jpeg: bytes | None


@dataclass(frozen=True, slots=True)
class Stored:
    """The case is committed: from now on it is promised."""

    case_code: str
    sequence: int
    received_at: str
    erased: bool = False
    """A withdrawal erased what had not been sent of its case."""


@dataclass(frozen=True, slots=True)
class NotStored:
    """The case could not be committed; nothing was promised. `reason` is a health cause."""

    reason: str


@dataclass(frozen=True, slots=True)
class CaseMoved:
    """The centre's word on the case, or None when it did not come in time."""

    state: CaseState | None
    registered_at: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    """Language -> what the department says, where it decided on the spot."""


@dataclass(frozen=True, slots=True)
class PrefillAnswered:
    """What is on record, by the record's name; empty when nothing is or nobody answered in time."""

    found: Mapping[str, Prefilled]


@dataclass(frozen=True, slots=True)
class SameWaits:
    """Whether a case about the same was taken in here and not acknowledged yet, as far as the terminal can tell."""

    found: bool


@dataclass(frozen=True, slots=True)
class ProgressAnswered:
    """How far the case is, or why that cannot be said."""

    result: Ok[Progress] | Failed[LookUpFailure]


@dataclass(frozen=True, slots=True)
class PrintAnswered:
    """How the slip ended."""

    report: PrintReport


@dataclass(frozen=True, slots=True)
class WindowSlipAnswered:
    """How the slip that leads to the window ended."""

    report: PrintReport


@dataclass(frozen=True, slots=True)
class IdleWarning:
    """Nobody touched for a while; `left_s` seconds until the visit is wiped."""

    left_s: int


@dataclass(frozen=True, slots=True)
class IdleExpired:
    """Nobody answered the warning."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """Devices, network, catalogue or minute changed: show it."""


@dataclass(frozen=True, slots=True)
class DoorAnswered:
    """How the door to the staff menu stands, or how a PIN fared."""

    door: Door


@dataclass(frozen=True, slots=True)
class StaffDone:
    """What the staff menu was asked to do is done, or not."""

    action: StaffAction
    result: Done


DeviceEvent = (
    CardAnswered
    | CardRemoved
    | FaceGuided
    | FaceAnswered
    | FaceWaited
    | CodeAnswered
    | CodeChecked
    | QrAnswered
    | ClerkAnswered
    | PhotoTaken
    | Stored
    | NotStored
    | CaseMoved
    | PrefillAnswered
    | SameWaits
    | ProgressAnswered
    | PrintAnswered
    | WindowSlipAnswered
    | DoorAnswered
    | StaffDone
)
Event = Pressed | Entered | Touched | StaffAsked | DeviceEvent | IdleWarning | IdleExpired | Refresh
