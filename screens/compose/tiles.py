"""The services on the home screen: one grid of tiles that are all of one size, whatever group they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.journey.view import Action, Tiles
from screens.compose.buttons import put_tile, tile_height
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.theme import SECOND_INK, Size


@dataclass(frozen=True, slots=True)
class Grid:
    """All groups of a screen, and how they are laid out. `headed`: each group begins a row, under its title."""

    groups: tuple[Tiles, ...]
    columns: int
    headed: bool

    @property
    def wide(self) -> bool:
        """A tile with a row to itself has its icon beside its words, else above them."""
        return self.columns == 1

    @property
    def actions(self) -> tuple[Action, ...]:
        return tuple(action for group in self.groups for action in group.actions)

    def rows(self) -> list[tuple[str, tuple[Action, ...]]]:
        """Each row with the title that stands over it, '' for none."""
        groups = self.groups if self.headed else (Tiles("", self.actions),)
        return [
            (group.title if start == 0 else "", group.actions[start : start + self.columns])
            for group in groups
            for start in range(0, len(group.actions), self.columns)
        ]


def grid_for(pen: Pen, groups: tuple[Tiles, ...], width: float, height: float) -> Grid:
    """The first of these that is seen at once in this room: a list under titles, then a grid without them.

    Where there is more than that the page is moved, and the titles are what one finds the way by.
    In large type a tile keeps its row to itself; a lying panel has room for a third column before it is moved.
    """
    fewest = 1 if pen.theme.elder else 2
    most = 3 if pen.theme.landscape and not pen.theme.elder else fewest
    dense = (Grid(groups, columns, headed=False) for columns in range(fewest, most + 1))
    for grid in (Grid(groups, 1, headed=True), *dense):
        if put_grid(pen.scratch(), grid, Rect(0, 0, width, 0)) <= height:
            return grid
    return Grid(groups, fewest, headed=True)


def put_grid(pen: Pen, grid: Grid, where: Rect) -> float:
    """Draw from the top of `where`. Returns the height."""
    gap = pen.theme.gap
    width = (where.w - (grid.columns - 1) * gap) / grid.columns
    height = tile_height(pen, grid.actions, width, wide=grid.wide)
    y = where.y
    for title, actions in grid.rows():
        if title:
            line = Rect(where.x, y, where.w, 0)
            y += pen.put_words(title, line, Size.BODY, ink=SECOND_INK, bold=True) + pen.theme.px(14)
        cells = Rect(where.x, y, where.w, height).columns(grid.columns, gap)
        for action, cell in zip(actions, cells, strict=False):
            put_tile(pen, action, cell, wide=grid.wide)
        y += height + gap
    return y - gap - where.y
