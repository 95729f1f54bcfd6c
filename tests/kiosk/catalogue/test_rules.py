from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.catalogue.rules import DEPTH_MAX, STEPS_MAX, decide, evaluate, variables
from kiosk.catalogue.truth import UNKNOWN, Refusal, RefusalKind

FACTS: dict[str, Any] = {
    "age": 78,
    "name": "甲",
    "kinds": ["a", "b"],
    "born": "1948-03-12",
    "today": "2026-11-25",
    "person": {"region": "110199001001", "gone": None},
    "yes": True,
}


def v(path: str) -> dict[str, str]:
    return {"var": path}


DECIDED: list[tuple[Any, Any]] = [
    ({">=": [v("age"), 60]}, True),
    ({">=": [v("missing"), 60]}, UNKNOWN),
    ({"<": [1, v("age"), 100]}, True),
    ({"<": [1, v("missing"), 100]}, UNKNOWN),
    ({"==": [v("name"), "甲"]}, True),
    ({"!=": [v("name"), "甲"]}, False),
    ({"!=": [v("missing"), "甲"]}, UNKNOWN),
    ({"==": [v("person.gone"), "x"]}, UNKNOWN),
    ({"==": [v("name.deeper"), "x"]}, UNKNOWN),
    ({"and": [{"==": [v("missing"), 1]}, {"==": [1, 2]}]}, False),
    ({"and": [{"==": [v("missing"), 1]}, v("yes")]}, UNKNOWN),
    ({"or": [{"==": [v("missing"), 1]}, v("yes")]}, True),
    ({"or": [{"==": [v("missing"), 1]}, {"!": v("yes")}]}, UNKNOWN),
    ({"!": {"==": [v("missing"), 1]}}, UNKNOWN),
    ({"in": ["a", v("kinds")]}, True),
    ({"in": ["z", v("kinds")]}, False),
    ({"in": ["z", [v("missing"), "a"]]}, UNKNOWN),
    ({"in": ["a", [v("missing"), "a"]]}, True),
    ({"if": [v("yes"), {"==": [1, 1]}, {"==": [1, 2]}]}, True),
    ({"if": [{"==": [v("missing"), 1]}, True, False]}, UNKNOWN),
    ({">=": [{"age_on": [v("born"), v("today")]}, 78]}, True),
    ({"==": [{"date_diff": ["2026-11-24", v("today")]}, 1]}, True),
    ({">": [{"age_on": [v("missing"), v("today")]}, 1]}, UNKNOWN),
    ({"==": [{"count": v("kinds")}, 2]}, True),
    ({"==": [{"count": {"missing": ["age", "missing", "person.gone"]}}, 2]}, True),
    ({"region_in": [v("person.region"), ["1102", "110199"]]}, True),
    ({"region_in": [v("person.region"), ["1102"]]}, False),
    (True, True),
]
REFUSED: list[tuple[Any, RefusalKind]] = [
    ({"==": [1, "1"]}, RefusalKind.TYPES),
    ({"==": [True, 1]}, RefusalKind.TYPES),
    ({">": [True, 0]}, RefusalKind.TYPES),
    ({">": ["b", "a"]}, RefusalKind.TYPES),
    ({">": [{"var": "missing"}, "a"]}, RefusalKind.TYPES),
    ({"and": [1, True]}, RefusalKind.TYPES),
    ({"!": "text"}, RefusalKind.TYPES),
    ({"in": ["a", "abc"]}, RefusalKind.TYPES),
    ({"age_on": ["1948-02-31", "2026-01-01"]}, RefusalKind.TYPES),
    ({"count": "abc"}, RefusalKind.TYPES),
    ({"region_in": ["1", [""]]}, RefusalKind.TYPES),
    (5, RefusalKind.TYPES),
    ({"cat": ["a", "b"]}, RefusalKind.TYPES),
    ({"substr": ["abc", 1]}, RefusalKind.OPERATOR),
    ({"map": [[1], True]}, RefusalKind.OPERATOR),
    ({"==": [1, 1], "!=": [1, 1]}, RefusalKind.OPERATOR),
    ({}, RefusalKind.OPERATOR),
    ({"==": [1]}, RefusalKind.ARGUMENTS),
    ({"var": ["a", "default"]}, RefusalKind.ARGUMENTS),
    ({"var": ""}, RefusalKind.ARGUMENTS),
    ({"if": [True, True, False, False]}, RefusalKind.ARGUMENTS),
]


@pytest.mark.parametrize(("rule", "value"), DECIDED)
def test_decided(rule: Any, value: object) -> None:
    assert decide(rule, FACTS) is value


@pytest.mark.parametrize(("rule", "kind"), REFUSED)
def test_refused(rule: Any, kind: RefusalKind) -> None:
    found = decide(rule, FACTS)
    assert isinstance(found, Refusal)
    assert found.kind is kind


def test_texts_are_put_together_and_a_missing_one_leaves_it_open() -> None:
    assert evaluate({"cat": [{"var": "a"}, ":", {"var": "b"}]}, {"a": "1", "b": "2"}) == "1:2"
    assert evaluate({"cat": [{"var": "a"}, {"var": "b"}]}, {"a": "1"}) is UNKNOWN
    refused = evaluate({"cat": ["a", 1]}, {})
    assert isinstance(refused, Refusal)
    assert refused.kind is RefusalKind.TYPES


def test_limits_hold() -> None:
    deep: Any = True
    for _ in range(DEPTH_MAX + 1):
        deep = {"!": deep}
    assert decide(deep, {}) == Refusal(RefusalKind.DEPTH, "")
    wide = {"and": [{"and": [True] * 60} for _ in range(10)]}
    assert STEPS_MAX < 10 * 60
    assert decide(wide, {}) == Refusal(RefusalKind.STEPS, "")


def test_the_looked_at_fields_are_listed() -> None:
    rule = {"and": [{"==": [v("a"), 1]}, {"!": {"in": [v("b.c"), ["x"]]}}, {"missing": ["d", "e"]}]}
    assert variables(rule) == {"a", "b.c", "d", "e"}


OPERATORS = ["var", "and", "or", "!", "==", "<", "in", "if", "age_on", "count", "region_in", "nonsense"]
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["age", "甲", "a.b", "1948-03-12"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(OPERATORS), inner, max_size=2)
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(JSON)
def test_no_json_is_a_defect(rule: Any) -> None:
    assert isinstance(decide(rule, FACTS), bool | type(UNKNOWN) | Refusal)


BOOLEAN = st.recursive(
    st.sampled_from([True, False, {"var": "p"}, {"var": "q"}]),
    lambda inner: st.one_of(
        st.builds(lambda a: {"!": a}, inner),
        st.builds(lambda parts: {"and": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"or": parts}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(BOOLEAN, st.booleans(), st.booleans())
def test_what_is_decided_with_missing_facts_stays_so_when_they_come(rule: Any, p: bool, q: bool) -> None:
    early, late = evaluate(rule, {}), evaluate(rule, {"p": p, "q": q})
    assert isinstance(late, bool)
    if isinstance(early, bool):
        assert late is early
