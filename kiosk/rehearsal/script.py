"""Plays a scenario's steps on a journey: presses what is offered, waits for what must come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from kiosk.journey import events as ev
from kiosk.journey import view as v
from kiosk.journey.asking import CODE_FIELD
from kiosk.journey.proving import CODE_FIELD as SMS_FIELD
from kiosk.journey.states import State
from kiosk.journey.view import View, action, fields_of
from kiosk.rehearsal.scenario import HAPPENS, VILLAGE, Step

STALLED_WORDS = "没来得及比"
"""On the screen of an attempt that the machine did not finish: it is not the resident's, and not counted."""
STALLS_MAX = 3
PATIENCE_S = 30.0
"""How long a step may take before the rehearsal says what it waited for."""


class Stage(Protocol):
    """The journey as a rehearsal sees it."""

    def view(self) -> View: ...

    def send(self, event: ev.Event) -> None: ...

    def subscribe(self, listener: Callable[[], None]) -> None: ...


class Props(Protocol):
    """The village around the terminal, and the questions that only it can answer."""

    def put_card(self, person: str) -> None: ...

    def put_helper_card(self, helper: str) -> None: ...

    def take_card(self) -> None: ...

    def show_face(self, picture: str) -> None: ...

    def show_phone(self, person: str) -> None: ...

    def clerk_says(self, word: str) -> None: ...

    def set(self, what: str, value: str) -> None: ...

    def registered(self) -> int: ...

    def pending(self) -> int: ...

    def open_rechecks(self) -> int: ...

    def case_code(self) -> str: ...

    def sms_code(self) -> str: ...

    def messages(self) -> str: ...


class StepFailedError(Exception):
    """A step could not be done; the text says what was waited for and what was on the screen."""


@dataclass(slots=True)
class Played:
    """What a step did and how long it took."""

    step: str
    state: str
    took_ms: float


@dataclass(slots=True)
class Player:
    """Plays steps in order."""

    stage: Stage
    props: Props | None
    """None for a visit that touches nothing outside the terminal; other steps are then a mistake."""
    played: list[Played] = field(default_factory=list)
    screens: list[str] = field(default_factory=list)
    repeats_stalls: bool = False
    """Try the face again, as the screen asks, when the machine was too slow to compare: no try is lost by it."""
    stalls: int = 0
    """How often that was so."""
    _changed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.stage.subscribe(self._changed.set)

    def play(self, step: Step) -> None:
        """Do one step; StepFailedError when it cannot be done in time."""
        begun_s = time.monotonic()
        if not self._on_stage(step):
            if self.props is None:
                message = f"{step.kind} needs the village, which this rehearsal cannot reach"
                raise StepFailedError(message)
            self._with_props(step, self.props)
        took_ms = round((time.monotonic() - begun_s) * 1000, 1)
        self.played.append(Played(str(step), self.stage.view().state.value, took_ms))

    def _on_stage(self, step: Step) -> bool:
        """The steps that need only the screen; False when the step is none of them."""
        match step.kind:
            case "press":
                self._press(step.value)
            case "answer_form":
                self._answer_form(step.value)
            case "wait_state":
                self._wait(lambda v: v.state.value == step.value, f"the screen {step.value}")
            case "wait_enabled":
                self._wait(lambda v: _pressable(v, step.value), f"the button {step.value}")
            case "screen_has":
                for words in step.value:
                    self._wait(_says(words), f"the words {words} on the screen")
            case "screen_lacks":
                seen = words_of(self.stage.view())
                if found := [w for w in step.value if w in seen]:
                    message = f"the screen says {', '.join(found)}"
                    raise StepFailedError(message)
            case _:
                return False
        return True

    def _with_props(self, step: Step, props: Props) -> None:
        """The steps that move the village or ask about it."""
        moves: dict[str, Callable[[str], None]] = {
            "put_card": props.put_card,
            "put_helper_card": props.put_helper_card,
            "show_face": props.show_face,
            "show_phone": props.show_phone,
            "clerk_says": props.clerk_says,
            **{what: partial(props.set, what) for what in (*VILLAGE, *HAPPENS)},
        }
        match step.kind:
            case kind if kind in moves:
                moves[kind](step.value)
            case "take_card":
                props.take_card()
            case "wait_registered":
                self._wait_world(lambda: props.registered() >= step.value, f"{step.value} registered")
            case "wait_open_rechecks":
                self._wait_world(lambda: props.open_rechecks() == step.value, f"{step.value} open re-checks")
            case "expect_pending":
                self._wait_world(lambda: props.pending() == step.value, f"{step.value} pending")
            case "phone_has":
                for words in step.value:
                    self._wait_world(lambda w=words: w in props.messages(), f"the words {words} on a phone")  # type: ignore[misc]
            case "write_code":
                self.stage.send(ev.Entered(CODE_FIELD, props.case_code()))
                self._wait(_filled(CODE_FIELD), "the code in its field")
            case "write_sms":
                self._wait(_asks(SMS_FIELD), "the field for the code of the message")
                before = self.stage.view()
                self.stage.send(ev.Entered(SMS_FIELD, props.sms_code()))
                self._wait(lambda v: v != before, "an answer to the code")
            case "screen_shows_code":
                code = props.case_code()
                self._wait(lambda v: code in words_of(v).replace(" ", ""), "the case code on the screen")
            case _:
                message = f"unknown step {step.kind}"
                raise StepFailedError(message)

    def _press(self, id_: str) -> None:
        """Press and see the answer. A button that goes out under the finger, because its device restarts
        just then, and comes back with nothing else changed, is pressed again, as anybody would.
        """
        while True:
            before = self._wait(lambda v: _pressable(v, id_), f"the button {id_}")
            self.stage.send(ev.Pressed(id_))
            after = self._wait(lambda v, b=before: v != b, f"an answer to {id_}")  # type: ignore[misc]
            if not _went_out(after, before, id_):
                return
            after = self._wait(
                lambda v, b=before: not _went_out(v, b, id_),  # type: ignore[misc]
                f"an answer to {id_}",
            )
            if not (_pressable(after, id_) and _but_for_buttons(after) == _but_for_buttons(before)):
                return

    def _answer_form(self, answers: dict[str, str]) -> None:
        """Fill the pages of a form: each field where it appears, then on, until the form is left."""
        self._wait(lambda v: v.state is State.FORM, "the form")
        left = dict(answers)
        while self.stage.view().state is State.FORM:
            # Asked anew after each: an answer may bring another question onto the page.
            while here := [f.id for f in fields_of(self.stage.view()) if f.id in left]:
                id_ = here[0]
                value = left.pop(id_)
                self.stage.send(ev.Entered(id_, value))
                self._wait(_filled(id_), f"the field {id_} to take its answer")
            self._press("next")
            after = self.stage.view()
            errors = [f.error for f in fields_of(after) if f.error]
            if errors:
                message = f"the form says: {'; '.join(errors)}"
                raise StepFailedError(message)
        if left:
            message = f"the form never asked for {', '.join(left)}"
            raise StepFailedError(message)

    def _wait(self, ready: Callable[[View], bool], what: str) -> View:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            self._changed.clear()
            view = self.stage.view()
            if self.repeats_stalls and self.stalls < STALLS_MAX and _stalled(view):
                self._try_again()
                deadline_s = time.monotonic() + PATIENCE_S
                continue
            if ready(view):
                return view
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                message = (
                    f"waited {PATIENCE_S:.0f} s for {what}; on screen: {view.state.value} ({view.title})"
                )
                raise StepFailedError(message)
            self._changed.wait(min(left_s, 0.5))

    def _try_again(self) -> None:
        """Press until the screen goes on, for `PATIENCE_S`: the button comes and goes while the machine restarts,
        and a press that is not taken is no second stall.
        """
        self.stalls += 1
        deadline_s = time.monotonic() + PATIENCE_S
        while _stalled(view := self.stage.view()) and time.monotonic() < deadline_s:
            if _pressable(view, "try_face"):
                self.stage.send(ev.Pressed("try_face"))
            self._changed.wait(0.1)
            self._changed.clear()

    def _wait_world(self, ready: Callable[[], bool], what: str) -> None:
        deadline_s = time.monotonic() + PATIENCE_S * 2
        while not ready():
            if time.monotonic() > deadline_s:
                message = f"waited {PATIENCE_S * 2:.0f} s for {what}"
                raise StepFailedError(message)
            time.sleep(0.1)


