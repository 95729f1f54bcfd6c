"""The top bar says how the line to the centre is, in the words of its cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.health import CAUSES
from kiosk.journey.present import present
from kiosk.journey.view import Tone
from kiosk.journey.visit import Visit
from kiosk.surroundings import CAUSE_OF_LINK
from tests.kiosk.journey.visits import world


@pytest.mark.parametrize("cause", sorted({cause for cause in CAUSE_OF_LINK.values() if cause}))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_trouble_has_its_own_words(cause: str, language: str) -> None:
    top = present(Visit(language=language), replace(world(online=False), link_cause=cause)).top
    assert (top.link_text, top.link_tone) == (CAUSES[cause].resident[language], Tone.WAITING)


def test_a_terminal_that_was_revoked_does_not_promise_that_one_can_go_on() -> None:
    top = present(Visit(), replace(world(online=False), link_cause="centre.revoked")).top
    assert top.link_text == "这台机器已停用"


def test_before_the_first_answer_it_is_not_called_fine() -> None:
    top = present(Visit(), replace(world(online=False), link_cause="")).top
    assert (top.link_text, top.link_tone) == ("正在连接网络", Tone.WAITING)
