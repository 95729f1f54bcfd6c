"""The proofs of privacy can fail: the same acts leave traces where the engine learns."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contract import Ok
from screens.keyboard import rime_opening
from screens.keyboard.rime import SCHEMA
from screens.keyboard.rime_opening import LEARNS, SETTINGS, open_rime
from tests.screens.keyboard.traces import commit_inside, tree


def test_learning_would_be_seen_by_these_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same acts on an engine that learns: a database appears and the order changes."""
    name = f"{SCHEMA}.custom.yaml"
    monkeypatch.setitem(
        rime_opening.SETTINGS, name, SETTINGS[name].replace(f"{LEARNS}: false", f"{LEARNS}: true")
    )
    monkeypatch.setattr(rime_opening, "_unfit", lambda *_: None)
    opened = open_rime(tmp_path)
    assert isinstance(opened, Ok)
    learning = opened.value
    order = learning.candidates("zhang")
    before = tree(tmp_path)
    for _ in range(5):
        commit_inside(learning, "zhang", 7)
    assert learning.candidates("zhang") != order
    learning.close()
    assert list(tmp_path.rglob("*.userdb"))
    assert tree(tmp_path) != before
