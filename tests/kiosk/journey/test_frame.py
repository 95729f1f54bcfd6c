"""The top bar says how the line to the centre is; the bottom bar offers what may be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.contract import Outcome
from drivers.receipt_printer.contract import PrintReport
from kiosk.health import CAUSES
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.view import Message, Tone, action
from kiosk.journey.visit import Visit
from kiosk.surroundings import CAUSE_OF_LINK
from tests.kiosk.journey.visits import visit, world


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


def test_nobody_can_leave_before_the_slip_is_on_its_way() -> None:
    """Whoever ended the visit in these seconds went without a slip."""
    stored = visit(State.RESULT)

    def may_leave(shown: Visit) -> bool:
        offered = action(present(shown, world()), "cancel")
        return offered is not None and offered.enabled

    assert not may_leave(stored)
    assert may_leave(replace(stored, printing=True))
    assert may_leave(replace(stored, printed=PrintReport(Outcome.FAILED)))


def test_a_name_that_the_chip_cut_off_is_told_before_it_is_sent() -> None:
    told = "证件芯片里的姓名不全，工作人员会照您的证件补全。"

    def sentences(shown: Visit) -> list[str]:
        return [block.text for block in present(shown, world()).blocks if isinstance(block, Message)]

    whole = visit(State.REVIEW)
    assert whole.card is not None
    cut = replace(whole.card, document=replace(whole.card.document, name_complete=False))
    assert told not in sentences(whole)
    assert told in sentences(replace(whole, card=cut))
