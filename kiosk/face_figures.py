"""A calibration in words and figures, as `face calibrate` and `face show` print it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from drivers.contract import Cause
from kiosk.causes import CAUSES

if TYPE_CHECKING:
    from drivers.face.calibration.document import Chosen, Document, Figure


def lines_of(document: Document) -> list[str]:
    """A calibration in words and figures."""
    data = document.data
    people = (
        f"{data.persons} 人 people ({data.choosing_persons} choosing, {data.reporting_persons} reporting)"
    )
    lines = [
        f"{document.id}  {document.made_on} … {document.valid_until}",
        f"目标 target FMR {document.target_fmr:g}; {document.rule}",
        *(f"{name}  {document.pipeline[name]}  {digest}" for name, digest in document.matchers.items()),
        f"{people}, {data.pictures} 张 pictures, {_PHOTOS[data.real_card_photos]}",
    ]
    if data.about:
        lines.append(data.about)
    if document.unmeasurable_accepted:
        few = ", ".join(document.unmeasurable()) or "-"
        lines.append(f"! 数据太少，未能证明目标 / too few data to show the target: {few}")
    for name, one in document.card_classes.items():
        lines += [
            "",
            f"{name.value}: {_limits(one.limits)}",
            *_choosing_lines(one.chosen_on, document.target_fmr),
            _HEAD,
        ]
        lines += [_figure_line(figure) for figure in one.reported]
    return lines


def ends_soon_lines() -> list[str]:
    """In the words of the health that central operations see."""
    text = CAUSES[Cause.FACE_CALIBRATION_ENDING.value]
    return [
        f" ! {text.technician['zh']} / {text.technician['en']}",
        f"     → {text.action['zh']} / {text.action['en']}",
    ]


def _limits(limits: Mapping[str, float]) -> str:
    return ", ".join(f"{matcher} ≤ {limit:g}" for matcher, limit in limits.items())


def _choosing_lines(chosen: Chosen, target_fmr: float) -> list[str]:
    """The errors on the choosing half, how far they bound the rate, and what the margin costs."""
    without = chosen.at_target
    of = f"of {chosen.impostors} impostors ({chosen.person_pairs} pairs of people) accepted"
    missed = f"of {chosen.genuine} not recognised"
    errors = f"{without.false_matches} accepted, {without.false_non_matches} not recognised"
    kept = "≤" if chosen.fmr_upper <= target_fmr else "> 目标 target, 不可测 not measurable:"
    return [
        f"  choosing: {chosen.false_matches} {of}, {chosen.false_non_matches} {missed}",
        f"  单独放行 accepted by each alone: {', '.join(f'{name} {n}' for name, n in chosen.alone.items())}",
        f"  95 % 上限 upper bound: FMR {chosen.fmr_upper:.4%} {kept} {target_fmr:.4%}",
        f"  不留余量 without margin: {_limits(without.limits)}: {errors}",
    ]


_PHOTOS = {True: "真证件照片 real card photos", False: "模拟证件照片 simulated card photos"}
_HEAD = f"  {'':4} {'people':12} {'errors':>7} {'of':>8} {'rate':>9}   95 %"


def _figure_line(figure: Figure) -> str:
    span = "-" if figure.high is None else f"{figure.low or 0:.3%} … {figure.high:.3%}"
    note = "" if figure.measurable or figure.rate == "FNMR" else "  不可测 not measurable"
    counted = f"{figure.errors:>7} {figure.comparisons:>8} {figure.value:>9.3%}"
    return f"  {figure.rate:4} {figure.people:12} {counted}   {span}{note}"
