"""The values that a rule works with: three truth values, types that never mix, and refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Any, Final


class Unknown(Enum):
    """The third value."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class RefusalKind(StrEnum):
    """Why a rule cannot be decided at all: a defect of the definition."""

    OPERATOR = "operator"
    ARGUMENTS = "arguments"
    TYPES = "types"
    DEPTH = "depth"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which operator was refused and why; no value is repeated."""

    kind: RefusalKind
    operator: str


class Refused(Exception):  # noqa: N818 - control flow inside this module, never seen outside
    def __init__(self, kind: RefusalKind, operator: str) -> None:
        self.refusal = Refusal(kind, operator)


def truth(value: Any, operator: str) -> bool | Unknown:
    if isinstance(value, bool | Unknown):
        return value
    raise Refused(RefusalKind.TYPES, operator)


def kind(value: Any, operator: str) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            raise Refused(RefusalKind.TYPES, operator)


def equal(one: Any, other: Any, operator: str) -> bool:
    if kind(one, operator) != kind(other, operator):
        raise Refused(RefusalKind.TYPES, operator)
    return bool(one == other)


def day(value: Any, operator: str) -> date:
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Refused(RefusalKind.TYPES, operator)
