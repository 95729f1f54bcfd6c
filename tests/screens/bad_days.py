"""Visits on which something is missing, fails or is written long: the screens that nobody plans for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from drivers.contract import Outcome
from drivers.face.contract import Comparison
from drivers.receipt_printer.contract import PrintReport
from kiosk.health import CAUSES
from kiosk.journey import forms
from kiosk.journey.states import State
from kiosk.journey.visit import FACE_OF_A_CARD_MAX, CardProblem, DialogKind, FaceProgress, Look, Visit
from kiosk.journey.world import World
from tests.kiosk.journey.visits import card, definition, visit, world

LONG = "村口小学往东第二个路口，电线杆旁边，" * 3
STORY = "路面有一个大坑，下雨就积水，孩子上学要绕路走。" * 20
LONG_REPORT = {
    "category": "water",
    "place_village": "unsure",
    "place_text": LONG[:60],
    "description": STORY[:500],
    "contact": "13800138000",
}


def bad_days() -> Iterator[tuple[str, Visit, World]]:
    """Name, visit, world."""
    here = world()
    nothing = replace(
        here, online=False, link_cause="", face_ready=False, camera_ready=False, helper_ready=False
    )
    lost = replace(nothing, link_cause="net.down")
    yield "closed", Visit(), replace(nothing, services=())
    yield "connecting", visit(State.NOTICE), nothing
    yield "notice_offline", visit(State.NOTICE), lost
    yield "consent_no_camera", visit(State.CONSENT), nothing
    for problem in CardProblem:
        yield f"card_{problem.value}", replace(visit(State.CARD), card_problem=problem), here
    yield "helper_wrong_card", replace(visit(State.HELPER), card_problem=CardProblem.NOT_HELPER), here
    restarts = replace(
        here, face_ready=False, face_comes_back=True, why_no_face=CAUSES["face.restarting"].resident
    )
    yield "face_waits", replace(visit(State.FACE), face=FaceProgress(waiting=True)), restarts
    yield "face_last", replace(visit(State.FACE), face=FaceProgress(attempts=2)), nothing
    mismatch = Look(Comparison(accepted=False, scores=(), calibration_id="", frames_used=3))
    over = FaceProgress(attempts=3, looks=(mismatch,))
    yield "face_over", replace(visit(State.OTHER_WAY), face=over), nothing
    rests = FaceProgress(spent_before=FACE_OF_A_CARD_MAX)
    yield "consent_face_rests", replace(visit(State.CONSENT), face=rests), here
    yield "consent_child", replace(visit(State.CONSENT), card=card(birth=2015)), here
    yield "face_rests", replace(visit(State.OTHER_WAY), face=rests), nothing
    yield "child", replace(visit(State.OTHER_WAY), card=card(birth=2020)), nothing
    yield (
        "no_time",
        replace(visit(State.OTHER_WAY), card=card(birth=2020)),
        replace(here, not_before=here.now),
    )
    yield "photo_missed", replace(visit(State.CAMERA), photo_missed=True), here
    yield "no_camera", visit(State.ATTACH), nothing
    yield from _forms(here)
    result = visit(State.RESULT)
    unknown = PrintReport(Outcome.UNKNOWN)
    yield "printing", replace(result, printing=True), here
    yield "perhaps_printed", replace(result, printed=unknown), lost
    yield "copy_offered", replace(result, printed=PrintReport(Outcome.FAILED)), lost
    yield "help", replace(visit(State.CONSENT), dialog=DialogKind.HELP), here
    yield "idle_result", replace(result, dialog=DialogKind.IDLE, idle_left_s=120), here
    yield "card_left", visit(State.TAKE_CARD), replace(here, removal_is_seen=True)
    yield "idle_ended", replace(visit(State.ENDED), stored=None, ended_because="idle"), here


def _forms(here: World) -> Iterator[tuple[str, Visit, World]]:
    """Every page of every form: empty, refused, and filled to the brim. Elder mode has more pages."""
    for service in (definition(), definition("problem_report")):
        asked = replace(visit(State.FORM), definition=service)
        for page in range(len(forms.pages(replace(asked, elder=True)))):
            empty = replace(asked, page=page)
            name = f"form_{service.code}_{page}"
            yield name, empty, here
            refused = forms.errors_on_page(empty)
            yield f"{name}_refused", replace(empty, errors=refused), here
    report = replace(visit(State.FORM), definition=definition("problem_report"), answers=LONG_REPORT)
    for page in range(len(forms.pages(replace(report, elder=True)))):
        yield f"form_full_{page}", replace(report, page=page), here
    yield "review_full", replace(report, state=State.REVIEW, photo=b"photo"), replace(here, online=False)
