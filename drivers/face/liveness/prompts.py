"""Which movements are asked, in which order, and when one is shown.

The limits come from the shape of a head, not from data: the base of the nose stands about 20 mm before
the plane of the eye corners, which are about 63 mm apart by their middles, so that a turn of 15 degrees
moves it by 0.08 of that distance, 13 degrees by 0.07. Nobody was filmed for them: a pilot has to set them anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from drivers.face.liveness.contract import Prompt, Sighting

P = Prompt
FAMILIES: tuple[tuple[Prompt, ...], ...] = (
    (P.TURN_LEFT, P.TURN_RIGHT),
    (P.LOOK_UP, P.LOOK_DOWN),
    (P.TILT_LEFT, P.TILT_RIGHT),
    (P.CLOSER, P.BACK),
)
"""Who cannot make one movement of a family is asked for none of it."""
IN_DEPTH = frozenset({*FAMILIES[0], *FAMILIES[1]})
"""What a flat picture cannot show, however it is held: one of these is always among the asked."""
PROMPTS_ASKED = 2
"""Of whom nothing is declined. With each declined family there is less to guess, so one more makes up for it."""

TURN_MIN = 0.07
NOD_MIN = 0.06
TILT_MIN_DEGREES = 9.0
CLOSER_MIN = 1.12
RELIEF_MIN = 0.012
"""In distances between the eyes: the residue that no flat picture leaves (measured: docs/decisions/liveness.md)."""
AT_REST = 0.5
"""Of the limit: so near to the beginning a movement counts as not begun."""


class Chance(Protocol):
    """What `secrets.SystemRandom` has of the random module."""

    def choice(self, seq: Sequence[tuple[Prompt, ...]], /) -> tuple[Prompt, ...]: ...


def family_of(prompt: Prompt) -> tuple[Prompt, ...]:
    return next(family for family in FAMILIES if prompt in family)


def opposite_of(prompt: Prompt) -> Prompt:
    return next(other for other in family_of(prompt) if other is not prompt)


def draw(
    declined: frozenset[Prompt],
    chance: Chance,
    shown: tuple[Prompt, ...] = (),
    waiting: tuple[Prompt, ...] = (),
) -> tuple[Prompt, ...] | None:
    """What is asked after what is `shown`: `PROMPTS_ASKED` movements in all, and one more for each declined family.

    What is `waiting` keeps its place; only what is declined of it is drawn anew. All that is possible is
    equally likely: one of the movements is in depth, and they are of as many families as are left, so that
    a family comes again, each time in either direction, only where too few are. None when nothing is possible.
    """
    left = [prompt for prompt in Prompt if prompt not in declined]
    wanted = PROMPTS_ASKED + len({family_of(prompt) for prompt in declined})
    places = [[prompt] if prompt in left else left for prompt in waiting]
    places += [left] * (wanted - len(shown) - len(waiting))
    possible = [way for way in product(*places) if IN_DEPTH & {*shown, *way}]
    if not possible:
        return None
    families = [len({family_of(prompt) for prompt in (*shown, *way)}) for way in possible]
    most = max(families)
    return chance.choice([way for way, count in zip(possible, families, strict=True) if count == most])


@dataclass(frozen=True, slots=True)
class _Way:
    """How far along its movement a sighting is: 1.0 is shown."""

    along: float
    relief_wanted: bool


def _way(prompt: Prompt, before: Sighting, now: Sighting) -> _Way:
    growth = now.size / before.size
    match prompt:
        case P.TURN_LEFT:
            return _Way((now.turn - before.turn) / TURN_MIN, relief_wanted=True)
        case P.TURN_RIGHT:
            return _Way((before.turn - now.turn) / TURN_MIN, relief_wanted=True)
        case P.LOOK_DOWN:
            return _Way((now.nod - before.nod) / NOD_MIN, relief_wanted=True)
        case P.LOOK_UP:
            return _Way((before.nod - now.nod) / NOD_MIN, relief_wanted=True)
        case P.TILT_LEFT:
            return _Way((now.tilt_degrees - before.tilt_degrees) / TILT_MIN_DEGREES, relief_wanted=False)
        case P.TILT_RIGHT:
            return _Way((before.tilt_degrees - now.tilt_degrees) / TILT_MIN_DEGREES, relief_wanted=False)
        case P.CLOSER:
            return _Way((growth - 1) / (CLOSER_MIN - 1), relief_wanted=False)
        case P.BACK:
            return _Way((1 / growth - 1) / (CLOSER_MIN - 1), relief_wanted=False)


def is_shown(prompt: Prompt, before: Sighting, now: Sighting) -> bool:
    """`before`: the resident looking straight at the camera, when the attempt began."""
    way = _way(prompt, before, now)
    in_depth = not way.relief_wanted or (now.relief is not None and now.relief >= RELIEF_MIN)
    return way.along >= 1.0 and in_depth


def is_at_rest(prompt: Prompt, before: Sighting, now: Sighting) -> bool:
    """The movement has not begun yet."""
    return _way(prompt, before, now).along <= AT_REST
