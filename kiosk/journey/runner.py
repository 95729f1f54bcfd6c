"""The journey at work: one thread takes events in order, steps the table, sends effects out.

Window and rehearsal share it: both send `Pressed` and `Entered`, both look at `view()`.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kiosk.journey import events as ev
from kiosk.journey.effects import Effect
from kiosk.journey.idle import IdleClock
from kiosk.journey.moves import to_attract
from kiosk.journey.present import present
from kiosk.journey.table import step
from kiosk.journey.view import View, action, fields_of
from kiosk.journey.visit import Visit
from kiosk.journey.world import World

log = logging.getLogger(__name__)
TICK_S = 0.25


class Hands(Protocol):
    """What does the effects. Answers come back through `Journey.answer` with the visit's id."""

    def do(self, effect: Effect, visit: Visit) -> None: ...

    def rest(self) -> None:
        """Nobody did anything for `TICK_S`: what is past its term is forgotten. Returns at once."""
        ...


class Journey:
    """The one owner of the visit."""

    def __init__(
        self,
        world: Callable[[], World],
        idle: IdleClock,
        *,
        on_step: Callable[[Visit, ev.Event, Visit], None] = lambda _before, _event, _after: None,
    ) -> None:
        self._world = world
        self._idle = idle
        self._on_step = on_step
        self._inbox: queue.Queue[tuple[str | None, ev.Event] | None] = queue.Queue()
        self._visit = Visit()
        self._last_world = world()
        self._view = present(self._visit, self._last_world)
        self.defects = 0
        """Visits that ended by a defect since the start."""
        self._listeners: list[Callable[[], None]] = []
        self._hands: Hands | None = None
        self._thread = threading.Thread(target=self._run, name="journey", daemon=True)

    def start(self, hands: Hands) -> None:
        self._hands = hands
        self._thread.start()

    def close(self) -> None:
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join(5.0)

    def view(self) -> View:
        """The screen as it is now."""
        return self._view

    def photo(self) -> bytes | None:
        """The picture taken in this visit, for its screen."""
        return self._visit.photo

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` from the journey's thread whenever the view changed."""
        self._listeners.append(listener)

    def send(self, event: ev.Event) -> None:
        """From the screen, the clock or the network."""
        self._inbox.put((None, event))

    def answer(self, visit_id: str, event: ev.Event) -> None:
        """From a device: dropped unless its visit is still the one on the screen."""
        self._inbox.put((visit_id, event))

    def _run(self) -> None:
        while True:
            try:
                received = self._inbox.get(timeout=TICK_S)
            except queue.Empty:
                due = self._idle.tick(time.monotonic(), self._visit)
                self._outlive(due or ev.Refresh())
                continue
            if received is None:
                return
            visit_id, event = received
            if visit_id is None or visit_id == self._visit.id:
                self._outlive(event)

    def _outlive(self, event: ev.Event) -> None:
        """A defect ends the visit, never the terminal: the next resident finds the first screen.

        What was committed is kept by the queue. The log names the defect and its place, no value.
        """
        try:
            self._take(event)
        except Exception as defect:  # noqa: BLE001 - whatever it is, the terminal serves on
            self.defects += 1
            frame = traceback.extract_tb(defect.__traceback__)[-1]
            log.error(
                "a visit in state %s ended by %s at %s:%s, on %s",
                self._visit.state.value,
                type(defect).__name__,
                Path(frame.filename).name,
                frame.lineno,
                type(event).__name__,
            )
            self._begin_anew()

    def _begin_anew(self) -> None:
        held, self._visit = self._visit, Visit()
        self._publish(present(self._visit, self._last_world))
        for effect in to_attract(held)[1]:
            try:
                self._act(effect, held)
            except Exception as defect:  # noqa: BLE001 - one device's defect must not keep another's frames
                log.error("%s ended by %s", type(effect).__name__, type(defect).__name__)

    def _take(self, event: ev.Event) -> None:
        if isinstance(event, ev.Pressed | ev.Entered | ev.Touched):
            self._idle.touched(time.monotonic())
            if not self._is_offered(event):
                return
        before = self._visit
        world = self._last_world = self._world()
        after, effects = step(before, event, world)
        self._visit = after
        if after.state is not before.state:
            self._idle.touched(time.monotonic())
        self._publish(present(after, world))
        self._on_step(before, event, after)
        for effect in effects:
            self._act(effect, before if not after.id else after)
        if isinstance(event, ev.Refresh) and self._hands is not None:
            self._hands.rest()

    def _act(self, effect: Effect, visit: Visit) -> None:
        if self._hands is None:
            log.error("an effect before the start: %s", type(effect).__name__)
            return
        self._hands.do(effect, visit)

    def _is_offered(self, event: ev.Event) -> bool:
        """Only what the screen offers may be pressed or filled, by who saw it: a late touch does nothing."""
        if isinstance(event, ev.Pressed):
            if event.seen_on not in (None, self._view.state):
                return False
            offered = action(self._view, event.action)
            return offered is not None and offered.enabled
        if isinstance(event, ev.Entered):
            return any(f.id == event.field for f in fields_of(self._view))
        return True

    def _publish(self, view: View) -> None:
        if view == self._view:
            return
        self._view = view
        for listener in self._listeners:
            listener()
