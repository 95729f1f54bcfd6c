"""The fuzzer itself: it finds what it is meant to find, and a short run of it finds nothing."""

import json
import subprocess
import sys
from collections.abc import Container

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card_reader.protocol import HEADER_SIZE, Command, FrameParser
from tests.soak.fuzz_sdt import (
    CARDS,
    TEXTS,
    Report,
    WrongCardError,
    WrongFrameError,
    examine,
    judge,
    judge_card,
)


@given(st.binary(min_size=4, max_size=300))
@settings(max_examples=150)
def test_whatever_is_laid_out_only_what_was_there_comes_out(program: bytes) -> None:
    examine(program, Report())


class TrustsTheLength(FrameParser):
    """Takes as many bytes as the head says, whatever they are."""

    def feed(self, chunk: bytes) -> list[bytes]:
        self._buffer += chunk
        bodies = []
        while self._align() and (size := self._frame_size()) and len(self._buffer) >= size:
            bodies.append(bytes(self._buffer[HEADER_SIZE : size - 1]))
            del self._buffer[:size]
        return bodies


class ForgetsWhereItWas(FrameParser):
    """Gives the last frame again when the line goes quiet."""

    def __init__(self, lengths: Container[int]) -> None:
        super().__init__(lengths)
        self._last: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        bodies = super().feed(chunk)
        self._last = bodies or self._last
        return bodies

    def give_up_partial(self) -> list[bytes]:
        return [*super().give_up_partial(), *self._last]


DAMAGED = bytes([0, 0x07, 0xD0, 4, 0, 0x55, 0, 0x01, 0x00])
"""READ_BASE, pieces of 2000 bytes: the first card with one byte damaged."""
WHOLE = bytes([0, 0x07, 0xD0, 1, 0])
"""The first card as it is."""


@pytest.mark.parametrize(("make", "program"), [(TrustsTheLength, DAMAGED), (ForgetsWhereItWas, WHOLE)])
def test_it_finds_a_parser_that_is_wrong(make: type[FrameParser], program: bytes) -> None:
    examine(program, Report())
    with pytest.raises(WrongFrameError):
        examine(program, Report(), make)


def test_two_peoples_halves_are_found() -> None:
    first, second = CARDS[0], CARDS[-1]
    mixed = first[HEADER_SIZE:100] + second[100:-1]
    with pytest.raises(WrongFrameError):
        judge(first + second, Command.READ_BASE, [mixed])


def replaced(text: bytes, at: int, signs: str) -> bytes:
    raw = signs.encode("utf-16-le")
    return text[:at] + raw + text[at + len(raw) :]


@pytest.mark.parametrize(
    ("at", "signs"),
    [(122, "2"), (50, "3"), (188, "O"), (36, "1949"), (204, "20410501")],
    ids=["number", "day", "letter", "year", "term"],
)
def test_a_wrong_card_that_a_rule_catches_is_a_failure_of_the_run(at: int, signs: str) -> None:
    with pytest.raises(WrongCardError):
        judge_card(replaced(TEXTS[0], at, signs))


def test_damage_that_no_rule_can_see_is_counted_by_its_field() -> None:
    assert judge_card(replaced(TEXTS[0], 0, "沉")) == "name"
    assert judge_card(replaced(TEXTS[2], 204, "20290601")) == "valid_to"


def test_a_short_run_of_it() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak.fuzz_sdt", "--bytes", "200000", "--json"],
        capture_output=True,
        check=False,
        timeout=120,
    )
    report = json.loads(run.stdout)
    assert (run.returncode, report["failure"]) == (0, "")
    assert report["bytes"] >= 200_000
    assert report["cards"] > 0
