"""Decisions over several frames: n live pictures of one person become one distance a matcher.

An impostor shows as many frames as the card's owner, so a rule that gives more chances pays for them in
limits of its own. Pictures of one person are taken in the order of the table, as a visit's frames come.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from drivers.face import decision
from drivers.face.elements import Elements
from drivers.face.evaluation.comparisons import NOT_ENROLLED, Comparisons, Distances, paired
from drivers.face.evaluation.data_set import Role
from drivers.face.evaluation.enrolment import Enrolment
from drivers.face.matchers import Embedding
from drivers.face.quality import LIMITS


class FrameRule(StrEnum):
    """How n frames become one distance."""

    ONE = "one frame"
    """Every frame is a decision of its own: of the same people, what the others are compared with."""
    IN_USE = "median, and the last"
    """The terminal's own (`drivers.face.decision.over_frames`)."""
    MEDIAN = "median"
    NEAREST = "nearest"
    """Best 1 of n."""
    SECOND = "second nearest"
    """Best 2 of n."""
    MEAN = "mean embedding"
    WEIGHTED = "weighted mean embedding"
    """By what the quality gate measures (`weight`)."""


OF_DISTANCES: Mapping[FrameRule, Callable[[Distances], Distances]] = {
    FrameRule.IN_USE: lambda values: np.array([decision.over_frames(row) for row in values.tolist()]),
    FrameRule.MEDIAN: lambda values: np.asarray(np.median(values, axis=1)),
    FrameRule.NEAREST: lambda values: np.asarray(values.min(axis=1)),
    FrameRule.SECOND: lambda values: np.asarray(np.sort(values, axis=1)[:, 1]),
}
"""From (k, n) distances of one matcher, a row for each decision, to (k,)."""


WISHES = frozenset(limit.guidance for limit in LIMITS if not limit.demanded)
"""What the gate asks for at first; after some seconds a frame that lacks nothing else is used as it is."""


@dataclass(frozen=True, slots=True)
class Sittings:
    """The decisions that a data set holds; each is n indices into its pictures, all of one person.

    `people`: who have n live pictures. `refused`: of them, the first picture of those of whom the quality
    gate lets none through; each is one decision that nobody clears. `too_few_usable`: of whom it lets some
    through, but fewer than n: they would be guided on, and what came then is not known, so they make no decision.
    """

    decisions: tuple[tuple[int, ...], ...]
    refused: tuple[int, ...]
    people: int
    too_few_usable: int


def sittings(enrolment: Enrolment, frames: int, *, of: int = 0, gated: bool = False) -> Sittings:
    """Successive `frames` live pictures of everybody who has at least `of` (or `frames`) of them.

    `gated`: a picture that the quality gate refuses is no attempt: the resident is guided, and the next
    one counts. One that lacks only what the gate wishes counts where the person has too few others.
    """
    by_person: dict[str, list[int]] = {}
    for index, picture in enumerate(enrolment.pictures):
        if picture.role is Role.LIVE:
            by_person.setdefault(picture.person, []).append(index)
    able = [shown for shown in by_person.values() if len(shown) >= max(of, frames)]
    usable = [_usable(enrolment, shown, frames) if gated else shown for shown in able]
    return Sittings(
        tuple(
            tuple(some[start : start + frames]) for some in usable for start in range(len(some) - frames + 1)
        ),
        tuple(shown[0] for shown, some in zip(able, usable, strict=True) if not some),
        len(able),
        sum(0 < len(some) < frames for some in usable),
    )


def _usable(enrolment: Enrolment, shown: Sequence[int], wanted: int) -> list[int]:
    said = {i: None if (live := enrolment.lives[i]) is None else live.guidance for i in shown}
    without_wish = [i for i in shown if said[i] is None]
    if len(without_wish) >= wanted:
        return without_wish
    return [i for i in shown if said[i] is None or said[i] in WISHES]


def decided(enrolment: Enrolment, seen: Sittings, rule: FrameRule) -> Comparisons:
    """Every card with every sitting that it is compared with; `live` is the sitting's first picture."""
    card, live = paired(enrolment.pictures)
    starts = {sitting[0]: sitting for sitting in seen.decisions}
    kept = np.isin(live, [*starts, *seen.refused])
    card, live = card[kept], live[kept]
    shown = [starts.get(index, ()) for index in live.tolist()]
    distances = {
        matcher.name: _Distances(enrolment, index, rule).of(card, shown)
        for index, matcher in enumerate(enrolment.matchers)
    }
    return Comparisons(enrolment.pictures, card, live, distances)


@dataclass(frozen=True, slots=True)
class _Distances:
    """One matcher's. `index`: its place among the matchers."""

    enrolment: Enrolment
    index: int
    rule: FrameRule

    def of(self, cards: NDArray[np.intp], shown: Sequence[tuple[int, ...]]) -> Distances:
        found = np.full(len(shown), NOT_ENROLLED)
        some = [n for n, sitting in enumerate(shown) if sitting]
        if self.rule in OF_DISTANCES:
            rows = [[self._apart(cards[n], self._live(i)) for i in shown[n]] for n in some]
            found[some] = OF_DISTANCES[self.rule](np.array(rows)) if rows else []
        else:
            together = {sitting: self._together(sitting) for sitting in set(shown)}
            found[some] = [self._apart(cards[n], together[shown[n]]) for n in some]
        return found

    def _apart(self, card: int, frame: Embedding | None) -> float:
        enrolled = self.enrolment.cards[card]
        if frame is None or enrolled is None or enrolled.embeddings is None:
            return NOT_ENROLLED
        return self.enrolment.matchers[self.index].compare(frame, enrolled.embeddings[self.index])

    def _live(self, picture: int) -> Embedding | None:
        enrolled = self.enrolment.lives[picture]
        return None if enrolled is None or enrolled.embeddings is None else enrolled.embeddings[self.index]

    def _together(self, sitting: tuple[int, ...]) -> Embedding | None:
        """The mean of those frames that have a face, as long as they are: a shorter vector is nearer to all."""
        vectors, weights = [], []
        for picture in sitting:
            vector, enrolled = self._live(picture), self.enrolment.lives[picture]
            if vector is not None and enrolled is not None:
                vectors.append(vector)
                weights.append(weight(enrolled.elements) if self.rule is FrameRule.WEIGHTED else 1.0)
        if not vectors:
            return None
        mean = np.average(vectors, axis=0, weights=weights)
        length = float(np.mean([np.linalg.norm(vector) for vector in vectors]))
        return np.asarray(mean * (length / np.linalg.norm(mean)), np.float32)


LEAST_WEIGHT = 0.01
"""Of a frame that shows next to nothing: a mean needs some weight."""
LEVEL_PITCH = -6.0
"""Degrees, of a level head by the pose model's own signs (`posture.HeadPose`)."""


def weight(elements: Elements | None) -> float:
    """More for a sharp face that looks straight at the camera: no number in it was fitted to anybody.

    Shares of the picture's sharpness that are left, and of a head that faces the camera; 1 where nothing was measured.
    """
    if elements is None:
        return 1.0
    turned = math.radians(elements.yaw or 0.0)
    nodded = math.radians((LEVEL_PITCH if elements.pitch is None else elements.pitch) - LEVEL_PITCH)
    return max(LEAST_WEIGHT, (1.0 - elements.blur) * math.cos(turned) * math.cos(nodded))
