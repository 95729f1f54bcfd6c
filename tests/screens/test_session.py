"""From a finger to an event: what acts, what does not, and what is gone afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.journey.events import Entered, Pressed
from kiosk.journey.states import State
from kiosk.journey.view import Fields, View
from kiosk.journey.view import action as action_of
from screens.compose.overlay import NOTE
from screens.compose.page import SCROLL_DOWN, SCROLL_UP
from screens.scene import Words
from screens.session import DRAG_PX, NOTE_S
from tests.screens.gallery import all_views
from tests.screens.hand import IDLE, Hand
from tests.screens.panels import types

VIEWS = all_views("zh", elder=False)
TEXT_FORM = VIEWS["form_110199-SB-01_1"]
LONG = VIEWS["review_full"]


def test_a_press_is_sent_once_and_every_touch_keeps_the_visit_awake() -> None:
    hand = Hand(VIEWS["05_consent"])
    assert hand.press("action:face") == [Pressed("face")]
    assert hand.touches == 1


def test_a_press_says_which_screen_the_finger_saw() -> None:
    hand = Hand(VIEWS["05_consent"])
    [pressed] = hand.press("action:cancel")
    assert isinstance(pressed, Pressed)
    assert pressed.seen_on is State.CONSENT


def test_a_double_tap_is_one_press() -> None:
    hand = Hand(VIEWS["05_consent"])
    assert [*hand.tap("action:face"), *hand.tap("action:face")] == [Pressed("face")]


def test_the_second_tap_does_not_reach_the_screen_that_comes() -> None:
    hand = Hand(VIEWS["04_notice"])
    hand.tap("action:next")
    hand.change(VIEWS["16_form_report"])
    assert hand.tap("action:next") == []
    assert hand.press("action:next") == [Pressed("next")]


def test_a_finger_from_the_former_screen_presses_nothing_and_drags_nothing() -> None:
    hand = Hand(VIEWS["04_notice"])
    x, y = hand.at("action:next")
    touch = hand.down(x, y)
    hand.show(LONG)
    hand.up(touch, *hand.at("action:submit"))
    assert hand.sent == []
    touch = hand.down(500, 900)
    hand.show(VIEWS["review_full"])
    hand.show(TEXT_FORM)
    hand.show(LONG)
    assert not hand.move(touch, 300)


def test_two_form_pages_of_one_title_are_two_screens() -> None:
    hand = Hand(TEXT_FORM)
    other = replace(VIEWS["form_110199-SB-01_2"], title=TEXT_FORM.title)
    assert hand.tap("action:next") == [Pressed("next")]
    hand.change(other)
    hand.now_s += 0.5
    assert hand.tap("action:next") == [Pressed("next")]


def test_a_second_finger_sends_nothing() -> None:
    hand = Hand(VIEWS["05_consent"])
    first = hand.down(*hand.at("action:face"))
    second = hand.down(*hand.at("action:other_way"))
    hand.up(second, *hand.at("action:other_way"))
    assert hand.sent == []
    hand.up(first, *hand.at("action:face"))
    assert hand.sent == [Pressed("face")]


def test_a_disabled_target_says_why_and_sends_nothing() -> None:
    hand = Hand(VIEWS["consent_no_camera"])
    action = next(a for a in hand.view.actions if a.id == "face")
    assert action.reason
    assert hand.press("action:face") == []
    assert hand.session.local(hand.now_s).note == action.reason
    hand.now_s += NOTE_S
    assert hand.session.local(hand.now_s).note == ""


def test_a_reason_can_be_read_again_at_once() -> None:
    hand = Hand(VIEWS["consent_no_camera"])
    for _ in range(3):
        hand.tap("action:face")
        assert hand.session.local(hand.now_s).note != ""
        elsewhere = hand.down(1, 400)
        assert hand.session.local(hand.now_s).note == ""  # a touch takes it away
        hand.up(elsewhere, 1, 400)


def test_a_finger_on_a_note_presses_nothing_beneath() -> None:
    hand = Hand(VIEWS["consent_no_camera"])
    hand.press("action:face")
    x, y = hand.at(NOTE)
    beneath = [t.key for t in hand.scene.targets if t.rect.holds(x, y)]
    touch = hand.down(x, y)
    hand.up(touch, x, y)
    assert hand.sent == []
    assert hand.session.local(hand.now_s).note == ""
    assert NOTE in beneath


def test_dragging_moves_the_page_and_presses_nothing() -> None:
    hand = Hand(LONG)
    key = next(t.key for t in hand.scene.targets if t.key.startswith("action:edit"))
    x, y = hand.at(key)
    touch = hand.down(x, y)
    assert not hand.move(touch, y - DRAG_PX + 1)
    assert hand.move(touch, y - 200)
    assert hand.session.local(hand.now_s).scroll_px == pytest.approx(200)
    hand.up(touch, *hand.at(key))  # the target went along under the finger
    assert hand.sent == []


def test_a_second_finger_moves_nothing() -> None:
    hand = Hand(LONG)
    hand.down(500, 900, "1")
    hand.down(500, 900, "2")
    assert not hand.move("2", 300)
    assert hand.session.local(hand.now_s).scroll_px == 0


def test_dragging_stops_at_both_ends() -> None:
    hand = Hand(LONG)
    touch = hand.down(500, 900)
    hand.move(touch, -100_000)
    assert hand.session.local(hand.now_s).scroll_px == hand.scene.overflow_px
    hand.move(touch, 100_000)
    assert hand.session.local(hand.now_s).scroll_px == 0


def test_a_trembling_finger_still_presses() -> None:
    hand = Hand(LONG)
    x, y = hand.at("action:submit")
    touch = hand.down(x, y)
    hand.move(touch, y + DRAG_PX - 1)
    hand.up(touch, x, y)
    assert hand.sent == [Pressed("submit")]


def test_the_scroll_buttons_may_repeat_and_end_at_the_ends() -> None:
    hand = Hand(LONG)
    assert hand.scene.target(SCROLL_UP) is None
    for _ in range(100):
        if hand.scene.target(SCROLL_DOWN) is None:
            break
        hand.tap(SCROLL_DOWN)
    assert hand.session.local(hand.now_s).scroll_px == hand.scene.overflow_px > 0
    while hand.scene.target(SCROLL_UP) is not None:
        hand.tap(SCROLL_UP)
    assert hand.session.local(hand.now_s).scroll_px == 0
    assert hand.sent == []


def test_a_page_that_became_shorter_moves_at_the_first_press() -> None:
    hand = Hand(LONG)
    while hand.scene.target(SCROLL_DOWN) is not None:
        hand.tap(SCROLL_DOWN)
    shorter = replace(LONG, blocks=VIEWS["04_notice"].blocks[:1] * 5)
    hand.show(shorter)
    overflow_px = hand.scene.overflow_px
    assert 0 < overflow_px < hand.session.local(hand.now_s).scroll_px
    hand.tap(SCROLL_UP)
    assert hand.session.local(hand.now_s).scroll_px < overflow_px


def test_another_screen_begins_at_its_top() -> None:
    hand = Hand(LONG)
    hand.tap(SCROLL_DOWN)
    hand.show(VIEWS["connecting"])
    assert hand.session.local(hand.now_s).scroll_px == 0


def test_a_refused_page_is_shown_from_its_top() -> None:
    """The sentence that something is to be looked at again stands there."""
    refused = long_form(VIEWS["form_110199-SB-01_0_refused"])
    hand = Hand(long_form(VIEWS["form_110199-SB-01_0"]))
    hand.tap(SCROLL_DOWN)
    assert hand.session.local(hand.now_s).scroll_px > 0
    hand.show(refused)
    assert hand.session.local(hand.now_s).scroll_px == 0
    hand.tap(SCROLL_DOWN)
    moved = hand.session.local(hand.now_s).scroll_px
    hand.show(replace(refused, subtitle=refused.subtitle))
    assert hand.session.local(hand.now_s).scroll_px == moved > 0


def long_form(view: View) -> View:
    """The same questions three times: a form that does not fit."""
    fields = next(b for b in view.blocks if isinstance(b, Fields))
    return replace(view, blocks=(*view.blocks, *[fields] * 3))


def test_an_option_may_be_corrected_back_and_forth() -> None:
    hand = Hand(VIEWS["form_110199-SB-01_0"])
    keys = ["option:category=road", "option:category=light", "option:category=road"]
    sent = [event for key in keys for event in hand.tap(key)]
    assert sent == [Entered("category", value) for value in ("road", "light", "road")]


def test_writing_goes_to_the_journey_when_it_is_done() -> None:
    hand = Hand(TEXT_FORM)
    hand.press("field:place_text")
    assert is_writing(hand)
    assert hand.scene.target("action:next") is None  # nothing of the page beneath
    hand.type("layer:numbers", "text:1", "text:1", "text:1", "backspace")
    hand.now_s += 5
    hand.type("done")
    assert hand.sent == [Entered("place_text", "11")]
    assert not is_writing(hand)
    assert hand.engine.forgotten == 1
    assert hand.tap("field:place_text") == []
    assert is_writing(hand)  # it can be opened again at once


def is_writing(hand: Hand) -> bool:
    return hand.session.keyboard is not None


def test_a_candidate_is_written() -> None:
    hand = Hand(TEXT_FORM)
    hand.press("field:place_text")
    hand.type("q")
    hand.tap("candidate:0")
    assert hand.session.keyboard is not None
    assert hand.session.keyboard.text == "欧阳"


def test_the_bar_hands_over_what_was_written_first() -> None:
    hand = Hand(TEXT_FORM)
    hand.press("field:place_text")
    hand.type("layer:numbers", "text:7")
    assert hand.press("action:help") == [Entered("place_text", "7"), Pressed("help")]
    assert hand.session.keyboard is None


def test_leaving_the_screen_wipes_what_was_half_written() -> None:
    hand = Hand(TEXT_FORM)
    hand.press("field:place_text")
    hand.type("layer:numbers", "text:7")
    keyboard = hand.session.keyboard
    assert keyboard is not None
    hand.show(VIEWS["29_ended"])
    assert hand.session.keyboard is None
    assert hand.session.local(hand.now_s).field is None
    assert keyboard.text == ""
    assert hand.engine.forgotten == 1
    assert hand.sent == []


def test_a_dialog_over_the_keyboard_leaves_the_writing_alone() -> None:
    hand = Hand(TEXT_FORM)
    hand.press("field:place_text")
    hand.type("layer:numbers", "text:7")
    hand.show(replace(TEXT_FORM, dialog=IDLE))
    assert {t.key for t in hand.scene.targets} == {"action:stay", "action:leave"}
    assert hand.press("action:stay") == [Pressed("stay")]
    hand.show(TEXT_FORM)
    assert hand.session.keyboard is not None
    assert hand.session.keyboard.text == "7"
    hand.press("key:done")
    assert hand.sent[-1] == Entered("place_text", "7")


def test_leaving_by_the_dialog_wipes_the_writing_unsent() -> None:
    hand = Hand(TEXT_FORM)
    hand.press("field:place_text")
    hand.type("layer:numbers", "text:7")
    hand.show(replace(TEXT_FORM, dialog=IDLE))
    hand.press("action:leave")
    hand.show(VIEWS["idle_ended"])
    assert hand.sent == [Pressed("leave")]
    assert hand.session.keyboard is None


@pytest.mark.parametrize(("name", "key"), [("05_consent", "action:face"), ("16_form_report", "action:next")])
def test_a_touch_that_began_before_the_dialog_does_nothing(name: str, key: str) -> None:
    view = VIEWS[name]
    hand = Hand(view)
    touch = hand.down(*hand.at(key))
    hand.show(replace(view, dialog=IDLE))
    hand.show(view)
    hand.up(touch, *hand.at(key))
    assert hand.sent == []
    hand = Hand(view)
    touch = hand.down(*hand.at(key))
    hand.show(replace(view, dialog=IDLE))
    hand.up(touch, *hand.at("action:leave"))
    assert hand.sent == []


def test_the_countdown_takes_no_finger_away() -> None:
    hand = Hand(replace(TEXT_FORM, dialog=IDLE))
    touch = hand.down(*hand.at("action:stay"))
    hand.change(replace(TEXT_FORM, dialog=replace(IDLE, text="还有 17 秒", countdown_s=17)))
    hand.up(touch, *hand.at("action:stay"))
    assert hand.sent == [Pressed("stay")]


def test_nothing_moves_under_the_keyboard() -> None:
    hand = Hand(long_form(TEXT_FORM))
    assert hand.scene.overflow_px > 0
    hand.press("field:place_text")
    assert is_writing(hand)
    touch = hand.down(500, 900)
    assert not hand.move(touch, 300)


def test_nothing_moves_under_a_dialog() -> None:
    hand = Hand(replace(LONG, dialog=IDLE))
    touch = hand.down(500, 900)
    assert not hand.move(touch, 300)


def test_no_repr_shows_what_is_written() -> None:
    hand = Hand(TEXT_FORM)
    hand.press("field:place_text")
    hand.type("q")
    hand.tap("candidate:0")
    hand.type("q")
    local = hand.session.local(hand.now_s)
    assert any("欧阳" in line for line in lines_of(hand))  # the control: it is on the screen
    for thing in (hand.session, local, local.keyboard, local.field, hand.scene, types()):
        assert "欧阳" not in repr(thing)


def lines_of(hand: Hand) -> list[str]:
    items = [item for layer in hand.scene.layers for item in layer.items]
    return [line for item in items if isinstance(item, Words) for line in item.lines]


def test_a_note_goes_when_what_it_spoke_of_may_be_pressed() -> None:
    """Three quick taps leave "the slip is on its way" over the button: the next press must count."""
    ready = VIEWS["24_result"]
    finish = action_of(ready, "finish")
    assert finish is not None
    waiting = replace(
        ready,
        actions=tuple(
            replace(one, enabled=False, reason="回执马上就好") if one is finish else one
            for one in ready.actions
        ),
    )
    hand = Hand(waiting)
    assert hand.press("action:finish") == []
    assert hand.scene.target(NOTE) is not None
    hand.change(ready)
    assert hand.scene.target(NOTE) is None
    assert hand.tap("action:finish") == [Pressed("finish")]


def test_a_note_stays_while_its_reason_holds() -> None:
    ready = VIEWS["24_result"]
    waiting = replace(
        ready, actions=tuple(replace(a, enabled=False, reason="马上就好") for a in ready.actions)
    )
    hand = Hand(waiting)
    hand.press("action:finish")
    hand.change(replace(waiting, subtitle="已送达中心"))
    assert hand.scene.target(NOTE) is not None
