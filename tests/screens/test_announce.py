"""What the bench and the tests are told of a screen: places and keys, never a word."""

from __future__ import annotations

import io
import json
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from kiosk.journey.view import Code, Field, View
from screens.announce import Announcer, described
from screens.compose.page import Local, compose
from tests.screens.gallery import all_views
from tests.screens.panels import LYING, types
from tests.screens.writing import TEXT, sheets

NAME, NUMBER = "测试欧阳明", "659099194803120011"
VIEWS = all_views("zh", elder=False)
THEME = LYING.theme(elder=False)
NAMING = {"id", "edit", "icon", "mark", "language", "options"}
"""Texts that are keys of the program, not words for a resident."""


def planted(value: Any, name: str = "") -> Any:
    """The same view with a name and a number in every text that a resident may read."""
    if type(value) is str and name not in NAMING:
        return f"{NAME} {NUMBER}"
    if isinstance(value, tuple) and name != "options":
        return tuple(planted(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: planted(getattr(value, f.name), f.name) for f in fields(value)})
    return value


@pytest.mark.parametrize("name", list(VIEWS))
def test_no_word_and_no_value_of_a_view_is_announced(name: str) -> None:
    view: View = planted(VIEWS[name])
    scene = compose(view, THEME, types())
    assert any(NAME in repr(vars_of(item)) for layer in scene.layers for item in layer.items)  # the control
    line = json.dumps(described(view, scene), ensure_ascii=False)
    for secret in (NAME, NUMBER, NAME[:3], NUMBER[:6]):
        assert secret not in line


def vars_of(item: object) -> dict[str, object]:
    return {f.name: getattr(item, f.name) for f in fields(item)}  # type: ignore[arg-type]


def test_nothing_that_is_being_written_is_announced() -> None:
    view = VIEWS["form_110199-SB-01_1"]
    for _, local in sheets("zh", THEME, types()):
        written = Local(field=replace(local.field or TEXT, value=NAME), keyboard=local.keyboard)
        line = json.dumps(described(view, compose(view, THEME, types(), written)), ensure_ascii=False)
        keyboard = local.keyboard
        assert keyboard is not None
        keys = {key.id.partition(":")[2] or key.id for row in keyboard.rows() for key in row.keys}
        for secret in (NAME, keyboard.text, keyboard.composing, *(c.text for c in keyboard.candidates())):
            assert not secret or f"key:{secret}" in {f"key:{key}" for key in keys} or secret not in line


def test_an_answer_is_not_told_from_its_neighbours() -> None:
    """The keys name every option; which one was chosen is in none of them."""

    def line(value: str) -> str:
        view = VIEWS["form_110199-SB-01_0"]
        chosen = replace(view, blocks=tuple(answered(block, value) for block in view.blocks))
        return json.dumps(described(chosen, compose(chosen, THEME, types())))

    assert line("road") == line("light")


def answered(block: Any, value: str) -> Any:
    if not hasattr(block, "fields"):
        return block
    filled: tuple[Field, ...] = tuple(replace(field, value=value) for field in block.fields)
    return replace(block, fields=filled)


def test_a_case_code_is_not_announced() -> None:
    view = VIEWS["24_result"]
    code = next(block.code for block in view.blocks if isinstance(block, Code))
    line = json.dumps(described(view, compose(view, THEME, types())))
    assert code not in line
    assert code.replace(" ", "") not in line


def test_one_line_for_each_change() -> None:
    stream = io.StringIO()
    announcer = Announcer(stream)
    view = VIEWS["05_consent"]
    for shown in (view, view, VIEWS["06_card"], view):
        announcer.tell(shown, compose(shown, THEME, types()))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["state"] for line in lines] == ["consent", "card", "consent"]
    face = next(t for t in lines[0]["targets"] if t["key"] == "action:face")
    x, y, w, h = face["rect"]
    assert 0 <= x < x + w <= THEME.width_px
    assert 0 <= y < y + h <= THEME.height_px
    assert face["enabled"]


class Closed(io.StringIO):
    """A pipe whose reader has gone."""

    writes = 0

    def write(self, _text: str) -> int:
        self.writes += 1
        raise BrokenPipeError


def test_a_reader_that_has_gone_ends_it_quietly() -> None:
    stream = Closed()
    announcer = Announcer(stream)
    for name in ("05_consent", "06_card"):
        announcer.tell(VIEWS[name], compose(VIEWS[name], THEME, types()))
    assert stream.writes == 1
