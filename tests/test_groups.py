"""What the groups of tests promise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.groups import FACES, ONE_PROBE, ONE_READER, refuse_two_groups


def item(*groups: str) -> Any:
    marks = [pytest.mark.xdist_group(group).mark for group in groups]
    return cast("Any", SimpleNamespace(nodeid="test_it", iter_markers=lambda _name: iter(marks)))


def test_a_test_in_two_groups_is_refused_since_it_would_be_in_neither() -> None:
    assert len({FACES, ONE_PROBE, ONE_READER}) == 3
    refuse_two_groups([item(), item(FACES), item(ONE_READER, ONE_READER)])
    with pytest.raises(pytest.UsageError, match=f"test_it is in two groups: {FACES}, {ONE_READER}"):
        refuse_two_groups([item(FACES), item(ONE_READER, FACES)])
