"""A visit in a real process that is killed from outside, once at each step of submit.

After each kill the terminal is started again on what is left. Whatever was printed must have a
stored case, the chain must hold, and the centre must end with each stored case exactly once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from kiosk.assembly.terminal import Observers
from kiosk.rehearsal.leftovers import scan
from kiosk.rehearsal.places import Places
from kiosk.rehearsal.rehearse import Stand, person_words, settle
from kiosk.rehearsal.report import Expectation, Report
from kiosk.rehearsal.scenario import Scenario
from kiosk.rehearsal.script import Played

STEP_TIMEOUT_S = 90.0


def rehearse_killed(scenario: Scenario, project: Path, places: Places, *, quiet: bool) -> Report:
    """Kill at every step of `scenario.kill_at`; one expectation for each promise at each step."""
    report = Report(scenario.name, scenario.title)
    looked_through = {"log": places.log, "temp": places.temp}
    for number, step in enumerate(scenario.kill_at, 1):
        if not quiet:
            places.say(f"[{number}/{len(scenario.kill_at)}] killed at {step}")
        here = places.folder / step
        here.mkdir()
        stand = Stand(project, here, places.log, scenario)
        looked_through |= {f"{step}: database": stand.state / "outbox", f"{step}: spool": stand.state}
        try:
            _kill_once(scenario, stand, step, report)
        finally:
            stand.close()
    report.scan = scan(looked_through, person_words(scenario))
    return report


def _kill_once(scenario: Scenario, stand: Stand, step: str, report: Report) -> None:
    reached = _run_and_kill(scenario, stand, step)
    report.steps.append(Played(f"kill at {step}", "killed" if reached else "never reached", 0.0))
    report.expectations.append(Expectation(f"{step}: reached", wanted=True, got=reached, ok=reached))
    stand.village.printer.wait_until_idle()
    receipts = len(stand.village.printer.receipts)
    terminal = stand.terminal(Observers())
    try:
        counters = terminal.outbox.counters()
        stored = counters.pending + counters.acknowledged + counters.quarantined
        chain = terminal.outbox.verify()
        settle(terminal)
        registered = stand.centre.metric("jiujin_cases")
        report.facts.pending += terminal.outbox.counters().pending
        report.facts.quarantined += terminal.outbox.counters().quarantined
        report.facts.registered += registered
        report.facts.receipts += receipts
    finally:
        terminal.close()
    promised = step in ("committed", "shown", "printing", "printed")
    wanted = 1 if promised else 0
    report.expectations += [
        Expectation(f"{step}: stored cases", wanted, stored, stored == wanted),
        Expectation(f"{step}: slips without a stored case", 0, max(0, receipts - stored), receipts <= stored),
        Expectation(f"{step}: the chain is whole", wanted=True, got=chain.whole, ok=chain.whole),
        Expectation(f"{step}: registered exactly once", stored, registered, registered == stored),
    ]


def _run_and_kill(scenario: Scenario, stand: Stand, step: str) -> bool:
    """Start the visit in a process of its own and SIGKILL it while it waits at `step`."""
    process = subprocess.Popen(
        [
            sys.executable,
            str(stand.project / "main.py"),
            "rehearse-child",
            str(stand.project / "tests" / "scenarios" / f"{scenario.name}.toml"),
            "--config",
            str(stand.ini),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=stand.project,
        start_new_session=True,
    )
    try:
        return _await_step(process, step)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STEP_TIMEOUT_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _await_step(process: subprocess.Popen[bytes], step: str) -> bool:
    """The child says each step and waits for a line; at `step` it gets none."""
    if process.stdout is None or process.stdin is None:
        return False
    for line in process.stdout:
        words = line.decode().split()
        if words[:1] != ["step"]:
            continue
        if words[1] == step:
            return True
        process.stdin.write(b"go\n")
        process.stdin.flush()
    return False
