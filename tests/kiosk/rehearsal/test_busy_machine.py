"""A rehearsal is of what is done, not of how soon: a busy machine changes nothing of what it finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from drivers.contract import Failed
from drivers.face.contract import FaceFailure
from kiosk.assembly.terminal import Observers
from kiosk.journey import events as ev
from kiosk.journey.hands import A_RESIDENT_WAITS
from kiosk.journey.states import State
from kiosk.journey.visit import FaceProgress
from kiosk.rehearsal import rehearse
from kiosk.rehearsal.script import PATIENCE_S
from tests.kiosk.journey.visits import visit


def test_it_waits_longer_than_a_resident_and_is_done_before_the_step_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(rehearse, "assemble", lambda *_asked, **named: given.update(named))
    ini = tmp_path / "kiosk.ini"
    ini.write_text(f"[terminal]\nnumber = 0142\nstate = {tmp_path}/state\n", "utf-8")
    rehearse.Stand.terminal(cast("Any", SimpleNamespace(ini=ini, folder=tmp_path)), Observers())
    waits, residents = given["waits"], A_RESIDENT_WAITS
    assert residents.registered_s < waits.registered_s < waits.decided_s < PATIENCE_S
    assert waits.decided_s > residents.decided_s


@pytest.mark.parametrize("opens", [0, 1], ids=["at the card's photo", "with the camera open"])
def test_an_attempt_that_the_machine_did_not_finish_has_opened_no_camera_that_counts(opens: int) -> None:
    opened = 0
    watcher = rehearse.Watcher()
    watcher.opens = lambda: opened
    shown = replace(visit(State.FACE), face=FaceProgress())
    looking, stalled = (
        replace(shown, face=face) for face in (FaceProgress(looking=True), FaceProgress(stalls=1))
    )
    watcher.step(shown, ev.Pressed("face"), looking)
    opened += opens
    watcher.step(looking, ev.FaceAnswered(Failed(FaceFailure.TIMED_OUT)), stalled)
    assert watcher.facts.stalled_opens == opens
    watcher.step(stalled, ev.Pressed("try_face"), replace(stalled, face=replace(stalled.face, looking=True)))
    opened += 1
    watcher.step(looking, ev.FaceAnswered(Failed(FaceFailure.TIMED_OUT)), looking)
    assert watcher.facts.stalled_opens == opens, "a look that was finished counts"
