"""Puts up a village and a centre, plays one scenario on a terminal, and reports."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from drivers.contract import DeviceState
from drivers.receipt_printer.contract import Slip
from kiosk.assembly.terminal import Observers, Terminal, assemble
from kiosk.bench.centre import Centre
from kiosk.bench.configure import village_ini
from kiosk.bench.gateway import SimulatedGateway
from kiosk.bench.moves import Moves, Refused
from kiosk.bench.people import HELPERS, PEOPLE
from kiosk.bench.registers import SimulatedRegisters
from kiosk.bench.village import Village
from kiosk.bench.ways_corner import WaysCorner
from kiosk.case import CaseState
from kiosk.journey import events as ev
from kiosk.journey.hands import Waits
from kiosk.journey.visit import Visit
from kiosk.paper.receipt import lines_of
from kiosk.rehearsal.leftovers import scan, words_of_answer
from kiosk.rehearsal.places import Places
from kiosk.rehearsal.report import Facts, Report, judge
from kiosk.rehearsal.scenario import Scenario, ScenarioError
from kiosk.rehearsal.script import Player, StepFailedError
from kiosk.settings import load_text
from kiosk.settings.model import FaceSection

MOVE_OF = {"put_card": "card", "put_helper_card": "helper", "show_face": "face"}
"""Kind of step -> the move of the bench, where they have other names."""
WAITS = Waits(registered_s=20.0, decided_s=25.0)
"""What comes of a case is rehearsed, not how soon: on a busy machine the centre may take longer than a resident
waits. Below `script.PATIENCE_S`, since the slip is printed after it.
"""
READY_S = 40.0
"""Face models load in this time on two slow cores."""


class Watcher:
    """Collects facts from the journey's steps; keeps nothing personal but the case code.

    `opens`: asked how often the terminal has opened its camera.
    """

    def __init__(self) -> None:
        self.opens: Callable[[], int] = lambda: 0
        self._opened = 0
        self.facts = Facts()
        self.timings_ms: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    def slip(self, slip: Slip) -> None:
        self.facts.receipt_lines = lines_of(slip)

    def mark(self, name: str) -> None:
        self._since[name] = time.monotonic()

    def measured(self, name: str, since: str) -> None:
        if since in self._since:
            self.timings_ms[name] = round((time.monotonic() - self._since[since]) * 1000, 1)

    def step(self, before: Visit, event: ev.Event, after: Visit) -> None:
        with self._lock:
            facts = self.facts
            if isinstance(event, ev.CardAnswered) and after.card is not before.card:
                facts.card_reads += 1
                self.measured("card_to_identity", "card")
                if after.card is not None:
                    facts.anonymous = False
            if after.face.looking and not before.face.looking:
                self.mark("face")
                self._opened = self.opens()
            if isinstance(event, ev.FaceAnswered):
                self.measured("face_decision", "face")
                if after.face.stalls > before.face.stalls:
                    # None at all when it stalled at the card's photo.
                    facts.stalled_opens += self.opens() - self._opened
            if after.state is not before.state and after.state.value == "submitting":
                self.mark("submit")
            if isinstance(event, ev.Stored):
                facts.case_code, facts.sequence = event.case_code, event.sequence
                facts.case_state = after.case_state.value
                facts.recognised_by = after.recognised_by.value if after.recognised_by else ""
                self.measured("submit_to_durable", "submit")
            if isinstance(event, ev.CaseMoved) and event.state is not None:
                facts.case_state = event.state.value
            if after.printing and not before.printing:
                self.mark("print")
            if isinstance(event, ev.PrintAnswered):
                facts.print_outcome = event.report.outcome.value
                facts.slip_bytes = event.report.sent_bytes
                self.measured("print", "print")


class Stand:
    """A centre, a village and a terminal in one folder."""

    def __init__(self, project: Path, folder: Path, log: Path, scenario: Scenario) -> None:
        self.project, self.folder = project, folder
        trust = project / ".setup" / "trust"
        with ExitStack() as stack:
            self.registers = SimulatedRegisters()
            stack.callback(self.registers.close)
            self.gateway = SimulatedGateway()
            stack.callback(self.gateway.close)
            options = (*self.registers.options(), *self.gateway.options())
            self.centre = Centre(project, folder / "centre.sqlite", trust, log / "centre.log", *options)
            stack.callback(self.centre.close)
            self.village = Village(
                project / ".setup" / "faces",
                self.centre.port,
                use_helper_slot=scenario.uses_helper_card,
                use_a4=scenario.uses_a4,
                card_kind=scenario.card_reader,
                registers=self.registers,
            )
            stack.callback(self.village.close)
            self.village.terminal = os.getpid
            self.ways_corner = self._open_ways(stack) if scenario.uses_ways_corner else None
            self.moves = Moves(self.village)
            stack.callback(self.moves.close)
            self._set_up(scenario)
            self.state = folder / "state"
            self.ini = folder / "kiosk.ini"
            ways = {("recognition", "ways"): "face, helper, sms"}
            if self.ways_corner is not None:
                ways |= self.ways_corner.settings()
            given = {**self.village.settings(), **ways, **self._calibration(scenario)}
            self.ini.write_text(village_ini(project, given, self.state), "utf-8")
            self._stack = stack.pop_all()

    def _open_ways(self, stack: ExitStack) -> WaysCorner:
        corner = WaysCorner(self.folder / "eid_issuers")
        stack.callback(corner.close)
        return corner

    def _set_up(self, scenario: Scenario) -> None:
        """Make the village as the scenario wants it. Raises ScenarioError for what this machine cannot do."""
        for step in scenario.steps:
            if (lacking := self.moves.lacks(MOVE_OF.get(step.kind, step.kind))) is not None:
                raise ScenarioError(_refusal(f"{step.where} {step}", lacking))
        for what, value in scenario.village.items():
            if (refused := self.moves.make(what, value)) is not None:
                raise ScenarioError(_refusal(f"{scenario.name}.toml: [village] {what} = {value!r}", refused))

    def _calibration(self, scenario: Scenario) -> dict[tuple[str, str], str]:
        """An unsigned one is a copy without its signature file."""
        if scenario.calibration == "signed":
            return {}
        copy = self.folder / "calibration.json"
        shutil.copyfile(self.project / FaceSection().calibration, copy)
        return {("face", "calibration"): str(copy)}

    def terminal(self, observers: Observers) -> Terminal:
        settings, problems = load_text(self.ini.read_text("utf-8"), self.ini.name, self.folder)
        if settings is None:
            message = "; ".join(str(problem) for problem in problems)
            raise RuntimeError(message)
        return assemble(settings, observers, waits=WAITS)

    def close(self) -> None:
        self._stack.close()


def _refusal(what: str, refused: Refused) -> str:
    return f"{what}: {refused.zh} / {refused.en}"


class Props:
    """`script.Props` on a stand. A move that the village refuses ends the rehearsal with its reason."""

    def __init__(self, stand: Stand, terminal: Terminal, watcher: Watcher) -> None:
        self._stand, self._terminal, self._watcher = stand, terminal, watcher

    def put_card(self, person: str) -> None:
        self._watcher.mark("card")
        self.set("card", person)

    def put_helper_card(self, helper: str) -> None:
        self.set("helper", helper)

    def take_card(self) -> None:
        self.set("card", "")

    def show_face(self, picture: str) -> None:
        self.set("face", picture)

    def show_phone(self, person: str) -> None:
        self._corner.show_phone(person)

    def clerk_says(self, word: str) -> None:
        self._corner.clerk_says(word)

    @property
    def _corner(self) -> WaysCorner:
        if self._stand.ways_corner is None:
            message = "no phone and no clerks' desk stand here"
            raise StepFailedError(message)
        return self._stand.ways_corner

    def set(self, what: str, value: str) -> None:
        if (refused := self._stand.moves.make(what, value)) is not None:
            raise StepFailedError(_refusal(f"{what} = {value!r}", refused))
        if what == "network":
            self._terminal.sender.wake()

    def registered(self) -> int:
        return self._stand.centre.metric("jiujin_cases")

    def open_rechecks(self) -> int:
        return self._stand.centre.metric("jiujin_open_rechecks")

    def pending(self) -> int:
        return self._terminal.outbox.counters().pending

    def case_code(self) -> str:
        return self._watcher.facts.case_code

    def sms_code(self) -> str:
        """Of the newest message on anybody's phone."""
        messages = self._stand.gateway.messages
        if not messages:
            message = "no phone has got a message"
            raise StepFailedError(message)
        return messages[-1].code

    def messages(self) -> str:
        """What stands on everybody's phones."""
        return "\n".join(message.text for message in self._stand.gateway.messages)


