"""Every icon that is asked for by name is drawn, by its own drawing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from screens.compose.page import compose
from screens.icons import GRID, ICONS, render
from screens.scene import Icon
from tests.kiosk.journey.visits import DEFINITIONS, definition
from tests.screens.gallery import all_views
from tests.screens.panels import LYING, STANDING, types
from tests.screens.writing import sheets

PROJECT = Path(__file__).resolve().parents[2]


def drawn() -> Iterator[str]:
    """Names in all scenes of the gallery, in both type sizes, and of the writing sheet."""
    for elder in (False, True):
        for panel in (STANDING, LYING):
            theme = panel.theme(elder=elder)
            views = all_views("zh", elder=elder)
            scenes = [compose(view, theme, types()) for view in views.values()]
            page = views["form_110199-SB-01_1"]
            scenes += [compose(page, theme, types(), local) for _, local in sheets("zh", theme, types())]
            for scene in scenes:
                for layer in scene.layers:
                    yield from (item.name for item in layer.items if isinstance(item, Icon))


def written() -> Iterator[str]:
    """Names that stand in the code: `icon="..."`, `mark="..."`, `Illustration("...")`, `icon(rect, "...")`."""
    for folder in ("kiosk/journey", "screens"):
        for file in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    yield from names_of(node)


def names_of(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    given = [k.value for k in call.keywords if k.arg in ("icon", "mark")]
    if name == "Illustration":
        given += call.args[:1]
    elif name == "icon":
        given += call.args[1:2]
    yield from (
        g.value for g in given if isinstance(g, ast.Constant) and isinstance(g.value, str) and g.value
    )


def test_every_icon_of_every_screen_has_its_drawing() -> None:
    names = set(drawn())
    assert len(names) > 20
    assert names <= set(ICONS)


def test_every_icon_named_in_the_code_has_its_drawing() -> None:
    names = set(written())
    assert {"card", "camera", "tick", "attention"} <= names
    assert names <= set(ICONS)


@pytest.mark.parametrize("name", sorted(path.stem for path in DEFINITIONS.glob("*.json")))
def test_every_service_has_a_drawing(name: str) -> None:
    assert definition(name).icon in ICONS


@pytest.mark.parametrize("name", sorted(ICONS))
def test_a_drawing_stays_on_its_grid_and_is_no_other(name: str) -> None:
    points = [point for stroke in ICONS[name] for point in stroke]
    assert points
    assert all(1 <= x <= GRID - 1 and 1 <= y <= GRID - 1 for x, y in points)
    mask = np.asarray(render(name, 48))
    assert mask.shape == (48, 48)
    assert mask.max() > 200
    for other in ICONS:
        if other != name:
            assert not np.array_equal(mask, np.asarray(render(other, 48))), other


def test_an_unknown_name_is_drawn_as_a_document_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    render.cache_clear()
    for _ in range(3):
        assert np.array_equal(np.asarray(render("no-such", 48)), np.asarray(render("document", 48)))
    assert [record.getMessage() for record in caplog.records] == [
        "no icon is called 'no-such'; a document is drawn"
    ]
