"""Who is compared with whom, and how far apart every matcher finds them.

A card's photo is compared with every live frame of the people who have both; people with a single
picture are compared with the others of their group only, each as the card and as the frame, and
never take part in choosing a limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drivers.face.evaluation.data_set import Half, Picture, Role, half_of

Distances = NDArray[np.float64]
Mask = NDArray[np.bool_]

NOT_ENROLLED = np.inf
"""The distance where one of the two has no embedding: it clears no limit."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """n comparisons under one card-photo condition.

    `card`, `live`: (n,) indices into `pictures`; `distances`: matcher -> (n,), `NOT_ENROLLED` where
    a picture could not be embedded.
    """

    pictures: tuple[Picture, ...]
    card: NDArray[np.intp]
    live: NDArray[np.intp]
    distances: Mapping[str, Distances]

    def __len__(self) -> int:
        return len(self.card)

    def only(self, mask: Mask) -> Comparisons:
        kept = {name: values[mask] for name, values in self.distances.items()}
        return replace(self, card=self.card[mask], live=self.live[mask], distances=kept)

    def people(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(n,) and (n,): a number for the person on either side."""
        numbers: dict[str, int] = {}
        of_picture = [numbers.setdefault(picture.person, len(numbers)) for picture in self.pictures]
        every = np.array(of_picture, np.intp)
        return every[self.card], every[self.live]

    @property
    def genuine(self) -> Mask:
        one, other = self.people()
        return np.asarray(one == other, np.bool_)

    @property
    def same_sex_impostors(self) -> Mask:
        """The honest impostor: somebody else who shows a card of the own sex."""
        return ~self.genuine & self._same([picture.sex for picture in self.pictures])

    @property
    def general(self) -> Mask:
        """Without the people who have a single picture."""
        single = np.array([picture.role is Role.SINGLE for picture in self.pictures])
        return np.asarray(~(single[self.card] | single[self.live]), np.bool_)

    def of_sex(self, sex: str) -> Mask:
        return self._both([picture.sex == sex for picture in self.pictures])

    def of_group(self, group: str) -> Mask:
        return self._both([picture.group == group for picture in self.pictures])

    def in_half(self, half: Half) -> Mask:
        """General comparisons with both people in this half."""
        return self.general & self._both([half_of(picture.person) is half for picture in self.pictures])

    @property
    def held_out(self) -> Mask:
        """Where nobody took part in choosing: the reporting half, and the people with a single picture."""
        unseen = [
            picture.role is Role.SINGLE or half_of(picture.person) is Half.REPORTING
            for picture in self.pictures
        ]
        return self._both(unseen)

    @property
    def enrolled(self) -> Mask:
        """Where both pictures have an embedding; the same for every matcher."""
        kept: Mask = np.ones(len(self), np.bool_)
        for values in self.distances.values():
            kept &= np.isfinite(values)
        return kept

    def groups(self) -> list[str]:
        return sorted({picture.group for picture in self.pictures} - {""})

    def _same(self, labels: Sequence[str]) -> Mask:
        values = np.array(labels)
        return np.asarray(values[self.card] == values[self.live], np.bool_)

    def _both(self, labels: Sequence[bool]) -> Mask:
        values = np.array(labels, np.bool_)
        return np.asarray(values[self.card] & values[self.live], np.bool_)


def paired(pictures: Sequence[Picture]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The card's and the frame's index of every comparison that is made."""
    cards, lives = [], []
    for i, card in enumerate(pictures):
        for j, live in enumerate(pictures):
            among_singles = card.role is live.role is Role.SINGLE and i != j and card.group == live.group
            if among_singles or (card.role is Role.REFERENCE and live.role is Role.LIVE):
                cards.append(i)
                lives.append(j)
    return np.array(cards, np.intp), np.array(lives, np.intp)
