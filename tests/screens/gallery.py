"""Every screen of a visit as a view, and a port that shows them one after another.

`python -m tests.screens.gallery FOLDER WIDTH HEIGHT [NAME ...]` paints them in a real window and
saves one picture each; `make pictures` calls it for both panels.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from drivers.camera.contract import Frame
from drivers.contract import Cause, Failed, Ok, Outcome
from drivers.face.contract import Guidance
from drivers.receipt_printer.contract import PrintReport
from kiosk.assembly.devices import fonts_of
from kiosk.bench.people import SIGHTS
from kiosk.bench.scenes import scene
from kiosk.case import CaseState
from kiosk.events import TwoTouchProviders, UnexpectedKeyboard
from kiosk.health import DeviceHealth
from kiosk.journey.events import Pressed, Stored
from kiosk.journey.live import LookUpFailure, Prefilled, Progress
from kiosk.journey.present import present
from kiosk.journey.returning import to_withdraw
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import View
from kiosk.journey.visit import CardProblem, DialogKind, FaceProgress, LookUp, StaffProgress, Visit
from kiosk.journey.world import World
from kiosk.staff.answers import Door, DoorAnswer, StaffAction, StaffFailure
from kiosk.uptime import Age
from screens.port import FromScreen, WindowOptions
from tests.kiosk.bench.drawn_faces import draw_faces
from tests.kiosk.journey.visits import CODE, coming_back, definition, visit, withdrawing, world
from tests.screens.bad_days import bad_days
from tests.screens.ways import ways

PROJECT = Path(__file__).resolve().parents[2]
WRITTEN = {
    "40_writing": ("place_text", "xiaoxuemenkou"),
    "49_progress_writing": ("case_code", tuple(f"text:{sign}" for sign in "0142K7QF")),
    "staff_door_shut": ("pin", ("text:2", "text:7", "text:1", "text:8")),
}
"""Views with the keyboard open: the field and the keys pressed."""
PANEL_WIDTH_MM = {True: 698.0, False: 398.0}
"""A 32 inch panel lying and standing."""
REPORT = {
    "category": "road",
    "place_village": "110199001001",
    "place_text": "小学门口往东",
    "description": "路面有一个大坑，下雨就积水。",
}


def views() -> dict[str, View]:
    """Name -> view, in the order of a visit."""
    return {name: present(v, w) for name, v, w in _visits()}


def all_views(language: str, *, elder: bool) -> dict[str, View]:
    """The same visits and those of bad days, every one in this language and type size."""
    found: dict[str, View] = {}
    for name, stands, around in (*_visits(), *_requests(), *bad_days()):
        found[name] = present(replace(stands, language=language, elder=elder), around)
    return found


def _requests() -> Iterator[tuple[str, Visit, World]]:
    """Every request before the camera while the other way is pointed at, and what is said after each."""
    for guidance in Guidance:
        asked = FaceProgress(looking=True, guidance=guidance, pointing=True)
        yield f"09_face_{guidance}", replace(visit(State.FACE), face=asked), world()
        unseen = FaceProgress(attempts=1, failure=guidance)
        yield f"10_face_{guidance}", replace(visit(State.FACE), face=unseen), world()


def _visits() -> Iterator[tuple[str, Visit, World]]:
    here = replace(world(), speech_ready=True)
    offline = replace(here, online=False, link_cause="net.down")
    done = PrintReport(Outcome.DONE)
    out = PrintReport(Outcome.FAILED, Cause.PRINTER_PAPER_OUT)
    report = replace(visit(State.ATTACH), card=None, consent=None, answers=REPORT)
    result = replace(visit(State.RESULT), printed=done)
    yield "01_attract", Visit(), here
    yield "02_home", visit(State.HOME), here
    yield "03_home_elder", replace(visit(State.HOME), elder=True), here
    yield "04_notice", visit(State.NOTICE), here
    yield "05_consent", visit(State.CONSENT), here
    yield "06_card", replace(visit(State.CARD), card=None), here
    yield "07_card_expired", replace(visit(State.CARD), card_problem=CardProblem.EXPIRED), here
    yield "08_face", replace(visit(State.FACE), face=FaceProgress(looking=True)), here
    yield (
        "09_face_guided",
        replace(visit(State.FACE), face=FaceProgress(looking=True, guidance=Guidance.COME_CLOSER)),
        here,
    )
    veiled = FaceProgress(looking=True, guidance=Guidance.FACE_COVERED, pointing=True)
    yield "09_face_pointing", replace(visit(State.FACE), face=veiled), here
    yield "10_face_again", replace(visit(State.FACE), face=FaceProgress(attempts=1)), here
    unseen = FaceProgress(attempts=1, failure=Guidance.GLARE)
    yield "10_face_not_seen", replace(visit(State.FACE), face=unseen), here
    yield "11_other_way", visit(State.OTHER_WAY), here
    yield "12_helper", visit(State.HELPER), here
    yield "13_helper_check", visit(State.HELPER_CHECK), here
    yield "14_window", visit(State.WINDOW), here
    yield from ways(here)
    yield "15_form", visit(State.FORM), here
    yield "16_form_report", replace(report, state=State.FORM), here
    yield "17_attach", report, here
    yield "18_camera", replace(report, state=State.CAMERA), here
    yield "19_photo", replace(report, photo=b"photo"), here
    yield "20_review", replace(report, state=State.REVIEW, photo=b"photo"), offline
    yield "21_review_person", visit(State.REVIEW), here
    yield "21_review_same_waits", replace(visit(State.REVIEW), same_waits=True), offline
    yield "22_submitting", visit(State.SUBMITTING), here
    yield "23_result_offline", result, offline
    yield "24_result", replace(result, case_state=CaseState.REGISTERED), here
    yield "25_result_no_paper", replace(result, printed=out), offline
    yield "26_not_stored", visit(State.NOT_STORED), here
    yield "27_take_card", visit(State.TAKE_CARD), here
    yield "28_evaluate", visit(State.EVALUATE), here
    yield "29_ended", visit(State.ENDED), here
    yield "30_idle", replace(visit(State.REVIEW), dialog=DialogKind.IDLE, idle_left_s=18), here
    yield "31_cancel", replace(visit(State.FORM), dialog=DialogKind.CANCEL), here
    yield "32_form_elder", replace(visit(State.FORM), elder=True), here
    yield "33_consent_elder", replace(visit(State.CONSENT), elder=True), here
    yield "34_home_en", replace(visit(State.HOME), language="en"), here
    yield "35_consent_en", replace(visit(State.CONSENT), language="en"), here
    yield "36_result_en", replace(result, language="en"), offline
    grey = {definition().code: {"zh": "打印机没有纸了", "en": "the printer is out of paper"}}
    yield "37_home_not_ready", visit(State.HOME), replace(here, not_ready=grey)
    yield "38_result_elder", replace(result, elder=True), offline
    yield from _live(here)
    yield "40_writing", replace(report, state=State.FORM, page=1, answers={"category": "road"}), here
    yield from _staff(here)
    yield "39_review_elder", replace(report, state=State.REVIEW, photo=b"photo", elder=True), offline


RECORD = Prefilled(
    "13900001234",
    {"zh": "县社会保险中心", "en": "County Social Insurance Centre"},
    "2026-03-01T09:00:00+08:00",
)
PROGRESS = Progress(
    CODE,
    definition().code,
    CaseState.DECIDED,
    {
        CaseState.RECEIVED: "2026-11-25T01:12:00Z",
        CaseState.SYNCED: "2026-11-25T01:12:02Z",
        CaseState.REGISTERED: "2026-11-25T01:12:02Z",
        CaseState.ACCEPTED: "2026-11-25T01:12:04Z",
        CaseState.DECIDED: "2026-11-25T01:12:04Z",
    },
    {"zh": "今年的养老待遇资格已经确认。", "en": "Your pension is confirmed for this year."},
    "2026-11-25T01:30:00Z",
)


def _live(here: World) -> Iterator[tuple[str, Visit, World]]:
    """What is asked on the live channel: records, a decision on the spot, how far a case is."""
    yield "41_prefill", visit(State.PREFILL), here
    on_record = replace(
        visit(State.FORM), page=1, answers={"mobile": RECORD.value}, prefilled={"mobile": RECORD}
    )
    yield "42_form_on_record", on_record, here
    yield "42_form_on_record_elder", replace(on_record, elder=True, page=1), here
    waits = visit(State.RESULT)
    yield "43_result_waits", waits, here
    decided = replace(
        waits, case_state=CaseState.DECIDED, decision_words=PROGRESS.words, printed=PrintReport(Outcome.DONE)
    )
    yield "44_result_decided", decided, here
    yield "44_result_decided_en", replace(decided, language="en"), here
    typed = replace(visit(State.PROGRESS), look_up=LookUp("0142 K7QF"))
    yield "45_progress", visit(State.PROGRESS), here
    yield "45_progress_asking", replace(typed, look_up=LookUp(CODE, asking=True)), here
    for failure in LookUpFailure:
        failed = LookUp(CODE, result=Failed(failure))
        yield f"46_progress_{failure.value}", replace(typed, look_up=failed), here
    found = replace(typed, look_up=LookUp(CODE, result=Ok(PROGRESS)))
    yield "47_progress_found", found, here
    yield "47_progress_found_en", replace(found, language="en"), here
    own = replace(
        PROGRESS,
        state=CaseState.RECEIVED,
        at={CaseState.RECEIVED: "2026-11-25T01:12:00Z"},
        words={},
        told_at="",
    )
    offline = replace(here, online=False, link_cause="net.down")
    yield "48_progress_own", replace(typed, look_up=LookUp(CODE, result=Ok(own))), offline
    yield "49_progress_writing", visit(State.PROGRESS), here
    yield from _withdrawing(here, offline)
    yield from _again(here, offline)


def _withdrawing(here: World, offline: World) -> Iterator[tuple[str, Visit, World]]:
    """Back with the slip, to take the case back."""
    yield "50_progress_withdrawable", coming_back(), here
    asked = coming_back(told_at="", state=CaseState.RECEIVED, withdrawing=True)
    yield "51_progress_withdrawing", asked, offline
    begun, _ = to_withdraw(coming_back(), Pressed("to_withdraw"), here)
    yield "52_withdraw_notice", begun, here
    asks = visit(State.WITHDRAW)
    yield "53_withdraw", asks, here
    yield "53_withdraw_elder", replace(asks, elder=True), here
    yield "53_withdraw_en", replace(asks, language="en"), here
    unknown = withdrawing(coming_back(Failed(LookUpFailure.UNREACHED)))
    yield "54_withdraw_offline", unknown, offline
    done = replace(
        asks,
        state=State.RESULT,
        stored=Stored(CODE, 2, "2026-11-26T01:12:00Z"),
        case_state=CaseState.RECEIVED,
        printed=PrintReport(Outcome.DONE),
    )
    yield "55_withdraw_result_offline", done, offline
    yield "55_withdraw_result_en", replace(done, language="en"), offline
    yield "56_withdraw_result", replace(done, case_state=CaseState.WITHDRAWN), here
    yield "57_withdraw_too_late", replace(done, case_state=CaseState.ACCEPTED), here
    yield "58_withdraw_kept", replace(asks, state=State.ENDED, ended_because="kept"), here


def _again(here: World, offline: World) -> Iterator[tuple[str, Visit, World]]:
    """Back with the slip of a case that lacks something, or that the centre did not take."""
    words = {
        "zh": "请补户口簿首页和银行卡号，两样都要。",
        "en": "Please add the first page of the booklet and the number of the bank card.",
    }
    lacking = coming_back(state=CaseState.NEEDS_CORRECTION, words=words)
    yield "60_progress_lacking", lacking, here
    yield "60_progress_lacking_en", replace(lacking, language="en"), here
    refused = coming_back(
        state=CaseState.RECEIVED,
        told_at="",
        refused="item-0",
        refused_words={"zh": "收件时间无法识别", "en": "The time of receipt cannot be read"},
    )
    yield "61_progress_refused", refused, offline
    again, _ = step(lacking, Pressed("again"), here)
    yield "62_again_notice", again, here
    yield "62_again_notice_elder", replace(again, elder=True), here


def _staff(here: World) -> Iterator[tuple[str, Visit, World]]:
    """The door as it may stand, the menu, the health."""
    for answer in sorted(DoorAnswer, key=lambda answer: answer is DoorAnswer.SHUT):  # its keyboard is opened
        if answer is not DoorAnswer.OPENED:
            stands = StaffProgress(door=Door(answer, locked_s=3600, left=2))
            yield f"staff_door_{answer.value}", replace(visit(State.STAFF_DOOR), staff=stands), here
    yield "staff_door_asked", replace(visit(State.STAFF_DOOR), staff=StaffProgress()), here
    yield "staff_menu", replace(visit(State.STAFF_MENU), staff=StaffProgress()), here
    failed = StaffProgress(done=(StaffAction.TEST_PRINT, Failed(StaffFailure.UNKNOWN)))
    out = replace(here, out_of_service=True)
    yield "staff_menu_failed", replace(visit(State.STAFF_MENU), staff=failed), out
    at_work = StaffProgress(doing=StaffAction.RESTART_HELPER)
    yield "staff_menu_at_work", replace(visit(State.STAFF_MENU), staff=at_work), here
    done = StaffProgress(done=(StaffAction.PAPER_CHANGED, Ok(None)))
    yield "staff_menu_done", replace(visit(State.STAFF_MENU), staff=done), here
    sure = replace(
        visit(State.STAFF_MENU), dialog=DialogKind.SURE, staff=StaffProgress(asked=StaffAction.EXIT)
    )
    yield "staff_sure", sure, here
    yield "staff_health", visit(State.STAFF_HEALTH), here
    everything = replace(
        here.backstage,
        devices={kind: DeviceHealth(usable=False, cause=cause) for kind, cause in BAD_DAY.items()},
        causes=("net.down", "queue.old", "queue.poison", "touch.two_providers", "keyboard.unexpected"),
        waiting=1203,
        refused=4,
        oldest=Age(73.2 * 3600, exact=True),
    )
    bad = replace(here, online=False, link_cause="net.down", backstage=everything)
    yield "staff_health_bad_day", visit(State.STAFF_HEALTH), bad
    yield "attract_out_of_service", Visit(), out


BAD_DAY = {
    "card": "card.unauthorised",
    "camera": "camera.dark",
    "face": "face.uncalibrated",
    "printer": "printer.silent",
    "helper": "helper.unavailable",
    "speaker": "speaker.absent",
    "touch": "touch_panel.absent",
}


class Shown:
    """A port whose view is set from outside."""

    def __init__(self, view: View, faces: Path) -> None:
        self.now = view
        self._faces = faces
        self.sent: list[FromScreen] = []
        self.told: list[TwoTouchProviders | UnexpectedKeyboard] = []
        self._listeners: list[Callable[[], None]] = []
        self._sight = "zhou_today"

    def show(self, view: View) -> None:
        self.now = view
        for listener in self._listeners:
            listener()

    def view(self) -> View:
        return self.now

    def subscribe(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def send(self, event: FromScreen, /) -> None:
        self.sent.append(event)

    def tell(self, event: TwoTouchProviders | UnexpectedKeyboard, /) -> None:
        self.told.append(event)

    def preview(self) -> Frame | None:
        sight = "street" if self.now.state is State.CAMERA else self._sight
        encoded = np.frombuffer(scene(SIGHTS[sight], self._faces), np.uint8)
        return Frame(np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8), 0, 0)

    def taken_photo(self) -> bytes | None:
        return scene(SIGHTS["street"], self._faces)


def take_pictures(folder: Path, width_px: int, height_px: int, names: list[str]) -> None:
    """Paint each view and save it as a PNG of few colours."""
    from screens.app import run_window

    wanted = {name: view for name, view in views().items() if not names or name in names}
    scratch = tempfile.TemporaryDirectory()
    shown = Shown(next(iter(wanted.values())), draw_faces(Path(scratch.name) / "faces"))
    over = threading.Event()

    def begin() -> None:
        from kivy.clock import Clock

        pending = list(wanted.items())

        def following(_elapsed_s: float) -> None:
            if not pending:
                over.set()
                return
            name, view = pending.pop(0)
            shown.show(view)
            if name in WRITTEN:
                Clock.schedule_once(lambda _elapsed_s: _write(view, *WRITTEN[name]), 0.1)
            Clock.schedule_once(lambda _elapsed_s: save(name), 0.35)

        def save(name: str) -> None:
            _screenshot(folder / f"{name}.png", width_px, height_px)
            Clock.schedule_once(following, 0)

        Clock.schedule_once(following, 0)

    with scratch as home:
        options = WindowOptions(
            fonts_of(PROJECT / ".setup" / "fonts"),
            Path(home),
            width_px,
            height_px,
            PANEL_WIDTH_MM[width_px > height_px],
        )
        run_window(shown, options, over.is_set, begin)


def _write(view: View, field: str, keys: Iterable[str]) -> None:
    """Open the keyboard and press some of its keys."""
    from kivy.app import App

    panel: Any = App.get_running_app().root
    panel._session._write(field, view)
    for key in keys:
        panel._session.keyboard.press(key)
    panel._draw()


def _screenshot(path: Path, width_px: int, height_px: int) -> None:
    from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels

    pixels = glReadPixels(0, 0, width_px, height_px, GL_RGB, GL_UNSIGNED_BYTE)
    image = Image.frombytes("RGB", (width_px, height_px), pixels).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    image.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    take_pictures(target, int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
