"""What a calibration may claim, counted on invented people."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from drivers.face.calibration.making import pairs_needed, too_few
from drivers.face.evaluation.comparisons import Comparisons, paired
from drivers.face.evaluation.data_set import DataSet, Half, Picture, Role, half_of


def women(a_half: int, frames: int) -> DataSet:
    """So many in each half, each with one card and so many live pictures; no picture is read."""
    left = dict.fromkeys(Half, a_half)
    pictures: list[Picture] = []
    for number in count():
        person = f"person-{number}"
        if not any(left.values()):
            break
        if left[half_of(person)]:
            left[half_of(person)] -= 1
            for role, times in ((Role.REFERENCE, 1), (Role.LIVE, frames)):
                for _ in range(times):
                    place = len(pictures)
                    pictures.append(Picture(place + 2, f"{place}.jpg", person, "f", role, ""))
    return DataSet(Path("nowhere"), tuple(pictures))


def test_a_burst_of_frames_makes_no_more_people() -> None:
    """26 people a half are 325 pairs, however many frames of each there are."""
    data = women(26, frames=10)
    every = Comparisons(data.pictures, *paired(data.pictures), {})
    for half in Half:
        assert int(every.in_half(half).sum()) - 26 * 10 == 6500, "comparisons enough for 1e-3, and of no use"
    assert too_few(data, 1e-2) == []
    lacking = too_few(data, 1e-3)
    assert [(one.half, one.person_pairs, one.needed) for one in lacking] == [
        (half, 325, 3000) for half in Half
    ]
    assert str(lacking[0]) == "the choosing half has 325 pairs of people of one sex, 3000 are needed"


def test_how_many_pairs_a_target_needs() -> None:
    assert [pairs_needed(target) for target in (1e-2, 1e-3, 1e-4)] == [300, 3000, 30_000]
