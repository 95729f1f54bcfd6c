"""One resident's visit as a value. It lives in memory, and `Visit()` is what is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drivers.card_reader.contract import CardRead
from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, FaceFailure, Guidance
from drivers.face.liveness.contract import LivenessRecord, Prompt
from drivers.receipt_printer.contract import PrintReport
from kiosk.case import CaseState
from kiosk.catalogue.model import Definition, Method
from kiosk.journey.events import Stored
from kiosk.journey.live import LookUpFailure, Prefilled, Progress
from kiosk.journey.proof import ClerkProgress, CodeProgress, Proof, QrProgress
from kiosk.journey.states import State
from kiosk.staff.answers import Done, Door, StaffAction


class DialogKind(StrEnum):
    """What may stand over a screen."""

    CANCEL = "cancel"
    IDLE = "idle"
    HELP = "help"
    SURE = "sure"
    """Staff: the program ends by it."""


class Errand(StrEnum):
    """What the resident came for."""

    FILE = "file"
    WITHDRAW = "withdraw"
    AGAIN = "again"
    """The same case once more: it is to be completed, or the centre did not take it."""


class CardProblem(StrEnum):
    """Why a card that was read, or not read, does not serve. Each has words in `present`."""

    MOVED = "moved"
    WRONG = "wrong"
    UNSUPPORTED = "unsupported"
    UNREADABLE = "unreadable"
    NOT_AUTHENTIC = "not_authentic"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    READER = "reader"
    NOT_HELPER = "not_helper"
    VALIDITY_UNREADABLE = "validity_unreadable"
    TOO_WEAK = "too_weak"
    SAME_PERSON = "same_person"


@dataclass(frozen=True, slots=True)
class Consent:
    """The answer on a consent screen: to which text, when by which clock, and in which language it was shown.

    `text_hash`: SHA-256 of the sentences as shown. `withdrawn_at`: it was taken back then, and the camera had been
    open under it; one that was taken back before that leaves nothing.
    """

    given: bool
    notice_version: str
    at: str
    clock_quality: str = "synced"
    language: str = "zh"
    text_hash: str = ""
    withdrawn_at: str = ""

    @property
    def in_force(self) -> bool:
        return self.given and not self.withdrawn_at


@dataclass(frozen=True, slots=True)
class Look:
    """One look before the camera: what was compared, if it came to that, and how presence was looked at.

    Of one that the resident left the screen knows the movements that it had asked for.
    """

    comparison: Comparison | None = None
    liveness: LivenessRecord | None = None


@dataclass(frozen=True, slots=True)
class FaceProgress:
    """Attempts so far. Three end the face way (rule D12), without a word of blame.

    A look that is left after a movement was asked is one: else whoever plays a film leaves until the movement fits.
    `stalls`: looks that the machine could not finish; they are not the resident's.
    """

    attempts: int = 0
    stalls: int = 0
    begun: int = 0
    """Looks that began in this visit, however they ended."""
    spent: int = 0
    """Of them, those that count for the card (`FACE_OF_A_CARD_MAX`): each comparison that was not accepted, each
    movement that was not seen, and whatever ended after a movement was asked, since a hand before the camera stalls
    it too. A face that could not be seen before that counts for nobody's card."""
    spent_before: int = 0
    """The same of this card's earlier visits here."""
    opened: bool = False
    """The camera was opened under the consent of now."""
    waiting: bool = False
    """For the machine, which restarts; nothing is looked at yet."""
    looking: bool = False
    guidance: Guidance | None = None
    pointing: bool = False
    """No frame was usable for some seconds, so the other way is pointed at."""
    prompt: Prompt | None = None
    """The movement that is asked now."""
    asked: tuple[Prompt, ...] = ()
    """The movements that the look of now, or the last one, asked for, in order."""
    failure: FaceFailure | Guidance | None = None
    looks: tuple[Look, ...] = ()
    """Every look, in order; without a reference there was none. Of a consent that was taken back only those that
    compared nothing stay, the latest `LOOKS_MAX`.
    """

    @property
    def comparison(self) -> Comparison | None:
        """Of the last look."""
        return self.looks[-1].comparison if self.looks else None

    @property
    def compared(self) -> bool:
        """Some look came to a comparison."""
        return any(look.comparison is not None for look in self.looks)

    @property
    def accepted(self) -> bool:
        return self.comparison is not None and self.comparison.accepted

    @property
    def stalled(self) -> bool:
        """The last attempt ended without a comparison because the machine was too slow or failed."""
        return self.failure in MACHINE_FAILURES

    @property
    def card_rests(self) -> bool:
        """Nobody is looked at for this card until its count is forgotten."""
        return self.spent_before + self.spent >= FACE_OF_A_CARD_MAX

    @property
    def left(self) -> int:
        """Attempts that are left now, of the visit and of the card."""
        of_card = FACE_OF_A_CARD_MAX - self.spent_before - self.spent
        return max(0, min(FACE_ATTEMPTS_MAX - self.attempts, of_card))

    @property
    def used_up(self) -> bool:
        """No look may begin any more in this visit."""
        return self.left == 0 or self.stalls >= FACE_STALLS_MAX


