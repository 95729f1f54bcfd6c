"""A rehearsal is of what is done, not of how soon: its terminal waits for a busy centre."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kiosk.assembly.terminal import Observers
from kiosk.journey.hands import Waits
from kiosk.rehearsal import rehearse
from kiosk.rehearsal.script import PATIENCE_S


def test_it_waits_longer_than_a_resident_and_is_done_before_the_step_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(rehearse, "assemble", lambda *_asked, **named: given.update(named))
    ini = tmp_path / "kiosk.ini"
    ini.write_text(f"[terminal]\nnumber = 0142\nstate = {tmp_path}/state\n", "utf-8")
    rehearse.Stand.terminal(cast("Any", SimpleNamespace(ini=ini, folder=tmp_path)), Observers())
    waits, residents = given["waits"], Waits()
    assert residents.registered_s < waits.registered_s < waits.decided_s < PATIENCE_S
    assert waits.decided_s > residents.decided_s
