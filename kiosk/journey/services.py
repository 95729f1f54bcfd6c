"""What the hands ask beside devices: where cases go, who answers at once, who proves, and who lets the staff in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.receipt_printer.contract import Slip
from kiosk.case import CaseState
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.visit import Visit
from kiosk.lanes import Job
from kiosk.staff.answers import Done, Door, StaffAction, StaffActions


class Office(Protocol):
    """Where a case goes: sealing, storing, sending, and the words of its slip."""

    def store(self, visit: Visit) -> ev.Stored | ev.NotStored: ...

    def same_waits(self, visit: Visit) -> bool: ...

    def await_centre(self, case_code: str, timeout_s: float) -> tuple[CaseState | None, str | None]: ...

    def evaluate(self, visit: Visit) -> None: ...

    def slip(self, visit: Visit, *, copy: bool) -> Slip: ...

    def window_slip(self, visit: Visit) -> Slip: ...


class LiveOffice(Protocol):
    """What is asked while somebody waits. Every call ends by itself within its time and never raises."""

    def records(self, visit: Visit) -> ev.PrefillAnswered: ...

    def decide(self, key: str, code: str, within_s: float) -> ev.CaseMoved | None: ...

    def progress(self, code: str) -> ev.ProgressAnswered: ...


class Proofs(Protocol):
    """The ways that need somebody outside (`kiosk.recognition.provers`)."""

    def job(
        self, effect: fx.ProofEffect, visit: Visit, answer: Callable[[ev.Event], None]
    ) -> tuple[Job, ev.Event]: ...

    def forget(self) -> None: ...


class DoorKeeper(Protocol):
    """Who lets the staff in."""

    def look(self) -> Door: ...

    def attempt(self, pin: str) -> Door: ...


@dataclass(frozen=True, slots=True)
class StaffRoom:
    """The staff menu's door and what can be done behind it. `did` tells of each thing done."""

    door: DoorKeeper
    actions: StaffActions
    did: Callable[[StaffAction, Done], None]
