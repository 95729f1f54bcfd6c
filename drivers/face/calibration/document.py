"""The form of a calibration, version 3: what is allowed, for which models, cards and time, and what was measured.

Every field is checked and an unknown one is refused, since a field that nobody reads is a wish that
nobody keeps.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drivers.face.calibration.card_class import CardClass
from drivers.face.evaluation.rates import measurable
from drivers.face.evaluation.rule import SAY

SCHEMA: Final = "jiujin.face-calibration/3"
LARGEST_DISTANCE = 2.0
"""Between two vectors of unit length: a limit there would accept everybody."""
LONGEST = timedelta(days=5 * 366)
"""Faces and cards change: no calibration counts for longer."""
WARNED_BEFORE = timedelta(days=60)
"""A new calibration needs people who agree, pictures of several days, measuring and a way to each terminal."""
LAXEST_TARGET = 1e-3
"""Outside the demo: of a thousand comparisons of a stranger's face with the card's photo one may be accepted, no more.
A visit makes one for each try, of which it has three.
"""
DIFFERENTIAL = 10.0
"""How many times the target a sex or a group may reach. Face recognition in use was found to take people of some
groups for each other 10 to 100 times as often as others (demographic differentials, NIST IR 8280): a matcher at
the mild end of that stays usable, one beyond it is no proof for the people who live there.
"""
RULE: Final = "every matcher clears its limit, median over the frames and last frame"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/+-]{0,79}$")]
Preparation = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/+-]{0,159}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Limit = Annotated[float, Field(gt=0, lt=LARGEST_DISTANCE)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=2**40)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Figure(_Part):
    """A rate on people who had no part in the choice. `low`, `high`: 95 %, people drawn anew; without an
    error `high` is 3 / person_pairs. `measurable`: enough pairs of people to speak of the target at all, where
    the limits were chosen and here.
    """

    rate: Literal["FMR", "FNMR"]
    people: Annotated[str, Field(min_length=1, max_length=80)]
    errors: Count
    comparisons: Count
    person_pairs: Count
    low: Share | None
    high: Share | None
    measurable: bool

    @property
    def value(self) -> float:
        return self.errors / self.comparisons if self.comparisons else 0.0

    def misses(self, target_fmr: float) -> bool:
        """A false match rate that shows the target not kept: over all people above it, for a sex or a group
        above `DIFFERENTIAL` times of it, where there are pairs of people enough for that bound or the whole
        interval lies above. What is proved has enough; of fewer one error says nothing.
        """
        if self.rate != "FMR":
            return False
        bound = target_fmr if self.people == "all" else DIFFERENTIAL * target_fmr
        certain = measurable(bound, self.person_pairs) or (self.low or 0.0) > bound
        return certain and self.value > bound


class AtTarget(_Part):
    """The limits that would have used the target up, without a margin, and their errors on the same half: what
    the margin costs.
    """

    limits: dict[Name, Limit]
    false_matches: Count
    false_non_matches: Count


class Chosen(_Part):
    """The half on which the limits were chosen. `person_pairs`: different pairs of people among the impostors.
    `fmr_upper`: one-sided 95 % bound of the rate there, which keeps the target where the pairs suffice for it.
    """

    impostors: Count
    person_pairs: Count
    false_matches: Count
    fmr_upper: Share
    alone: dict[Name, Count]
    """Matcher -> how many of the impostors it would accept by itself."""
    genuine: Count
    false_non_matches: Count
    at_target: AtTarget

    @property
    def each_has_a_say(self) -> bool:
        return all(accepted <= SAY * self.impostors for accepted in self.alone.values())

    @property
    def bound_is_possible(self) -> bool:
        """No data show less than the rate itself, or than 3 / pairs."""
        least = max(self.false_matches / max(1, self.impostors), min(1.0, 3 / max(1, self.person_pairs)))
        return self.fmr_upper >= least * (1 - 1e-9)


class OfClass(_Part):
    """One class of card photos: its limits (matcher -> largest accepted distance) and what was measured."""

    limits: dict[Name, Limit]
    chosen_on: Chosen
    reported: Annotated[list[Figure], Field(max_length=200)]
    not_enrolled: dict[Literal["card", "live"], tuple[Count, Count]]
    """Pictures on which no face was found, and pictures in all."""

    def missed(self, target_fmr: float) -> list[Figure]:
        """What shows that the target is not kept: nobody's wish lifts that."""
        return [figure for figure in self.reported if figure.misses(target_fmr)]


