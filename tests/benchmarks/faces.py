"""Face verification on a folder of portraits: error rates of each matcher and of the accept rule, speed, memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.face.card_photos import CONDITIONS, JPEG_1024, JPEG_2048, Condition
from drivers.face.embedder import Embedder
from drivers.face.evaluation.data_set import read_data_set
from drivers.face.evaluation.enrolment import Enrolment, enrol
from drivers.face.evaluation.report import RULE, Curve, Row, check_people, curves, rows
from tests.benchmarks.faces_frames import acquisition, over_frames
from tests.benchmarks.faces_plot import write_det_plot
from tests.benchmarks.faces_speed import faces_speed
from tests.benchmarks.faces_visit import faces_visit
from tests.benchmarks.figures import Figure, RateFigure
from tests.benchmarks.village import SETUP

GROUP_FMR_PERCENT = 0.2
"""Goal for every demographic group, at the limit for an FMR of 1e-3 of everybody."""
GOALS_PERCENT = {
    # (condition, kind, FMR that the limits are for) -> goal; the last two are the accept rule's alone.
    (JPEG_2048.name, "FNMR", 1e-3): 2.0,
    (JPEG_1024.name, "FNMR", 1e-3): 5.0,
    (JPEG_2048.name, "FNMR", 1e-4): 5.0,
    (JPEG_1024.name, "FNMR", 1e-4): 10.0,
}
TOLD_EVERY = 25


def faces(
    say: Callable[[str], None], folder: Path, *, plot: Path | None = None, cache: Path | None = None
) -> list[Figure]:
    """All figures of the folder, in some minutes. `DataSetError` for a folder that is not of the form,
    `TooFewPeopleError` for one on which no limit can be chosen.

    `plot`: a PNG of the DET curves; `cache`: a folder that keeps the embeddings, which are personal.
    """
    data = read_data_set(folder)
    check_people(data.pictures)
    for warning in data.warnings:
        say(str(warning))
    figures: list[Figure] = []

    def tell(done: int, of: int) -> None:
        if done % TOLD_EVERY == 0 or done == of:
            say(f"embedding {done} of {of}")

    enrolments = enrol(data, Embedder(SETUP / "models"), CONDITIONS, tell=tell, cache=cache)
    drawn: dict[str, list[Curve]] = {}
    for condition, enrolment in enrolments.items():
        say(f"error rates, card's photo: {condition.name}")
        figures += _rates(condition, enrolment)
        drawn[condition.name] = curves(enrolment.compare())
        say(f"decisions over several frames, card's photo: {condition.name}")
        figures += over_frames(condition, enrolment)
    if plot is not None:
        write_det_plot(plot, drawn)
    figures += [*acquisition(enrolments[JPEG_2048]), *_gate(enrolments[JPEG_2048])]
    # Last, so that no rate depends on how fast this machine is.
    say("times on one core, and memory")
    figures += faces_speed(data, say)
    say("whole visits through the terminal's own processes")
    return [*figures, *faces_visit(say)]


def _rates(condition: Condition, enrolment: Enrolment) -> Iterator[Figure]:
    for side, (failed, tried) in enrolment.not_enrolled().items():
        name, value = f"{condition.name} {side} FTE", 100 * failed / tried if tried else math.nan
        labels = {"condition": condition.name, "side": side, "kind": "FTE"}
        beside = {"errors": float(failed), "attempts": float(tried)}
        yield RateFigure(name, value, "%", None, beside, labels, measurable=tried > 0)
    for row in rows(enrolment.compare()):
        yield _figure(condition, row)


def _figure(condition: Condition, row: Row) -> Figure:
    labels = {"condition": condition.name, "system": row.system, "kind": row.kind, "people": row.people}
    at = f" at FMR {row.target:g}" if row.target else ""
    beside = {"low": 100 * row.rate.low, "high": 100 * row.rate.high}
    if row.rate.comparisons:
        beside |= {
            "errors": row.rate.errors,
            "comparisons": row.rate.comparisons,
            "person_pairs": row.rate.person_pairs,
        }
    beside |= {f"limit_{name}": limit for name, limit in row.limits.items()}
    goal = _goal(condition, row)
    measurable = row.measurable
    if goal is not None:
        enough = row.rate.measurable(goal / 100) if row.kind == "FMR" else row.measurable
        # As few as there are can still show that it is missed.
        measurable = enough or 100 * row.rate.low > goal
    return RateFigure(
        f"{condition.name} {row.system} {row.people} {row.kind}{at}",
        100 * row.value,
        "%",
        goal,
        {name: value for name, value in beside.items() if not math.isnan(value)},
        {**labels, "target_fmr": f"{row.target:g}"} if row.target else labels,
        measurable,
    )


def _goal(condition: Condition, row: Row) -> float | None:
    if row.people == "all" and (row.system == RULE or row.target > 1e-4):
        return GOALS_PERCENT.get((condition.name, row.kind, row.target))
    if row.kind == "FMR" and row.target == 1e-3 and row.people not in {"all", "any sex", "f", "m"}:
        return GROUP_FMR_PERCENT
    return None


def _gate(enrolment: Enrolment) -> list[Figure]:
    """What the gate would say of the pictures at their own size, where small ones are "come closer"."""
    frames = sum(enrolled is not None for enrolled in enrolment.lives)
    refused = {word: float(count) for word, count in enrolment.guidance().items()}
    share = 100 * sum(refused.values()) / frames if frames else math.nan
    return [
        Figure(
            "live pictures that the quality gate refuses at their size",
            share,
            "%",
            None,
            {"frames": frames, **refused},
        )
    ]
