"""The screens of every way to be recognised, in a village that offers them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from drivers.clerk_line.contract import ClerkFailure
from drivers.contract import Outcome
from drivers.eid.contract import EidFailure
from drivers.receipt_printer.contract import PrintReport
from kiosk.catalogue.model import CASES_FOR_OTHERS_MAX, Method
from kiosk.journey.proof import ClerkProgress, CodeFailure, CodeProgress, CodeSent, QrProgress
from kiosk.journey.states import State
from kiosk.journey.visit import CardProblem, Visit
from kiosk.journey.world import World
from tests.kiosk.journey.visits import card, definition, visit


def ways(here: World) -> Iterator[tuple[str, Visit, World]]:
    """A village that offers everything."""
    here = replace(here, ways=frozenset(Method), working=frozenset({Method.QR, Method.CLERK}))
    offline = replace(here, online=False, link_cause="net.down", working=frozenset())
    sent = CodeProgress(sent=CodeSent("138****8000", "r-1"), codes=1)
    at_sms, at_qr, at_clerk = visit(State.SMS), visit(State.QR), visit(State.CLERK)
    for outcome in Outcome:
        led = PrintReport(outcome)
        yield f"ways_window_{outcome}", replace(visit(State.WINDOW), window_slip=led), here
    yield "ways_agent", visit(State.AGENT), here
    yield "ways_agent_young", replace(visit(State.AGENT), card=card(birth=2010)), here
    full = replace(visit(State.AGENT), definition=definition("senior_allowance"), acted=CASES_FOR_OTHERS_MAX)
    yield "ways_agent_full", full, here
    yield "ways_principal", visit(State.PRINCIPAL), here
    same = CardProblem.SAME_PERSON
    yield "ways_principal_same", replace(visit(State.PRINCIPAL), card_problem=same), here
    yield "ways_consent", visit(State.CONSENT), here
    yield "ways_all", visit(State.OTHER_WAY), here
    yield "ways_offline", visit(State.OTHER_WAY), offline
    yield "ways_sms_sending", replace(at_sms, code=CodeProgress(asking=True, codes=1)), here
    yield "ways_sms", replace(at_sms, code=sent), here
    yield "ways_sms_wrong", replace(at_sms, code=replace(sent, wrong=True, left=2)), here
    for failure in CodeFailure:
        yield f"ways_sms_{failure}", replace(at_sms, code=CodeProgress(codes=1, failure=failure)), here
    yield "ways_qr", replace(at_qr, qr=QrProgress(looking=True)), here
    yield "ways_qr_another", replace(at_qr, qr=QrProgress(failure=EidFailure.ANOTHER_PERSON)), here
    yield "ways_clerk_consent", visit(State.CLERK_CONSENT), here
    yield "ways_clerk_looking", replace(at_clerk, clerk=ClerkProgress(looking=True)), here
    yield "ways_clerk_asking", replace(at_clerk, clerk=ClerkProgress(asking=True)), here
    yield "ways_clerk_busy", replace(at_clerk, clerk=ClerkProgress(failure=ClerkFailure.NOBODY_FREE)), here
