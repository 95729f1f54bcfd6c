"""What the self-test uses: the whole terminal, or, where it cannot be put together, its devices alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from kiosk.assembly.devices import open_devices
from kiosk.assembly.foundation import lay_foundation
from kiosk.journey.hands import Devices
from kiosk.keys import KeyFileError
from kiosk.selftest.steps import Step, failed, not_done, sync_round_trip
from kiosk.settings import Settings
from offline_queue.records import StoreError


@dataclass(frozen=True, slots=True)
class Parts:
    """`hindrance`: the failed step that the rest does without, None when all is there."""

    devices: Devices
    now_utc: datetime
    round_trip: Callable[[], Step]
    hindrance: Step | None = None


def open_parts(settings: Settings, stack: contextlib.ExitStack) -> Parts:
    """Everything; with a bad key or a queue that cannot be opened, what needs neither. `stack` closes it."""
    try:
        base = lay_foundation(settings, stack)
    except KeyFileError as error:
        return _alone(settings, stack, failed("keys", f"keys.unusable: {error}"))
    except (StoreError, OSError) as error:
        why = str(error) if isinstance(error, StoreError) else error.strerror or type(error).__name__
        return _alone(settings, stack, failed("queue", f"queue.broken: {why}"))
    stack.callback(base.sender.close)
    return Parts(base.devices, base.clock.now().wall_utc, lambda: sync_round_trip(base.link, base.outbox))


def _alone(settings: Settings, stack: contextlib.ExitStack, hindrance: Step) -> Parts:
    return Parts(
        open_devices(settings, stack),
        datetime.now(UTC),
        lambda: not_done("sync_round_trip", f"needs the {hindrance.name}"),
        hindrance,
    )
