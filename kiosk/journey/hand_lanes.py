"""The lanes of the hands: which job waits for which."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.lanes import Lane
from kiosk.staff.answers import StaffAction


@dataclass(frozen=True, slots=True)
class Lanes:
    """One lane a device, one for the office, one for live questions, one for the staff."""

    card: Lane
    camera: Lane
    office: Lane
    live: Lane
    printer: Lane
    staff: Lane

    def all(self) -> tuple[Lane, ...]:
        return (self.card, self.camera, self.office, self.live, self.printer, self.staff)

    def of(self, action: StaffAction) -> Lane:
        """What touches a device waits for its turn there."""
        match action:
            case StaffAction.TEST_PRINT | StaffAction.PAPER_CHANGED | StaffAction.PRINTS_SEEN:
                return self.printer
            case StaffAction.RESTART_CARD | StaffAction.RESTART_HELPER:
                return self.card
            case (
                StaffAction.RESTART_CAMERA
                | StaffAction.RESTART_DOCUMENT_CAMERA
                | StaffAction.RESTART_CODE_READER
                | StaffAction.RESTART_FACE
            ):
                return self.camera
            case _:
                return self.staff
