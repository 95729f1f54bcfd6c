from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from screens.keyboard.engine import Candidate
from screens.keyboard.paging import pages

TEXTS = st.lists(st.text("字词句", min_size=1, max_size=12), max_size=60)


@given(TEXTS, st.integers(2, 30))
def test_every_candidate_is_on_one_page_in_order_and_pages_fit(texts: list[str], width: int) -> None:
    candidates = tuple(Candidate(text, 1) for text in texts)
    made = pages(candidates, width)
    assert [shown for page in made for shown in page] == list(enumerate(candidates))
    for page in made:
        needs = sum(len(candidate.text) + 1 for _, candidate in page)
        assert needs <= width or len(page) == 1
    for page, following in pairwise(made):
        needs = sum(len(candidate.text) + 1 for _, candidate in page)
        assert needs + len(following[0][1].text) + 1 > width  # nothing was put off that had room


def test_a_page_is_measured_by_the_widths_that_it_is_given() -> None:
    candidates = tuple(Candidate(text, 1) for text in ("一", "二", "三三三", "四"))
    made = pages(candidates, 10.0, lambda text: 4.0 if len(text) == 1 else 11.0)
    assert [[c.text for _, c in page] for page in made] == [["一", "二"], ["三三三"], ["四"]]
