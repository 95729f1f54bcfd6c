from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.document_printer.rig import SHORT, Room, open_room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with contextlib.ExitStack() as stack:
        yield open_room(tmp_path, stack.callback)


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Room]:
    """A room whose driver waits for nobody long."""
    with contextlib.ExitStack() as stack:
        yield open_room(tmp_path, stack.callback, SHORT)
