"""Candidates by the page: as many as fit into one line."""

from __future__ import annotations

from screens.keyboard.engine import Candidate

Page = tuple[tuple[int, Candidate], ...]
"""Candidates with their place among all of them."""


def pages(candidates: tuple[Candidate, ...], width: int) -> tuple[Page, ...]:
    """Split by `width` characters a page; a candidate takes its characters and one for its sides.

    A candidate wider than a page has one to itself.
    """
    out: list[list[tuple[int, Candidate]]] = []
    room = 0
    for place, candidate in enumerate(candidates):
        needs = len(candidate.text) + 1
        if not out or needs > room:
            out.append([])
            room = width
        out[-1].append((place, candidate))
        room -= needs
    return tuple(map(tuple, out))
