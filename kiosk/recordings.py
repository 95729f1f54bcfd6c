"""Where a terminal keeps recordings of its devices' traffic, and how many.

Off unless `[log] record_devices` says otherwise: it is for a technician who hunts a fault.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import UTC, datetime
from pathlib import Path

from drivers.recording import Recorder
from kiosk import __version__
from kiosk.settings import Settings

log = logging.getLogger(__name__)
KEPT = 10
"""Files; an older one goes when another begins."""
MEGABYTE = 1024 * 1024


def folder_of(settings: Settings) -> Path:
    return settings.terminal.state / "recordings"


def begin(settings: Settings, stack: contextlib.ExitStack) -> Recorder | None:
    """A recorder that `stack` ends; None when recording is off or the disk does not take it, which is logged."""
    if not settings.log.record_devices:
        return None
    folder = folder_of(settings)
    now = datetime.now(UTC)
    about = {"terminal": settings.terminal.number, "version": __version__, "began": now.isoformat()}
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in sorted(folder.glob("*.jsonl"))[: -KEPT + 1]:
            old.unlink()
        path = folder / f"{now:%Y%m%dT%H%M%S.%fZ}.jsonl"
        recorder = Recorder(path, settings.log.recording_mb * MEGABYTE, about)
    except OSError as error:
        log.error("no recording: %s", error.strerror or type(error).__name__)
        return None
    stack.callback(recorder.close)
    return recorder
