"""What a benchmark reports."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `goal` is an upper bound in the same unit, None where there is none to reach.

    `beside`: what else was measured in the same run, the reference of a ratio first. NaN, here and there,
    is what was not measured: `null` in JSON, "unknown" in a line, never 0.
    """

    name: str
    value: float
    unit: str
    goal: float | None
    beside: Mapping[str, float]

    @property
    def reached(self) -> bool | None:
        return None if self.goal is None or math.isnan(self.value) else self.value <= self.goal

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("name", "unit", "goal")}
        plain["value"] = _known(self.value)
        plain["beside"] = {name: _known(value) for name, value in self.beside.items()}
        return {**plain, "reached": self.reached}

    def line(self) -> str:
        sign = {None: " ", True: "✓", False: "✗"}[self.reached]
        goal = "" if self.goal is None else f" (goal {self.goal:g})"
        beside = ", ".join(f"{name} {_in_words(value, 4)}" for name, value in self.beside.items())
        return f" {sign} {self.name}: {_in_words(self.value, 3)} {self.unit}{goal}  [{beside}]"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def _in_words(value: float, digits: int) -> str:
    return "unknown" if math.isnan(value) else f"{value:.{digits}g}"


@dataclass(frozen=True, slots=True)
class RateFigure(Figure):
    """A rate in per cent. `measurable`: whether there were comparisons enough to say that the goal is reached."""

    labels: Mapping[str, str]
    measurable: bool

    @property
    def reached(self) -> bool | None:
        return Figure.reached.__get__(self) if self.measurable else None

    @property
    def verdict(self) -> str:
        if not self.measurable:
            return "not measurable"
        return {None: "", True: "reached", False: "not reached"}[self.reached]

    def to_json(self) -> dict[str, Any]:
        return {**Figure.to_json(self), "labels": dict(self.labels), "verdict": self.verdict}

    def line(self) -> str:
        return Figure.line(self) + (
            f"  {self.verdict}" if self.goal is not None or not self.measurable else ""
        )


def percentile(values: Sequence[float], per_cent: int) -> float:
    """The value below which `per_cent` of the values lie; one value is its own, of none it is unknown (NaN)."""
    if len(values) < 2:
        return values[0] if values else math.nan
    return statistics.quantiles(values, n=100, method="inclusive")[per_cent - 1]


class Suite(Protocol):
    """`say` is told what is being measured; `full` asks for the long form, where there is one."""

    def __call__(self, say: Callable[[str], None], *, full: bool) -> list[Figure]: ...
