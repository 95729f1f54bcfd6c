from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.document_printer.follow import PATIENCE
from tests.drivers.document_printer.rig import Room, open_room


@pytest.fixture
def room(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Room]:
    """Its driver has a terminal's patience; a test that is to see the end of one gives another as the parameter."""
    with contextlib.ExitStack() as stack:
        yield open_room(tmp_path, stack.callback, getattr(request, "param", PATIENCE))