MACHINE_FAILURES = frozenset({FaceFailure.TIMED_OUT, FaceFailure.CRASHED})
FACE_STALLS_MAX = 3
"""After so many the machine is left alone and the other ways are offered."""
FACE_ATTEMPTS_MAX = 3
FACE_OF_A_CARD_MAX = 3 * FACE_ATTEMPTS_MAX
"""Over all visits of a card at this terminal until its count is forgotten (`card_counts.TERM_S`): three visits' worth."""
LOOKS_MAX = 20
"""As with consents: the room for a case is reckoned before it begins."""
USED_CONSENTS_MAX = 20
"""The latest; so many nobody gives in one visit, and the room for a case is reckoned before it begins."""
AGENT_AGE_MIN = 18
"""Who acts for another is of age."""
FACE_AGE_MIN = 14
"""Under this age no face by default (rule D15)."""


@dataclass(frozen=True, slots=True)
class StaffProgress:
    """Where the staff stand: `door` None while it is looked at or a PIN is tried."""

    door: Door | None = None
    asked: StaffAction | None = None
    """Waits for "sure"."""
    doing: StaffAction | None = None
    done: tuple[StaffAction, Done] | None = None


@dataclass(frozen=True, slots=True)
class LookUp:
    """A case code as typed, and what came of it; `result` None before anybody was asked."""

    code: str = ""
    asking: bool = False
    result: Ok[Progress] | Failed[LookUpFailure] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """Everything that is known of this visit."""

    id: str = ""
    state: State = State.ATTRACT
    language: str = "zh"
    elder: bool = False
    listens: bool = False
    """Had a screen read aloud in this visit."""
    definition: Definition | None = None
    step: int = 0
    page: int = 0
    item_id: str = ""
    case_code: str = ""
    errand: Errand = Errand.FILE
    supersedes: str = ""
    """Id of the refused item in whose place this one goes."""
    about: str = ""
    """Code of the service whose case is withdrawn; empty where nobody could say."""
    about_title: Mapping[str, str] = field(default_factory=dict)
    """Language -> its title, where this terminal knows the service."""
    consent: Consent | None = None
    card: CardRead | None = None
    agent_asked: bool = False
    """It was said for whom this is done."""
    ground: str = ""
    """Why the one who stands here may act for the other; empty: for himself."""
    acted: int = 0
    """Cases of this service that were filed for others with this card, here and within a day."""
    principal: CardRead | None = None
    """The card of the person for whom it is done; None: of the one who stands here."""
    card_problem: CardProblem | None = None
    face: FaceProgress = field(default_factory=FaceProgress)
    helper: CardRead | None = None
    helper_confirmed: bool = False
    proof: Proof | None = None
    """Recognised by none of the two above."""
    code: CodeProgress = field(default_factory=CodeProgress)
    qr: QrProgress = field(default_factory=QrProgress)
    clerk_consent: Consent | None = None
    """That a picture may leave the terminal."""
    used_consents: tuple[Consent, ...] = ()
    """Earlier ones of both kinds under which a camera had been open, in order; at most `USED_CONSENTS_MAX`."""
    clerk: ClerkProgress = field(default_factory=ClerkProgress)
    answers: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Field -> language -> sentence."""
    records_asked: bool = False
    same_waits: bool = False
    """A case about the same waits here to be sent (rule F5)."""
    prefilled: Mapping[str, Prefilled] = field(default_factory=dict)
    """Field -> what a department has on record; an answer that was changed is the resident's own."""
    photo: bytes | None = None
    photo_missed: bool = False
    editing: bool = False
    """Came from the review: go back there, not through everything again."""
    stored: Stored | None = None
    not_stored: str = ""
    case_state: CaseState = CaseState.DRAFT
    registered_at: str | None = None
    decision_words: Mapping[str, str] = field(default_factory=dict)
    """Language -> what the department said on the spot."""
    window_slip: PrintReport | None = None
    """How the slip that leads to the window ended; `window_printing` while it is printed."""
    window_printing: bool = False
    printing: bool = False
    printed: PrintReport | None = None
    reprinted: bool = False
    level: int | None = None
    dialog: DialogKind | None = None
    idle_left_s: int = 0
    ended_because: str = ""
    staff: StaffProgress = StaffProgress()
    look_up: LookUp = LookUp()

    def __repr__(self) -> str:
        return f"Visit({self.id!r}, {self.state.value}, masked)"

    @property
    def service(self) -> Definition:
        """The chosen service; asking before one is chosen is a defect."""
        if self.definition is None:
            message = "no service is chosen yet"
            raise LookupError(message)
        return self.definition

    @property
    def applicant(self) -> CardRead | None:
        """Whose case it is. Recognised, by face or otherwise, is the one who stands here (`card`)."""
        return self.principal or self.card

    @property
    def service_code(self) -> str:
        """Empty before one is chosen."""
        return "" if self.definition is None else self.definition.code

    @property
    def agent(self) -> CardRead | None:
        """The card of who files a new case for another. A case that is only completed or repeated is no new one."""
        return self.card if self.principal is not None and self.errand is Errand.FILE else None

    @property
    def acted_enough(self) -> bool:
        """With this card no further case of this service is begun here for another, until a day has passed."""
        agent = None if self.definition is None else self.definition.agent
        return agent is not None and self.errand is Errand.FILE and self.acted >= agent.cases_per_day

    @property
    def verified(self) -> bool:
        """Recognised by one of the ways, so that the step need not be done again."""
        return self.recognised_by is not None

    @property
    def recognised_by(self) -> Method | None:
        """The way that it was; never more than one is claimed."""
        if self.face.accepted:
            return Method.FACE
        if self.helper_confirmed:
            return Method.HELPER
        return None if self.proof is None else self.proof.method

    @property
    def decides_at_once(self) -> bool:
        """Whether the department may decide while the resident waits."""
        return self.definition is not None and self.definition.decision == "immediate"
