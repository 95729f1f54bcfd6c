"""I05: forms refuse the middle dot of minority names, or compare it with a look-alike byte by byte."""

from __future__ import annotations

import pytest

from kiosk.identity import mask_name, normalise_name, same_name

CARD = "古丽·样例"
LOOKALIKES = "\u00b7\u2022\u30fb\uff0e.\u2027"


@pytest.mark.parametrize("dot", LOOKALIKES)
def test_every_look_alike_equals_the_card_and_is_stored_as_the_middle_dot(dot: str) -> None:
    typed = f"古丽{dot}样例"
    assert same_name(typed, CARD)
    assert normalise_name(typed) == CARD
    assert "\u00b7" in mask_name(typed)


@pytest.mark.parametrize("other", ["古丽样例", "古丽··样例", "古丽·样本"])
def test_a_missing_or_doubled_dot_is_another_name(other: str) -> None:
    assert not same_name(other, CARD)


def test_a_long_name_is_kept_whole_and_latin_full_stops_stay() -> None:
    long = "阿不都样例热依·艾合测试样例"
    assert normalise_name(f" {long} ") == long
    assert normalise_name("J. SAMPLE") == "J. SAMPLE"
