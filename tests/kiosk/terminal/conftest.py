from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def unhurried_camera() -> Iterator[None]:
    """A machine that stands still for a moment makes no picture too old.

    One that was stays a warning until the next visit with a picture, and ends the look that it falls into.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("drivers.camera.opencv.STALE_S", 60.0)
        yield
