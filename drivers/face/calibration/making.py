"""A calibration from a folder of portraits: limits chosen with a margin on one half of the people, rates reported on the other."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from drivers.face.calibration.card_class import SMALL, CardClass, classes_of
from drivers.face.calibration.document import (
    DIFFERENTIAL,
    RULE,
    SCHEMA,
    AtTarget,
    Chosen,
    DataUsed,
    Document,
    Figure,
    OfClass,
)
from drivers.face.calibration.margin import choose_with_margin
from drivers.face.card_photos import CONDITIONS, ORIGINAL, Condition
from drivers.face.embedder import Embedder
from drivers.face.evaluation.comparisons import Comparisons, paired
from drivers.face.evaluation.data_set import (
    PICTURES,
    TABLE,
    DataSet,
    DataSetError,
    Half,
    Problem,
    Role,
    half_of,
)
from drivers.face.evaluation.enrolment import Enrolment, Tell, code_id, enrol
from drivers.face.evaluation.intervals import person_pairs
from drivers.face.evaluation.rates import measurable
from drivers.face.evaluation.report import RULE as RULE_NAME
from drivers.face.evaluation.report import Row, check_people, rates_at

OWN_CODE = ("calibration", "evaluation")


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a calibration."""

    id: str
    target_fmr: float
    classes: tuple[CardClass, ...]
    made_on: date
    valid_until: date
    about: str = ""
    unmeasurable_accepted: bool = False
    real_card_photos: bool = False
    """The references are photos out of cards: nothing is simulated, and the limits are for cards alone."""


@dataclass(frozen=True, slots=True)
class TooFew:
    """A half of the data has fewer pairs of people than the target needs."""

    half: Half
    person_pairs: int
    needed: int

    def __str__(self) -> str:
        return f"the {self.half} half has {self.person_pairs} pairs of people of one sex, {self.needed} are needed"


class MissedError(ValueError):
    """People who had no part in the choice were accepted for each other more often than the target."""


def pairs_needed(target_fmr: float) -> int:
    """Rule of three: with no pair of people accepted among so many, the rate is below the target with 95 %."""
    return math.ceil(3 / target_fmr - 1e-6)


def too_few(data: DataSet, target_fmr: float) -> list[TooFew]:
    """Counted before minutes of work. `TooFewPeopleError` where nothing at all can be chosen."""
    check_people(data.pictures)
    every = Comparisons(data.pictures, *paired(data.pictures), {})
    found = []
    for half in Half:
        pairs = person_pairs(every.only(every.in_half(half) & every.same_sex_impostors))
        if not measurable(target_fmr, pairs):
            found.append(TooFew(half, pairs, pairs_needed(target_fmr)))
    return found


def make(data: DataSet, embedder: Embedder, order: Order, tell: Tell, say: Callable[[str], None]) -> Document:
    """The calibration, unsigned. About 0.3 s a picture on one core, then a minute for each class's intervals.

    `MissedError` when the figures of the other half do not keep the target (`Figure.misses`); `TooFewPeopleError`,
    `DataSetError` when the folder cannot be measured.
    """
    if order.real_card_photos:
        _only_card_photos(data)
    counts_for = _classes_by_condition(order)
    enrolments = enrol(data, embedder, list(counts_for), tell=tell)
    classes: dict[CardClass, OfClass] = {}
    for condition, names in counts_for.items():
        say(condition.name)
        classes |= dict.fromkeys(names, _of_class(condition.name, enrolments[condition], order.target_fmr))
    halves = [half_of(person) for person in _general(data)]
    return Document(
        schema=SCHEMA,
        id=order.id,
        made_on=order.made_on,
        valid_until=order.valid_until,
        pipeline=embedder.pipeline(),
        matchers={matcher.name: matcher.model_hash for matcher in embedder.matchers},
        rule=RULE,
        target_fmr=order.target_fmr,
        unmeasurable_accepted=order.unmeasurable_accepted,
        card_classes=classes,
        data=DataUsed(
            about=order.about,
            table_sha256=hashlib.sha256((data.folder / TABLE).read_bytes()).hexdigest(),
            pictures_sha256=_pictures_digest(data),
            pictures=len(data.pictures),
            persons=len({picture.person for picture in data.pictures}),
            choosing_persons=halves.count(Half.CHOOSING),
            reporting_persons=halves.count(Half.REPORTING),
            real_card_photos=order.real_card_photos,
        ),
        tool_sha256=_tool_digest(embedder),
    )


