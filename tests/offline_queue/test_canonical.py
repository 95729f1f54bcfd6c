"""The fast canonical form is RFC 8785, as the library writes it."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from offline_queue.wire import canonical

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
NAMES = st.text(st.characters(max_codepoint=126, min_codepoint=33))


@given(st.dictionaries(NAMES, TEXTS | NUMBERS))
def test_it_is_the_canonical_form(texts: dict[str, str | int]) -> None:
    assert canonical(texts) == rfc8785.dumps(texts)


def test_every_sign_that_needs_care() -> None:
    texts: dict[str, str | int] = {"a": "".join(map(chr, range(0x80))), "b": '\u2028\u2029\ufeff𬍊/\\"'}
    assert canonical(texts) == rfc8785.dumps(texts)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical({"name": "\ud862"})
