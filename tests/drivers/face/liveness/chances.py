"""What a recorded film gives away: how often one passes that follows no prompt, however well it is chosen.

`python -m tests.drivers.face.liveness.chances` looks for the best films and prints what docs/decisions/liveness.md says;
on a slow machine it takes some minutes. Worked out over every drawing of `draw()`, not tried.

The film is a loop of movements, each from a straight look. It stands still until a prompt comes, and runs until that
movement was shown or its time is over. Whoever plays it declines before it runs, leaves a look when that is better, and
is taken to know what will be asked after this, which nobody does: so the chances are upper bounds. The machine is taken
to see every movement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product

from drivers.face.liveness.contract import Prompt
from drivers.face.liveness.prompts import FAMILIES, draw, family_of, opposite_of

Film = tuple[Prompt, ...]
Way = tuple[Prompt, ...]


class Every:
    """Not chance: keeps all that is equally likely."""

    def __init__(self) -> None:
        self.ways: tuple[Way, ...] = ()

    def choice(self, seq: Sequence[Way], /) -> Way:
        self.ways = tuple(seq)
        return seq[0]


@cache
def drawn(declined: frozenset[Prompt], shown: Way = (), waiting: Way = ()) -> tuple[Way, ...]:
    every = Every()
    draw(declined, every, shown, waiting)
    return every.ways


def passes(film: Film, *, in_time: int = 1, tries: int = 1) -> float:
    """Chance that it passes. `in_time`: how many of its movements come within the time of one; `tries`: of one visit,
    in which a declined kind stays declined.
    """

    @cache
    def begin(tries_left: int, declined: frozenset[Prompt]) -> float:
        ways = drawn(declined) if tries_left else ()
        return sum(go(tries_left, declined, (), way, 0) for way in ways) / len(ways) if ways else 0.0

    @cache
    def go(tries_left: int, declined: frozenset[Prompt], shown: Way, waiting: Way, at: int) -> float:
        if not waiting:
            return 1.0
        asked = waiting[0]
        best = max(begin(tries_left - 1, declined), without(tries_left, declined, shown, waiting, at))
        for later in range(in_time):
            place = (at + later) % len(film)
            if film[place] is asked:
                after = tuple(sorted((*shown, asked)))
                return max(best, go(tries_left, declined, after, waiting[1:], (place + 1) % len(film)))
            if film[place] is opposite_of(asked):
                return max(best, without(tries_left, declined, shown, waiting, (place + 1) % len(film)))
        return best

    def without(tries_left: int, declined: frozenset[Prompt], shown: Way, waiting: Way, at: int) -> float:
        """What is asked is declined, or its opposite was shown."""
        more = declined | frozenset(family_of(waiting[0]))
        ways = drawn(more, shown, waiting)
        if not ways:
            return begin(tries_left - 1, more)
        return sum(go(tries_left, more, shown, way, at) for way in ways) / len(ways)

    return begin(tries, frozenset())


def films(length: int) -> Iterable[Film]:
    """All of this length, but for those that are another one's mirror image from their first movement on."""
    return product([family[0] for family in FAMILIES], *[list(Prompt)] * (length - 1))


def best(in_time: int, lengths: Iterable[int]) -> tuple[float, Film]:
    """The film with the best chance of one try."""
    found = ((passes(film, in_time=in_time), film) for length in lengths for film in films(length))
    return max(found, key=lambda one: one[0])


def main() -> None:
    for in_time, lengths in ((1, (1,)), (1, (2, 3)), (2, (1, 2, 3, 4))):
        chance, film = best(in_time, lengths)
        visit = passes(film, in_time=in_time, tries=3)
        said = f"{chance:.2%} of tries (1 in {1 / chance:.1f}), {visit:.1%} of visits: {' '.join(film)}"
        print(f"{in_time} in the time of one: {said}")  # noqa: T201 - its only output


if __name__ == "__main__":
    main()
