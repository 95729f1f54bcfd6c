"""The count of looks for a card: for a day, in memory, for so many cards, under a key of this start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.card_reader.contract import Document, DocumentKind
from kiosk.journey import card_counts
from kiosk.journey.card_counts import CARDS_MAX, TERM_S, CardCounts
from kiosk.journey.visit import FACE_ATTEMPTS_MAX, FACE_OF_A_CARD_MAX
from tests.kiosk.journey.visits import NUMBER, OTHER_NUMBER, card

CARD = card().document
OTHER_CARD = replace(CARD, number=OTHER_NUMBER)
PASSPORT = replace(CARD, kind=DocumentKind.PASSPORT, number="E12345678", nationality="CHN")


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_each_card_has_its_own_count_and_a_day_forgets_it_look_by_look() -> None:
    clock = Clock()
    looks = CardCounts(FACE_OF_A_CARD_MAX, clock)
    looks.count(CARD)
    clock.now_s += 3600.0
    looks.count(CARD)
    assert (looks.of(CARD), looks.of(OTHER_CARD)) == (2, 0)
    clock.now_s = 1000.0 + TERM_S - 1.0
    assert looks.of(CARD) == 2
    clock.now_s = 1000.0 + TERM_S
    assert looks.of(CARD) == 1
    clock.now_s += 3600.0
    assert looks.of(CARD) == 0


def test_what_a_card_is_used_for_is_counted_apart() -> None:
    acted = CardCounts(50, Clock())
    for about in ("110199-GL-01", "110199-GL-01", "110199-GL-02"):
        acted.count(CARD, about)
    assert [acted.of(CARD, about) for about in ("110199-GL-01", "110199-GL-02", "")] == [2, 1, 0]


def test_one_card_written_otherwise_is_one_card() -> None:
    looks = CardCounts(FACE_OF_A_CARD_MAX, Clock())
    looks.count(OTHER_CARD)
    assert looks.of(replace(OTHER_CARD, number=f" {OTHER_NUMBER.lower()} ")) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(PASSPORT, nationality="UTO"),
        replace(PASSPORT, kind=DocumentKind.HMT_PERMIT),
        replace(PASSPORT, number="E12345679"),
        replace(PASSPORT, nationality="", number="CHNE12345678"),
    ],
    ids=["another state's", "of another kind", "another number", "the same letters"],
)
def test_another_document_has_a_count_of_its_own_though_it_has_the_same_number(other: Document) -> None:
    looks = CardCounts(FACE_OF_A_CARD_MAX, Clock())
    looks.count(PASSPORT)
    assert (looks.of(PASSPORT), looks.of(other)) == (1, 0)


def test_three_visits_worth_is_as_far_as_it_counts() -> None:
    looks = CardCounts(FACE_OF_A_CARD_MAX, Clock())
    for _ in range(2 * FACE_OF_A_CARD_MAX):
        looks.count(CARD)
    assert looks.of(CARD) == FACE_OF_A_CARD_MAX == 3 * FACE_ATTEMPTS_MAX


def test_so_many_cards_and_no_more_are_remembered_and_the_one_seen_last_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(card_counts, "CARDS_MAX", 3)
    looks = CardCounts(FACE_OF_A_CARD_MAX, Clock())
    for number in ("a", "b", "c", "a", "d"):
        looks.count(replace(CARD, number=number))
    assert [looks.of(replace(CARD, number=number)) for number in "abcd"] == [2, 0, 1, 1]
    assert CARDS_MAX * 9 >= TERM_S, "as many as can be read in a day"


def test_no_number_is_kept_and_another_start_knows_none_of_it() -> None:
    one, other = CardCounts(FACE_OF_A_CARD_MAX, Clock()), CardCounts(FACE_OF_A_CARD_MAX, Clock())
    one.count(CARD)
    other.count(CARD)
    assert NUMBER not in repr(vars(one))
    assert set(vars(one)["_seen"]).isdisjoint(vars(other)["_seen"]), "under another key each"
