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
