"""Candidates by the page: as many as fit into one line."""

from __future__ import annotations

from collections.abc import Callable

from screens.keyboard.engine import Candidate

Page = tuple[tuple[int, Candidate], ...]
"""Candidates with their place among all of them."""


WidthOf = Callable[[str], float]
"""How much of a line a candidate takes, in the unit of the line's width."""


def characters(text: str) -> float:
    """A candidate takes its characters and one for its sides."""
    return len(text) + 1


def pages(
    candidates: tuple[Candidate, ...], width: float, width_of: WidthOf = characters
) -> tuple[Page, ...]:
    """Split into lines of `width`.

    A candidate wider than a page has one to itself.
    """
    out: list[list[tuple[int, Candidate]]] = []
    room = 0.0
    for place, candidate in enumerate(candidates):
        needs = width_of(candidate.text)
        if not out or needs > room:
            out.append([])
            room = width
        out[-1].append((place, candidate))
        room -= needs
    return tuple(map(tuple, out))
