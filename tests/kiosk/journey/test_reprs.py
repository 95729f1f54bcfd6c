"""A traceback or a log line prints reprs: none of them tells what a resident has or wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.card_reader.contract import DocumentKind
from kiosk.identity import mask_name, mask_number
from kiosk.journey import forms
from kiosk.journey.accessible import tree
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.view import Lines
from kiosk.journey.visit import Visit
from kiosk.paper.receipt import lines_of, receipt
from tests.kiosk.journey.visits import NAME, NUMBER, card, definition, visit, world

WRITTEN = "三里村桥头积水"
NOW = datetime(2026, 11, 25, 9, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


def filled(state: State) -> Visit:
    """A visit where every question was answered with the same words."""
    known = replace(visit(state), helper=card(DocumentKind.HELPER))
    if state is not State.CONSENT:  # which a report, where nobody is known, does not have
        known = replace(known, definition=definition("problem_report"))
    return replace(known, answers=dict.fromkeys(forms.ids(known), WRITTEN))


@pytest.mark.parametrize("state", State)
def test_a_screen_in_a_traceback_shows_nobodys_words(state: State) -> None:
    shown = present(filled(state), world())
    printed = repr((shown, tree(shown)))
    for words in (NAME, mask_name(NAME), NUMBER, mask_number(NUMBER), WRITTEN):
        assert words not in printed


def test_the_review_would_show_them() -> None:
    """What the test above looks for is on a screen."""
    shown = present(filled(State.REVIEW), world())
    assert WRITTEN in [
        line.value for block in shown.blocks if isinstance(block, Lines) for line in block.lines
    ]


def test_a_slip_in_a_traceback_shows_nobodys_words() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    slip = receipt(
        filled(State.RESULT), world().place, sign=key.sign, local_time=NOW, clock_quality="synced", copy=False
    )
    printed = repr(slip)
    for line in lines_of(slip):
        assert line not in printed
