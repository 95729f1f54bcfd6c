"""I03: validity without end, the last day, yesterday, and what cannot be read."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kiosk.identity import CardValidity, card_validity

TODAY = date(2026, 11, 25)
LONG_AGO = date(2006, 1, 1)


@pytest.mark.parametrize(
    ("kind", "valid_from", "valid_to", "meaning"),
    [
        ("long_term", LONG_AGO, None, CardValidity.LONG_TERM),
        ("dated", LONG_AGO, date(9999, 12, 31), CardValidity.LONG_TERM),
        ("dated", LONG_AGO, TODAY, CardValidity.VALID),
        ("dated", None, TODAY, CardValidity.VALID),
        ("dated", LONG_AGO, TODAY - timedelta(days=1), CardValidity.EXPIRED),
        ("dated", TODAY + timedelta(days=1), date(2040, 1, 1), CardValidity.NOT_YET),
        ("dated", TODAY, date(2040, 1, 1), CardValidity.VALID),
        ("long_term", TODAY + timedelta(days=1), None, CardValidity.NOT_YET),
        ("unreadable", LONG_AGO, None, CardValidity.UNREADABLE),
        ("unreadable", LONG_AGO, date(2040, 1, 1), CardValidity.UNREADABLE),
        ("dated", LONG_AGO, None, CardValidity.UNREADABLE),
        ("", None, None, CardValidity.UNREADABLE),
        ("长期有效", None, None, CardValidity.UNREADABLE),
    ],
)
def test_meaning_of_the_dates(
    kind: str, valid_from: date | None, valid_to: date | None, meaning: CardValidity
) -> None:
    assert card_validity(kind, valid_from, valid_to, TODAY) is meaning
