"""Times as people here read them; what cannot be read is shown as it came, never as another time."""

from __future__ import annotations

import pytest

from kiosk.local_time import local_day, local_minute


@pytest.mark.parametrize(
    ("moment", "day", "minute"),
    [
        ("2026-11-25T15:59:59Z", "2026-11-25", "2026-11-25 23:59"),
        ("2026-11-25T16:00:00Z", "2026-11-26", "2026-11-26 00:00"),
        ("2026-11-25T23:30:00+08:00", "2026-11-25", "2026-11-25 23:30"),
        ("yesterday", "yesterday", "yesterday"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_moment_at_plus_eight(moment: str, day: str, minute: str) -> None:
    assert (local_day(moment), local_minute(moment)) == (day, minute)
