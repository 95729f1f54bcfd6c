"""Re-checks at sync (rules F8, F9): what may have changed since the resident stood at the terminal.

A check that fails never rejects: the case waits for a clerk or for the resident, with words for the resident.
The answers are judged by the definition that the case was filed under, never by a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from kiosk.case import CasePayload, CaseState
from kiosk.catalogue.answers import check_answers
from kiosk.catalogue.load import Rejection, read
from kiosk.catalogue.model import Definition, Status

CHINA_TIME = ZoneInfo("Asia/Shanghai")


class Doubt(StrEnum):
    """Why a case is not simply registered. The texts below are the resident's."""

    CARD_LOST = "card.lost"
    CARD_EXPIRED = "card.expired"
    NOT_ELIGIBLE = "eligibility"
    HELPER = "helper.authority"
    DEFINITION_CLOSED = "definition.closed"
    DEFINITION_UNKNOWN = "definition.unknown"
    ANSWERS = "answers"
    OTHER_PERSON = "person.other"
    WITHDRAWAL_UNPROVEN = "withdrawal.unproven"
    WITHDRAWAL_LATE = "withdrawal.late"


STATE_OF: Mapping[Doubt, CaseState] = {
    Doubt.CARD_LOST: CaseState.NEEDS_CLERK,
    Doubt.CARD_EXPIRED: CaseState.NEEDS_CLERK,
    Doubt.NOT_ELIGIBLE: CaseState.NEEDS_CLERK,
    Doubt.HELPER: CaseState.NEEDS_CLERK,
    Doubt.DEFINITION_CLOSED: CaseState.NEEDS_CLERK,
    Doubt.DEFINITION_UNKNOWN: CaseState.NEEDS_CLERK,
    Doubt.ANSWERS: CaseState.NEEDS_CORRECTION,
    Doubt.OTHER_PERSON: CaseState.NEEDS_CLERK,
    Doubt.WITHDRAWAL_UNPROVEN: CaseState.NEEDS_CLERK,
}
"""Where each leads. A withdrawal that comes too late leads nowhere: the case goes on, with words."""

RESIDENT_WORDS: Mapping[Doubt, tuple[str, str]] = {
    Doubt.CARD_LOST: (
        "送达时您的证件登记为挂失，工作人员会核对；您先到的时间不变",
        "Your card is listed as lost: staff check it, and the time you came still counts",
    ),
    Doubt.CARD_EXPIRED: (
        "送达前您的证件到期了，工作人员会核对；请尽早换证",
        "Your card ran out before this arrived: staff check it; please renew the card soon",
    ),
    Doubt.NOT_ELIGIBLE: (
        "送达时查到的情况与条件不同，工作人员会核对后告诉您",
        "What the registers say differs from the conditions: staff check it and tell you",
    ),
    Doubt.HELPER: (
        "代办的手续要核对，工作人员会联系您；您先到的时间不变",
        "Whether your helper may act for you is checked: staff tell you, and the time you came still counts",
    ),
    Doubt.DEFINITION_CLOSED: (
        "这个事项在送达前有了变化，工作人员会核对怎样办",
        "This service changed before your case arrived: staff look how it goes on",
    ),
    Doubt.DEFINITION_UNKNOWN: (
        "工作人员要核对您办理时的事项版本，不用再来一趟",
        "Staff check the version of the service you used; you need not come again",
    ),
    Doubt.ANSWERS: (
        "有的内容要补一补，请带凭条到任一终端或窗口；您先到的时间不变",
        "Some answers are to be completed: bring the slip to any terminal; the time you came still counts",
    ),
    Doubt.OTHER_PERSON: (
        "补交的人和先前办理的人证件不同，工作人员会核对；您先到的时间不变",
        "The case was completed with another person's card: staff check it, and the time you came still counts",
    ),
    Doubt.WITHDRAWAL_UNPROVEN: (
        "有人凭编号申请撤回，工作人员会先核对是不是本人，核对前不撤回",
        "Somebody with the code asked to withdraw this: staff first check who it was, until then it stands",
    ),
    Doubt.WITHDRAWAL_LATE: (
        "撤回申请送到时部门已经受理，没有撤回，照常办理；要停办请到窗口问一问",
        "The withdrawal came after the department had begun: the case goes on; the counter can help you stop it",
    ),
}


