"""Conditions in JsonLogic notation, decided strictly in three values.

Missing data gives `UNKNOWN`, never False: "not told" must not read as "not entitled". Values of
different types are never equal and never ordered; they are refused. What can be decided without
the missing part is decided (`and` with a False, `or` with a True).
"""

from __future__ import annotations

import itertools
import operator as op
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kiosk.catalogue.truth import UNKNOWN, Refusal, RefusalKind, Refused, Unknown, day, equal, kind, truth
from kiosk.identity import age_on

DEPTH_MAX = 16
STEPS_MAX = 500


@dataclass(slots=True)
class _Run:
    facts: Mapping[str, Any]
    steps: int = 0
    depth: int = 0


def decide(rule: Any, facts: Mapping[str, Any]) -> bool | Unknown | Refusal:
    """True, False, UNKNOWN, or a Refusal. A rule that gives no truth value is refused."""
    value = evaluate(rule, facts)
    if isinstance(value, bool | Unknown | Refusal):
        return value
    return Refusal(RefusalKind.TYPES, "result")


def evaluate(rule: Any, facts: Mapping[str, Any]) -> Any:
    """The value of an expression: JSON, UNKNOWN or a Refusal."""
    try:
        return _value(rule, _Run(facts))
    except Refused as refused:
        return refused.refusal


def variables(rule: Any) -> frozenset[str]:
    """Every path that the rule looks at: what lint compares with the fields."""
    if isinstance(rule, list):
        return frozenset().union(*(variables(part) for part in rule))
    if not isinstance(rule, dict):
        return frozenset()
    found: set[str] = set()
    for operator, arguments in rule.items():
        if operator in ("var", "missing"):
            parts = arguments if isinstance(arguments, list) else [arguments]
            found |= {part for part in parts if isinstance(part, str)}
        found |= variables(arguments)
    return frozenset(found)


def _value(rule: Any, run: _Run) -> Any:
    run.steps += 1
    if run.steps > STEPS_MAX:
        raise Refused(RefusalKind.STEPS, "")
    if isinstance(rule, list):
        return [_descend(part, run) for part in rule]
    if not isinstance(rule, dict):
        return rule
    if len(rule) != 1:
        raise Refused(RefusalKind.OPERATOR, "")
    (operator, arguments), *_ = rule.items()
    known = _OPERATORS.get(operator)
    if known is None:
        raise Refused(RefusalKind.OPERATOR, str(operator)[:32])
    handler, least, most = known
    parts = arguments if isinstance(arguments, list) else [arguments]
    if not least <= len(parts) <= most:
        raise Refused(RefusalKind.ARGUMENTS, operator)
    return handler(operator, parts, run)


def _descend(rule: Any, run: _Run) -> Any:
    run.depth += 1
    if run.depth > DEPTH_MAX:
        raise Refused(RefusalKind.DEPTH, "")
    value = _value(rule, run)
    run.depth -= 1
    return value


def _look_up(path: Any, operator: str, run: _Run) -> Any:
    if not isinstance(path, str) or not path:
        raise Refused(RefusalKind.ARGUMENTS, operator)
    value: Any = run.facts
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return UNKNOWN
        value = value[name]
    return UNKNOWN if value is None else value


def _var(operator: str, parts: list[Any], run: _Run) -> Any:
    return _look_up(parts[0], operator, run)


def _missing(operator: str, parts: list[Any], run: _Run) -> list[str]:
    return [path for path in parts if _look_up(path, operator, run) is UNKNOWN]


def _junction(operator: str, parts: list[Any], run: _Run) -> bool | Unknown:
    decisive = operator == "or"
    unknown = False
    for part in parts:
        value = truth(_descend(part, run), operator)
        if value is decisive:
            return decisive
        unknown = unknown or value is UNKNOWN
    return UNKNOWN if unknown else not decisive


def _not(operator: str, parts: list[Any], run: _Run) -> bool | Unknown:
    value = truth(_descend(parts[0], run), operator)
    return value if value is UNKNOWN else not value


def _equality(operator: str, parts: list[Any], run: _Run) -> bool | Unknown:
    one, other = (_descend(part, run) for part in parts)
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return UNKNOWN
    return equal(one, other, operator) == (operator == "==")


