"""The count of looks for a card: for a day, in memory, for so many cards, under a key of this start."""

from __future__ import annotations

import pytest

from kiosk.journey import card_looks
from kiosk.journey.card_looks import CARDS_MAX, TERM_S, CardLooks
from kiosk.journey.visit import FACE_ATTEMPTS_MAX, FACE_OF_A_CARD_MAX
from tests.kiosk.journey.visits import NUMBER, OTHER_NUMBER


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_each_card_has_its_own_count_and_a_day_forgets_it_look_by_look() -> None:
    clock = Clock()
    looks = CardLooks(clock)
    looks.count(NUMBER)
    clock.now_s += 3600.0
    looks.count(NUMBER)
    assert (looks.of(NUMBER), looks.of(OTHER_NUMBER)) == (2, 0)
    clock.now_s = 1000.0 + TERM_S - 1.0
    assert looks.of(NUMBER) == 2
    clock.now_s = 1000.0 + TERM_S
    assert looks.of(NUMBER) == 1
    clock.now_s += 3600.0
    assert looks.of(NUMBER) == 0


def test_one_card_written_otherwise_is_one_card() -> None:
    looks = CardLooks(Clock())
    looks.count(OTHER_NUMBER)
    assert looks.of(f" {OTHER_NUMBER.lower()} ") == 1


def test_three_visits_worth_is_as_far_as_it_counts() -> None:
    looks = CardLooks(Clock())
    for _ in range(2 * FACE_OF_A_CARD_MAX):
        looks.count(NUMBER)
    assert looks.of(NUMBER) == FACE_OF_A_CARD_MAX == 3 * FACE_ATTEMPTS_MAX


def test_so_many_cards_and_no_more_are_remembered_and_the_one_seen_last_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(card_looks, "CARDS_MAX", 3)
    looks = CardLooks(Clock())
    for number in ("a", "b", "c", "a", "d"):
        looks.count(number)
    assert [looks.of(number) for number in "abcd"] == [2, 0, 1, 1]
    assert CARDS_MAX * 9 >= TERM_S, "as many as can be read in a day"


def test_no_number_is_kept_and_another_start_knows_none_of_it() -> None:
    one, other = CardLooks(Clock()), CardLooks(Clock())
    one.count(NUMBER)
    other.count(NUMBER)
    assert NUMBER not in repr(vars(one))
    assert set(vars(one)["_seen"]).isdisjoint(vars(other)["_seen"]), "under another key each"
