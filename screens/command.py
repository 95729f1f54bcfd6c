"""`main.py run`: a terminal with its window, until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

import click

from drivers import private_memory
from kiosk.assembly.devices import fonts_of
from kiosk.assembly.terminal import assemble
from kiosk.cli import NOT_CONFIGURED, NOT_FINE, load_or_exit, show_problems
from kiosk.keys import KeyFileError
from kiosk.staff.answers import StaffAction
from kiosk.watchdog import Watchdog
from offline_queue.records import StoreError
from screens.app import run_window
from screens.port import WindowError, WindowOptions

log = logging.getLogger(__name__)


def run_command(config: Path, announce_fd: int | None) -> int:
    """Exit code: 0 told to end, 1 no window, 78 not configured."""
    private_memory.overwrite_what_is_freed()  # it outlives every visit, and the card's photo passes through it
    private_memory.never_dump()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    loaded = load_or_exit(config)
    show_problems(loaded)
    settings = loaded.settings
    if announce_fd is not None and not settings.terminal.demo:
        click.echo("--announce-fd 只能在演示时用 / --announce-fd is for the demo only", err=True)
        return NOT_CONFIGURED
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        terminal = assemble(settings, standing=("config.last_good",) if loaded.used_last_good else ())
    except (KeyFileError, StoreError) as error:
        click.echo(str(error), err=True)
        return NOT_CONFIGURED
    screen = settings.screen
    options = WindowOptions(
        fonts_of(screen.fonts),
        settings.terminal.state / "window",
        screen.width_px,
        screen.height_px,
        screen.panel_width_mm,
        announce=None if announce_fd is None else os.fdopen(announce_fd, "w", encoding="utf-8"),
    )

    watchdog = Watchdog(lambda: not terminal.sender.status().stopped)

    def over() -> bool:
        watchdog.beat()  # asked by the window's loop, five times a second
        return ended.is_set() or terminal.ending.asked is not None

    def shown() -> None:
        log.info("the first screen is shown")
        watchdog.ready()

    try:
        run_window(terminal, options, over, shown)
    except WindowError as error:
        click.echo(str(error), err=True)
        return NOT_FINE
    finally:
        if ended.is_set():
            watchdog.stopping()
        terminal.close()
    if terminal.ending.asked is StaffAction.RESTART_PROGRAM and not ended.is_set():
        private_memory.begin_anew()
    return 0