_ORDERS = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}


def _order(operator: str, parts: list[Any], run: _Run) -> bool | Unknown:
    values = [_descend(part, run) for part in parts]
    if any(value is not UNKNOWN and kind(value, operator) != "number" for value in values):
        raise Refused(RefusalKind.TYPES, operator)
    if UNKNOWN in values:
        return UNKNOWN
    return all(_ORDERS[operator](a, b) for a, b in itertools.pairwise(values))


def _in(operator: str, parts: list[Any], run: _Run) -> bool | Unknown:
    needle, stack = (_descend(part, run) for part in parts)
    if isinstance(stack, Unknown) or isinstance(needle, Unknown):
        return UNKNOWN
    if not isinstance(stack, list):
        raise Refused(RefusalKind.TYPES, operator)
    found = [value is UNKNOWN or equal(needle, value, operator) for value in stack]
    if any(hit and value is not UNKNOWN for hit, value in zip(found, stack, strict=True)):
        return True
    return UNKNOWN if UNKNOWN in stack else False


def _if(operator: str, parts: list[Any], run: _Run) -> Any:
    if len(parts) % 2 == 0:
        raise Refused(RefusalKind.ARGUMENTS, operator)
    for i in range(0, len(parts) - 1, 2):
        condition = truth(_descend(parts[i], run), operator)
        if condition is UNKNOWN:
            return UNKNOWN
        if condition:
            return _descend(parts[i + 1], run)
    return _descend(parts[-1], run)


def _of_days(operator: str, parts: list[Any], run: _Run) -> int | Unknown:
    first, second = (_descend(part, run) for part in parts)
    if isinstance(first, Unknown) or isinstance(second, Unknown):
        return UNKNOWN
    one, other = day(first, operator), day(second, operator)
    return age_on(one, other) if operator == "age_on" else (other - one).days


def _count(operator: str, parts: list[Any], run: _Run) -> int | Unknown:
    value = _descend(parts[0], run)
    if isinstance(value, Unknown):
        return UNKNOWN
    if not isinstance(value, list):
        raise Refused(RefusalKind.TYPES, operator)
    return len(value)


def _cat(operator: str, parts: list[Any], run: _Run) -> str | Unknown:
    values = [_descend(part, run) for part in parts]
    if any(value is not UNKNOWN and not isinstance(value, str) for value in values):
        raise Refused(RefusalKind.TYPES, operator)
    return UNKNOWN if UNKNOWN in values else "".join(values)


def _region_in(operator: str, parts: list[Any], run: _Run) -> bool | Unknown:
    region, prefixes = (_descend(part, run) for part in parts)
    if isinstance(region, Unknown) or isinstance(prefixes, Unknown):
        return UNKNOWN
    if not isinstance(region, str) or not isinstance(prefixes, list):
        raise Refused(RefusalKind.TYPES, operator)
    if not all(isinstance(prefix, str) and prefix for prefix in prefixes):
        raise Refused(RefusalKind.TYPES, operator)
    return any(region.startswith(prefix) for prefix in prefixes)


_Handler = Callable[[str, list[Any], _Run], Any]
_MANY = 64
_OPERATORS: dict[str, tuple[_Handler, int, int]] = {
    "var": (_var, 1, 1),
    "missing": (_missing, 1, _MANY),
    "and": (_junction, 1, _MANY),
    "or": (_junction, 1, _MANY),
    "!": (_not, 1, 1),
    "==": (_equality, 2, 2),
    "!=": (_equality, 2, 2),
    "<": (_order, 2, 3),
    "<=": (_order, 2, 3),
    ">": (_order, 2, 2),
    ">=": (_order, 2, 2),
    "in": (_in, 2, 2),
    "if": (_if, 3, _MANY),
    "age_on": (_of_days, 2, 2),
    "date_diff": (_of_days, 2, 2),
    "count": (_count, 1, 1),
    "cat": (_cat, 1, _MANY),
    "region_in": (_region_in, 2, 2),
}
"""Operator -> (how, fewest, most arguments). `date_diff` is in days, second minus first."""
