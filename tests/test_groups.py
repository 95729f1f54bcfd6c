"""What the groups of tests promise."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.groups import FACES, LONG, ONE_PROBE, ONE_READER, long_ones_first, refuse_two_groups

PROJECT = Path(__file__).resolve().parent.parent


def item(*groups: str, nodeid: str = "test_it") -> Any:
    marks = [pytest.mark.xdist_group(group).mark for group in groups]
    return cast("Any", SimpleNamespace(nodeid=nodeid, iter_markers=lambda _name: iter(marks)))


def test_a_test_in_two_groups_is_refused_since_it_would_be_in_neither() -> None:
    assert len({FACES, ONE_PROBE, ONE_READER}) == 3
    refuse_two_groups([item(), item(FACES), item(ONE_READER, ONE_READER)])
    with pytest.raises(pytest.UsageError, match=f"test_it is in two groups: {FACES}, {ONE_READER}"):
        refuse_two_groups([item(FACES), item(ONE_READER, FACES)])


def test_the_long_ones_come_first_and_the_rest_as_it_was_collected() -> None:
    assert all((PROJECT / place).exists() for place in LONG)
    names = [
        "tests/a.py::1",
        "tests/journeys/b.py::1",
        "tests/journeys/b.py::2",
        "tests/test_rehearsals.py::1",
    ]
    items = [item(nodeid=name) for name in names]
    long_ones_first(items)
    assert [one.nodeid for one in items] == [*names[1:], names[0]]