def wait_ready(terminal: Terminal) -> None:
    """Until every device has said how it is: the demo's devices are all there."""
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s:
        world = terminal.surroundings.world()
        printer = terminal.devices.printer
        printer_known = printer is None or printer.status().state is not DeviceState.OPENING
        if not world.not_ready and world.face_ready and printer_known:
            return
        time.sleep(0.1)


def settle(terminal: Terminal, timeout_s: float = 20.0) -> None:
    """Let the evaluation follow its case while the network is up."""
    deadline_s = time.monotonic() + timeout_s
    while terminal.outbox.counters().pending and time.monotonic() < deadline_s:
        time.sleep(0.1)


def person_words(scenario: Scenario) -> list[tuple[str, str]]:
    """(kind, text) of everybody who comes in this scenario, and of what they write."""
    words: list[tuple[str, str]] = []
    for step in scenario.steps:
        match step.kind:
            case "put_card" if step.value in PEOPLE:
                document = PEOPLE[step.value].document
                words += [("name", document.name), ("number", document.number)]
                words.append(("address", document.address))
            case "put_helper_card" if step.value in HELPERS:
                words += [("name", HELPERS[step.value].name), ("number", HELPERS[step.value].number)]
            case "answer_form":
                words += [
                    ("answer", piece) for text in step.value.values() for piece in words_of_answer(text)
                ]
            case _:
                continue
    return words