def _went_out(now: View, before: View, id_: str) -> bool:
    """Whether nothing but buttons changed, and this one cannot be pressed now."""
    out = action(now, id_)
    return out is not None and not out.enabled and _but_for_buttons(now) == _but_for_buttons(before)


def _but_for_buttons(view: View) -> View:
    return replace(view, actions=())


def _stalled(view: View) -> bool:
    return view.state is State.FACE and STALLED_WORDS in view.title


def _says(words: str) -> Callable[[View], bool]:
    return lambda view: words in words_of(view)


def _asks(id_: str) -> Callable[[View], bool]:
    return lambda view: any(f.id == id_ for f in fields_of(view))


def _filled(id_: str) -> Callable[[View], bool]:
    return lambda view: any(f.id == id_ and f.value for f in fields_of(view))


def _pressable(view: View, id_: str) -> bool:
    offered = action(view, id_)
    return offered is not None and offered.enabled


def words_of(view: View) -> str:
    """Every word that the view shows, in reading order."""
    words = [view.title, view.subtitle]
    for block in view.blocks:
        match block:
            case v.Points(sentences, _, title):
                words += [title, *sentences]
            case v.Lines(lines, title):
                words += [title, *(f"{line.label} {line.value}" for line in lines)]
            case v.Message(text):
                words.append(text)
            case v.Code(label, code):
                words += [label, code]
            case v.Illustration(_, caption) | v.Preview(caption):
                words.append(caption)
            case v.Tiles(title, actions):
                words += [title, *(f"{a.label} {a.hint} {a.reason}" for a in actions)]
            case v.Choices(actions):
                words += [f"{a.label} {a.hint} {a.reason}" for a in actions]
            case v.Fields(fields):
                words += [f"{f.label} {f.hint} {f.note} {f.error} {f.value}" for f in fields]
    if view.dialog is not None:
        words += [view.dialog.title, view.dialog.text]
    words += [f"{a.label} {a.hint}" if a.enabled else f"{a.label} {a.reason}" for a in v.actions_of(view)]
    return "\n".join(w for w in words if w)
