"""A virtual display of its own for tests that look at a screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.bench.display import Size, VirtualDisplay


@pytest.fixture
def display(tmp_path: Path) -> Iterator[VirtualDisplay]:
    made = VirtualDisplay(Size(800, 600), tmp_path / "xvfb.log")
    yield made
    made.close()