def rehearse(scenario: Scenario, project: Path, places: Places) -> Report:
    """Play the scenario in fresh `places`; never raises for what the scenario tests."""
    report = Report(scenario.name, scenario.title)
    watcher = Watcher()
    stand = Stand(project, places.folder, places.log, scenario)
    try:
        _play(scenario, stand, watcher, report)
    finally:
        stand.close()
    report.timings_ms = watcher.timings_ms
    report.scan = scan(places.named(), person_words(scenario))
    return report


def _play(scenario: Scenario, stand: Stand, watcher: Watcher, report: Report) -> None:
    begun_s = time.monotonic()

    def acted(before: Visit, event: ev.Event, after: Visit) -> None:
        watcher.step(before, event, after)
        stand.village.follow(before, event, after)

    terminal = stand.terminal(Observers(slip=watcher.slip, step=acted))
    watcher.opens = lambda: _opens(terminal)
    try:
        wait_ready(terminal)
        watcher.timings_ms["start_to_ready"] = round((time.monotonic() - begun_s) * 1000, 1)
        player = Player(terminal, Props(stand, terminal, watcher), repeats_stalls=True)
        try:
            for step in scenario.steps:
                player.play(step)
        except StepFailedError as error:
            report.trouble = f"{step.where}: {error}"
        report.steps = player.played
        if stand.village.now["network"] == "up":
            settle(terminal)
        watcher.facts.stalls = player.stalls
        _gather(stand, terminal, watcher.facts)
        report.facts = watcher.facts
        report.expectations = judge(scenario.expect, watcher.facts)
    finally:
        terminal.close()


def _opens(terminal: Terminal) -> int:
    camera = terminal.devices.camera
    return 0 if camera is None else camera.open_count


def _gather(stand: Stand, terminal: Terminal, facts: Facts) -> None:
    counters = terminal.outbox.counters()
    facts.pending, facts.quarantined = counters.pending, counters.quarantined
    facts.registered = stand.centre.metric("jiujin_cases")
    facts.evaluations = stand.centre.metric("jiujin_evaluations")
    facts.open_rechecks = stand.centre.metric("jiujin_open_rechecks")
    if facts.case_code:
        state = stand.centre.case_state(facts.case_code)
        facts.case_state = state or CaseState.RECEIVED.value
    facts.messages = stand.gateway.taken
    facts.camera_opens = _opens(terminal) - facts.stalled_opens
    receipts = stand.village.printer.receipts
    facts.receipts = len(receipts)
    if receipts:
        png = stand.folder / "receipt.png"
        png.write_bytes(receipts[-1].png)
        facts.receipt_png = str(png)
