"""The rehearsal command's two kinds of scenario: a visit, and a visit that is killed at each step."""

from __future__ import annotations

from pathlib import Path

from kiosk.rehearsal.kill import rehearse_killed
from kiosk.rehearsal.places import Places
from kiosk.rehearsal.rehearse import rehearse
from kiosk.rehearsal.report import Report
from kiosk.rehearsal.scenario import Scenario


def play(scenario: Scenario, project: Path, places: Places, *, quiet: bool) -> Report:
    """Play it; `quiet` keeps standard output free for the JSON object."""
    if scenario.kill_at:
        return rehearse_killed(scenario, project, places, quiet=quiet)
    return rehearse(scenario, project, places)
