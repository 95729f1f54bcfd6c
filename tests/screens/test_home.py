"""The home screen with one service, a few and many: tiles of one size in one grid, nothing cut, each within reach."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from kiosk.journey.present import present
from kiosk.journey.view import Style, View, actions_of
from screens.compose.arrange import put_frame
from screens.compose.page import compose, room_between_bars
from screens.compose.pen import Pen
from screens.compose.tiles import Grid, put_grid
from screens.scene import Target
from tests.screens.faults import faults, visible_words
from tests.screens.homes import homes
from tests.screens.panels import LYING, PANELS, STANDING, PanelSize, types
from tests.screens.test_layout import large, pages

LOOKS = list(itertools.product(PANELS, (False, True), ("zh", "en")))
EVERY = pytest.mark.parametrize(
    ("panel", "elder", "language"),
    LOOKS,
    ids=[f"{p}-{'elder' if e else 'standard'}-{t}" for p, e, t in LOOKS],
)


def screens(*, elder: bool = False, language: str = "zh") -> dict[str, View]:
    return {
        name: present(replace(stands, elder=elder, language=language), here) for name, stands, here in homes()
    }


def laid_out(view: View, panel: PanelSize, *, elder: bool) -> tuple[Grid, list[Target], float]:
    """The grid that this panel gets, all its tiles as if nothing had to be moved, and the room that it has."""
    theme = panel.theme(elder=elder)
    pen = Pen(theme, types())
    scene = compose(view, theme, types())
    body = put_frame(pen.scratch(), view, room_between_bars(theme))
    (grid,) = (block for block in body.blocks if isinstance(block, Grid))
    height = put_grid(pen, grid, body.room)
    assert (height > body.room.h) is (scene.overflow_px > 0)
    return grid, pen.targets, body.room.h


@EVERY
def test_every_tile_is_as_large_as_every_other_and_stands_in_a_column(
    panel: PanelSize, elder: bool, language: str
) -> None:
    for name, view in screens(elder=elder, language=language).items():
        grid, tiles, _ = laid_out(view, panel, elder=elder)
        assert [tile.key for tile in tiles] == [
            f"action:{one.id}" for one in actions_of(view) if one.style is Style.TILE
        ]
        assert len({(round(tile.rect.w, 3), round(tile.rect.h, 3)) for tile in tiles}) == 1, name
        assert len({round(tile.rect.x, 3) for tile in tiles}) == min(grid.columns, len(tiles)), name
        tops = sorted({round(tile.rect.y, 3) for tile in tiles})
        steps = {round(after - before, 3) for before, after in itertools.pairwise(tops)}
        assert grid.headed or len(steps) <= 1, (name, "rows at one distance")


@EVERY
def test_nothing_is_cut_and_every_service_is_within_reach(
    panel: PanelSize, elder: bool, language: str
) -> None:
    theme = panel.theme(elder=elder)
    for name, view in screens(elder=elder, language=language).items():
        shown = pages(view, theme)
        assert [faults(scene, theme, types()) for scene in shown] == [[]] * len(shown), name
        reached = {target.key for scene in shown for target in scene.targets if large(target.rect, theme)}
        said = {words.replace(" ", "") for scene in shown for words in visible_words(scene)}
        for one in actions_of(view):
            assert f"action:{one.id}" in reached, (name, one.id)
        grid, _, _ = laid_out(view, panel, elder=elder)
        if grid.headed:
            assert {group.title.replace(" ", "") for group in grid.groups} <= said, name


@pytest.mark.parametrize("panel", [STANDING, LYING], ids=str)
def test_what_can_be_seen_at_once_is_and_titles_lead_through_what_cannot(panel: PanelSize) -> None:
    """As the look wants it: a list of a few under their life events, a calm grid of more, and titles for many."""
    found = {name: laid_out(view, panel, elder=False)[0] for name, view in screens().items()}
    most = 7 if panel is STANDING else 5
    columns = 2 if panel is STANDING else 3
    assert {name: (grid.columns, grid.headed) for name, grid in found.items()} == {
        "home_1": (1, True),
        "home_2": (1, True),
        "home_3": (1, True),
        "home_5": (columns, False),
        "home_grey": (columns, False),
        "home_7": (columns, False) if most >= 7 else (2, True),
        "home_12": (2, True),
    }
    theme = panel.theme(elder=False)
    moved = {name for name, view in screens().items() if len(pages(view, theme)) > 1}
    assert moved == ({"home_12"} if most >= 7 else {"home_7", "home_12"})


@pytest.mark.parametrize("panel", PANELS, ids=str)
def test_large_type_has_one_tile_in_a_row(panel: PanelSize) -> None:
    for name, view in screens(elder=True).items():
        assert laid_out(view, panel, elder=True)[0].columns == 1, name
