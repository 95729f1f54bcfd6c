"""Visits standing before each screen, of invented people, for the tests of the journey."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from drivers.card_reader.contract import (
    CardRead,
    Document,
    DocumentKind,
    EncodedPhoto,
    PhotoFormat,
    ValidityKind,
)
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.evidence import Assurance, CheckName, evidence
from kiosk.case import CODE_ALPHABET, CaseState, parse_case_code
from kiosk.catalogue.load import read
from kiosk.catalogue.model import Definition, StepType
from kiosk.catalogue.withdrawal import withdrawal
from kiosk.health import DeviceHealth
from kiosk.journey.events import Pressed, Stored
from kiosk.journey.live import LookUpFailure, Progress
from kiosk.journey.moves import SCREEN_OF
from kiosk.journey.returning import to_withdraw
from kiosk.journey.states import STAFF, State
from kiosk.journey.visit import Consent, LookUp, StaffProgress, Visit
from kiosk.journey.world import Backstage, Fresh, Place, World
from kiosk.staff.answers import Door, DoorAnswer, StaffAction

NAME, NUMBER = "测试欧阳明", "110199194803120016"
CODE = next(code for sign in CODE_ALPHABET if (code := parse_case_code("0142K7QF93WDXM2" + sign)) is not None)
STEPS = {CaseState.RECEIVED: "2026-11-25T01:12:00Z", CaseState.REGISTERED: "2026-11-25T01:13:00Z"}
DEFINITIONS = Path(__file__).parents[3] / "kiosk" / "catalogue" / "definitions"


@cache
def definition(name: str = "pension_confirmation") -> Definition:
    found = read(DEFINITIONS / f"{name}.json")
    assert isinstance(found, Definition)
    return found


EVIDENCE = {
    Assurance.LOW: (CheckName.READ,),
    Assurance.SUBSTANTIAL: (
        CheckName.READ,
        CheckName.INTEGRITY,
        CheckName.SIGNATURE,
        CheckName.TRUSTED_CHAIN,
    ),
    Assurance.HIGH: (CheckName.READ, CheckName.TRUSTED_CHAIN, CheckName.CLONE_CHECK),
}


def card(
    kind: DocumentKind = DocumentKind.RESIDENT,
    valid_to: date | None = None,
    birth: int = 1948,
    worth: Assurance = Assurance.HIGH,
) -> CardRead:
    document = Document(
        kind=kind,
        number=NUMBER,
        name=NAME,
        birth_date=date(birth, 3, 12),
        address="清河镇三里村12号",
        validity=ValidityKind.LONG_TERM if valid_to is None else ValidityKind.DATED,
        valid_from=date(2018, 1, 1),
        valid_to=valid_to,
    )
    checks = evidence(dict.fromkeys(EVIDENCE[worth], (CheckOutcome.PASSED, "")))
    return CardRead("s1", document, EncodedPhoto(PhotoFormat.WLT, bytes(1024)), checks, "reader", 1)


def world(*, online: bool = True) -> World:
    return World(
        place=Place("0142", "清河镇便民服务站", "清河镇人民政府", "12345"),
        now=datetime(2026, 11, 25, 1, 12, tzinfo=UTC),
        services=(definition(), definition("problem_report"), definition("senior_allowance")),
        withdrawal=withdrawal("清河镇人民政府"),
        online=online,
        link_cause="" if online else "net.down",
        face_ready=True,
        camera_ready=True,
        helper_ready=True,
        printer_ready=True,
        backstage=Backstage(
            devices={
                "card": DeviceHealth(usable=True),
                "camera": DeviceHealth(usable=True),
                "face": DeviceHealth(usable=True),
                "printer": DeviceHealth(usable=True, warnings=("printer.paper_low",)),
                "helper": DeviceHealth(usable=True),
                "touch": DeviceHealth(usable=True),
            },
            waiting=2,
            version="0.1.0",
            offered=frozenset(StaffAction),
        ),
        fresh=Fresh("v1", "item-1", CODE),
    )


OTHER_NUMBER = "11019919510723003X"


def coming_back(result: Ok[Progress] | Failed[LookUpFailure] | None = None, **changes: Any) -> Visit:
    """With a slip's code, at the screen that shows how the case stands; the centre has it, unless told otherwise."""
    told = Progress(CODE, definition().code, CaseState.REGISTERED, STEPS, told_at="2026-11-25T02:00:00Z")
    looked_up = LookUp(CODE, result=result or Ok(replace(told, **changes)))
    return Visit(id="v1", state=State.PROGRESS, look_up=looked_up)


def withdrawing(before: Visit) -> Visit:
    """Whoever came back is recognised and reads what will follow."""
    begun, _ = to_withdraw(before, Pressed("to_withdraw"), world())
    known = replace(begun, consent=Consent(given=True, notice_version="1", at="2026-11-25T01:10:00Z"))
    known = replace(known, card=card(), helper_confirmed=True, state=State.WITHDRAW)
    return replace(known, step=begun.service.flow.index(StepType.REVIEW))


def visit(state: State) -> Visit:
    """A visit in this state, with everything known that may be known there."""
    if state is State.ATTRACT:
        return Visit()
    if state is State.WITHDRAW:
        return withdrawing(coming_back())
    if state in STAFF:
        return Visit(id="v1", state=state, staff=StaffProgress(door=Door(DoorAnswer.SHUT, left=5)))
    service = definition(
        "problem_report" if state in (State.ATTACH, State.CAMERA) else "pension_confirmation"
    )
    if state in (State.AGENT, State.PRINCIPAL):
        service = definition("senior_allowance")
    step = next((i for i, s in enumerate(service.flow) if SCREEN_OF.get(s) is state), 3)
    known = Visit(
        id="v1",
        state=state,
        definition=None if state in (State.HOME, State.PROGRESS) else service,
        step=step,
        item_id="item-1",
        case_code=CODE,
        consent=Consent(given=True, notice_version="1", at="2026-11-25T01:10:00Z"),
        card=card(),
        helper=card(DocumentKind.HELPER) if state is State.HELPER_CHECK else None,
    )
    if state in (State.RESULT, State.TAKE_CARD, State.EVALUATE, State.ENDED):
        known = replace(known, stored=Stored(CODE, 1, "2026-11-25T01:12:00Z"))
    if state is State.RESULT:
        known = replace(known, case_state=CaseState.RECEIVED)
    return known