def _classes_by_condition(order: Order) -> dict[Condition, list[CardClass]]:
    """A real card does not tell how many bytes its codec's JPEG would be: it is of both small classes."""
    if order.real_card_photos:
        return {ORIGINAL: sorted(SMALL)}
    return {one: [CardClass(one.name)] for one in CONDITIONS if one.name in order.classes}


def _only_card_photos(data: DataSet) -> None:
    wrong = [
        Problem(picture.line, "file", "is no card's photo (102 x 126); portraits have no --real-card-photos")
        for picture in data.pictures
        if picture.role is not Role.LIVE and not classes_of(data.read(picture))
    ]
    if wrong:
        raise DataSetError(wrong)


def _of_class(name: str, enrolment: Enrolment, target: float) -> OfClass:
    every = enrolment.compare()
    choosing, reporting = (every.only(every.in_half(half)) for half in (Half.CHOOSING, Half.REPORTING))
    margin = choose_with_margin(choosing, target)
    chosen, at_target = margin.chosen, margin.at_target
    rows = rates_at(every, reporting, RULE_NAME, target, chosen)
    of_class = OfClass(
        limits=dict(chosen.limits),
        chosen_on=Chosen(
            impostors=chosen.impostors,
            person_pairs=chosen.person_pairs,
            false_matches=chosen.false_matches,
            fmr_upper=margin.fmr_upper,
            alone=dict(margin.alone),
            genuine=chosen.genuine,
            false_non_matches=chosen.false_non_matches,
            at_target=AtTarget(
                limits=dict(at_target.limits),
                false_matches=at_target.false_matches,
                false_non_matches=at_target.false_non_matches,
            ),
        ),
        reported=[_figure(row) for row in rows],
        not_enrolled={"card": enrolment.not_enrolled()["card"], "live": enrolment.not_enrolled()["live"]},
    )
    if missed := of_class.missed(target):
        raise MissedError("; ".join(_not_kept(name, figure, target) for figure in missed))
    return of_class


def _not_kept(name: str, figure: Figure, target: float) -> str:
    counted = f"{figure.errors} of {figure.comparisons} impostors of the reporting half ({figure.people}) were accepted"
    if figure.people == "all":
        return f"{name}: {counted}, more than the target {target:g}: add people, or ask for a stricter target"
    bound = DIFFERENTIAL * target
    return (
        f"{name}: {counted}, more than {DIFFERENTIAL:g} times the target, {bound:g}: add people of that kind"
    )


def _figure(row: Row) -> Figure:
    def known(bound: float) -> float | None:
        return None if math.isnan(bound) else min(1.0, max(0.0, bound))

    return Figure(
        rate="FMR" if row.kind == "FMR" else "FNMR",
        people=row.people,
        errors=row.rate.errors,
        comparisons=row.rate.comparisons,
        person_pairs=row.rate.person_pairs,
        low=known(row.rate.low),
        high=known(row.rate.high),
        measurable=row.measurable,
    )


def _general(data: DataSet) -> set[str]:
    return {picture.person for picture in data.pictures if picture.role is not Role.SINGLE}


def _pictures_digest(data: DataSet) -> str:
    """So that whoever has the folder can show that these pictures were meant, and nobody can learn one from it."""
    digest = hashlib.sha256()
    for picture in sorted(data.pictures, key=lambda one: one.file):
        of_file = hashlib.sha256(data.read(picture)).hexdigest()
        digest.update(f"{PICTURES}/{picture.file} {of_file}\n".encode())
    return digest.hexdigest()


def _tool_digest(embedder: Embedder) -> str:
    digest = hashlib.sha256(code_id(embedder).encode())
    room = Path(__file__).resolve().parent.parent
    for file in sorted(file for name in OWN_CODE for file in (room / name).glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
