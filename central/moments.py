"""Times that others tell: whatever comes from outside is read here, before anything is reckoned with it."""

from __future__ import annotations

from datetime import datetime

YEARS = range(1900, 9990)
"""Whatever a clock may show, 1970 too; at the very ends `datetime` cannot change the zone."""


def within_reach(moment: datetime) -> datetime:
    """The same; ValueError for one without a zone, or so far away that it cannot be told in another zone."""
    if moment.tzinfo is None or moment.year not in YEARS:
        message = "a time with its zone is asked for"
        raise ValueError(message)
    return moment


def read(text: str) -> datetime:
    """An ISO 8601 time with its zone; ValueError for anything else, a leap second (:60) too."""
    return within_reach(datetime.fromisoformat(text))