class Silence(Enum):
    """A register is attached and did not answer this time."""

    UNANSWERED = "unanswered"


Told = Mapping[str, Doubt | Silence | None]
"""What registers said of a case, by the name that its definition gives them (`offline.recheck_at_sync`); None is no
doubt. A name that is not in it is a register that nobody here has.
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """`not_done`: re-checks that the definition asks for and that nobody here can do. `unanswered`: those whose
    register did not answer; they are asked again (`central.open_rechecks`).
    """

    doubts: tuple[Doubt, ...] = ()
    not_done: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    duplicate_of: str | None = None
    """The code of a case about the same business that was received before (`central.duplicates`)."""

    @property
    def state(self) -> CaseState:
        """The most cautious of them; a clerk who looks at a doubt sees in the trail that it may be a second one."""
        states = {STATE_OF[doubt] for doubt in self.doubts}
        for state in (CaseState.NEEDS_CLERK, CaseState.NEEDS_CORRECTION):
            if state in states:
                return state
        return CaseState.REGISTERED if self.duplicate_of is None else CaseState.DUPLICATE_SUSPECTED


NOTHING_FOUND = Findings()


Published = Mapping[tuple[str, str], Definition]
"""Every version ever published, by (code, version)."""


@dataclass(frozen=True, slots=True)
class Rechecks:
    """A code that is not in `definitions` is not judged."""

    definitions: Published = field(default_factory=dict)

    def of(self, case: CasePayload, now: datetime, told: Told) -> Findings:
        """`now` is aware. The registers were asked before: nothing here waits."""
        wanted = tuple(dict.fromkeys(case.recheck_at_sync))
        doubts = [
            *_card(case, now.astimezone(CHINA_TIME).date()),
            *(doubt for name in wanted if isinstance(doubt := told.get(name), Doubt)),
            *self._definition(case, now),
        ]
        return Findings(
            tuple(dict.fromkeys(doubts)),
            not_done=tuple(name for name in wanted if name not in told),
            unanswered=tuple(name for name in wanted if told.get(name) is Silence.UNANSWERED),
        )

    def _definition(self, case: CasePayload, now: datetime) -> list[Doubt]:
        versions = [one for (code, _version), one in self.definitions.items() if code == case.service]
        if not versions:
            return []
        filed_under = self.definitions.get((case.service, case.definition_version))
        if filed_under is None or filed_under.content_hash != case.definition_hash:
            return [Doubt.DEFINITION_UNKNOWN]
        newest = max(versions, key=lambda one: one.version_key)
        doubts = []
        if newest.status not in (Status.PILOT, Status.LIVE) or (
            newest.effective_to and newest.effective_to <= now
        ):
            doubts.append(Doubt.DEFINITION_CLOSED)
        if check_answers(filed_under, case.answers):
            doubts.append(Doubt.ANSWERS)
        return doubts


def _card(case: CasePayload, today: date) -> list[Doubt]:
    """The day on the card itself; what the registers say of it is asked by name."""
    valid_to = case.person.valid_to if case.person is not None else None
    try:
        expired = valid_to is not None and date.fromisoformat(valid_to) < today
    except ValueError:
        # A day that is none proves nothing: the terminal's evidence says how the card read.
        return []
    return [Doubt.CARD_EXPIRED] if expired else []


NO_RECHECKS = Rechecks()
"""A centre without definitions: it knows the day on the card, and what registers tell."""


class CatalogueError(Exception):
    """The folder of definitions cannot be used; the text names the file."""


def published(folder: Path) -> dict[tuple[str, str], Definition]:
    """Every definition in the folder, which is the centre's own and holds every version. CatalogueError."""
    found: dict[tuple[str, str], Definition] = {}
    for file in sorted(folder.glob("*.json")):
        one = read(file)
        if isinstance(one, Rejection):
            message = f"{one.file}: {one.message_zh} / {one.message_en}"
            raise CatalogueError(message)
        found[one.code, one.definition_version] = one
    return found