class DataUsed(_Part):
    """The folder that was measured, never a person of it. `pictures_sha256`: of the files' names and digests."""

    about: Annotated[str, Field(max_length=400)]
    table_sha256: Digest
    pictures_sha256: Digest
    pictures: Count
    persons: Count
    choosing_persons: Count
    reporting_persons: Count
    real_card_photos: bool
    """The references came out of cards; else cards' photos were made from portraits."""


class Document(_Part):
    """The whole of a calibration; `matchers`: name -> SHA-256 of the model's file."""

    schema_: Literal["jiujin.face-calibration/3"] = Field(alias="schema")
    id: Name
    made_on: date
    valid_until: date
    pipeline: dict[Name, Preparation]
    """Matcher -> how a face is found and prepared for it: points, alignment, mirrored or not, sizes."""
    matchers: Annotated[dict[Name, Digest], Field(min_length=1, max_length=8)]
    rule: Literal["every matcher clears its limit, median over the frames and last frame"]
    target_fmr: Annotated[float, Field(gt=0, lt=1)]
    unmeasurable_accepted: bool
    """The data were too few to show the target, and somebody wanted the calibration all the same."""
    card_classes: Annotated[dict[CardClass, OfClass], Field(min_length=1)]
    data: DataUsed
    tool_sha256: Digest
    """Of the program text that embedded, chose and measured."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if not self.made_on <= self.valid_until <= self.made_on + LONGEST:
            message = "valid_until must follow made_on, by five years at most"
            raise ValueError(message)
        if set(self.pipeline) != set(self.matchers):
            message = "pipeline: one preparation for each matcher, and for no other"
            raise ValueError(message)
        for name, one in self.card_classes.items():
            chosen = one.chosen_on
            if any(
                set(of) != set(self.matchers) for of in (one.limits, chosen.alone, chosen.at_target.limits)
            ):
                message = f"{name}: one limit for each matcher, and for no other"
                raise ValueError(message)
            if not chosen.each_has_a_say:
                message = f"{name}: a matcher by itself accepts more than {SAY:.0%} of the impostors"
                raise ValueError(message)
            enough = measurable(self.target_fmr, chosen.person_pairs)
            if not chosen.bound_is_possible or (enough and chosen.fmr_upper > self.target_fmr * (1 + 1e-12)):
                message = f"{name}: {chosen.fmr_upper:g} is no bound that keeps the target"
                raise ValueError(message)
            if any(figure.measurable for figure in one.reported if figure.rate == "FMR") and not enough:
                message = f"{name}: limits chosen on so few pairs of people make nothing measurable"
                raise ValueError(message)
            for figure in one.reported:
                few = not measurable(self.target_fmr, figure.person_pairs)
                if figure.rate == "FMR" and figure.measurable and few:
                    message = f"{name}: {figure.person_pairs} pairs of people are too few to be measurable"
                    raise ValueError(message)
            if missed := one.missed(self.target_fmr):
                message = f"{name}: the target is not kept by {missed[0].people}"
                raise ValueError(message)
        if not self.unmeasurable_accepted and self.unmeasurable():
            message = "the target is not measurable, and nobody accepted that"
            raise ValueError(message)
        return self

    @property
    def warned_from(self) -> date:
        """The first day on which its end is announced: in the last third of a short one."""
        return self.valid_until - min(WARNED_BEFORE, (self.valid_until - self.made_on) / 3)

    def unmeasurable(self) -> list[str]:
        """Card classes for which the data cannot show the target over all people."""
        return [
            name.value
            for name, one in self.card_classes.items()
            if not any(f.rate == "FMR" and f.people == "all" and f.measurable for f in one.reported)
        ]
