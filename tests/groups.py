"""Tests that share something there is only one of run in one worker, one after another.

A test is in one group at most: of two marks pytest-xdist makes a third group, which runs beside both. The largest
group begins first.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

ONE_READER = "one_reader"
"""The machine's smart-card service has one virtual reader (vpcd listens on fixed ports). Whoever uses it takes turns
as well (`card_service.our_turn`), for another run on the machine, and for the few that are among the `FACES`.
"""

FACES = "faces"
"""A face is compared within seconds, which two slow cores cannot do for two residents at once."""

ONE_PROBE = "one_probe"
"""What a probe found in a real window is looked at by several tests: asked for once, in one worker."""


def refuse_two_groups(items: Iterable[pytest.Item]) -> None:
    """Raises `pytest.UsageError` for a test with the marks of two groups."""
    for item in items:
        groups = {str(mark.args[0]) for mark in item.iter_markers("xdist_group")}
        if len(groups) > 1:
            message = f"{item.nodeid} is in two groups: {', '.join(sorted(groups))}"
            raise pytest.UsageError(message)
