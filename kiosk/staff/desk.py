"""What the staff menu does on an assembled terminal: one callable an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from drivers.contract import Failed, Ok, Restartable
from kiosk.journey.hands import Devices
from kiosk.staff.answers import Done, StaffAction, StaffFailure
from kiosk.staff.switch import ServiceSwitch

Job = Callable[[], Done]
DONE: Done = Ok(None)


class Desk:
    """Implements `StaffActions`. What this terminal does not have is not offered."""

    def __init__(self, jobs: Mapping[StaffAction, Job]) -> None:
        self._jobs = dict(jobs)

    @property
    def offered(self) -> AbstractSet[StaffAction]:
        return self._jobs.keys()

    def do(self, action: StaffAction) -> Done:
        job = self._jobs.get(action)
        return Failed(StaffFailure.NOT_THERE) if job is None else job()


def jobs(
    devices: Devices,
    switch: ServiceSwitch,
    end: Callable[[StaffAction], None],
) -> dict[StaffAction, Job]:
    """What can be done with these devices, paper apart. `end` asks the program to restart or exit."""

    def turn(*, out: bool) -> Done:
        try:
            switch.turn(out=out)
        except OSError:
            return Failed(StaffFailure.DISK)
        return DONE

    def ending(action: StaffAction) -> Job:
        def job() -> Done:
            end(action)
            return DONE

        return job

    found: dict[StaffAction, Job] = {}
    restarts: dict[StaffAction, object] = {
        StaffAction.RESTART_CARD: devices.identity_reader,
        StaffAction.RESTART_HELPER: devices.helper_reader,
        StaffAction.RESTART_CAMERA: devices.camera,
        StaffAction.RESTART_DOCUMENT_CAMERA: devices.document_camera,
        StaffAction.RESTART_CODE_READER: devices.code_reader,
        StaffAction.RESTART_TOKEN: devices.token,
        StaffAction.RESTART_FACE: devices.face,
    }
    for action, device in restarts.items():
        if isinstance(device, Restartable):
            found[action] = _restarting(device)
    return found | {
        StaffAction.OUT_OF_SERVICE: lambda: turn(out=True),
        StaffAction.INTO_SERVICE: lambda: turn(out=False),
        StaffAction.RESTART_PROGRAM: ending(StaffAction.RESTART_PROGRAM),
        StaffAction.EXIT: ending(StaffAction.EXIT),
    }


def _restarting(device: Restartable) -> Job:
    """Let go of it, take hold again, and believe only what it answers then."""

    def job() -> Done:
        device.restart()
        return DONE if device.probe().usable else Failed(StaffFailure.DEVICE)

    return job
