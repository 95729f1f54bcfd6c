"""Which touch counts. Time is given, so nothing here waits."""

from __future__ import annotations

from screens.press import REST_S, SETTLE_S, PressGuard

AFTER_S = SETTLE_S[True] + 0.01


def on_screen(key: object = "home", now_s: float = 0.0, *, elder: bool = False) -> PressGuard:
    guard = PressGuard()
    guard.screen(key, now_s, elder=elder)
    return guard


def press(guard: PressGuard, target: str | None, now_s: float, touch: str = "1") -> str | None:
    guard.down(touch, target, now_s)
    return guard.up(touch, target, now_s + 0.05)


def test_a_press_acts_when_the_finger_leaves_where_it_came_down() -> None:
    guard = on_screen()
    assert guard.down("1", "a", 0.0)
    assert guard.held is not None
    assert guard.up("1", "a", 0.1) == "a"
    assert guard.held is None


def test_a_finger_that_slides_to_another_target_or_off_it_does_nothing() -> None:
    for end in ("b", None):
        guard = on_screen()
        guard.down("1", "a", 0.0)
        assert guard.up("1", end, 0.1) is None
        assert press(guard, "a", 1.0) == "a"  # and it does not rest: nothing was done


def test_a_finger_that_slides_onto_a_target_does_nothing() -> None:
    guard = on_screen()
    assert not guard.down("1", None, 0.0)
    assert guard.up("1", "a", 0.1) is None


def test_a_double_tap_acts_once() -> None:
    guard = on_screen()
    assert press(guard, "a", 0.0) == "a"
    assert press(guard, "a", 0.2) is None
    assert press(guard, "a", 0.05 + REST_S - 0.01) is None
    assert press(guard, "a", 0.05 + REST_S) == "a"


def test_another_target_does_not_rest() -> None:
    guard = on_screen()
    assert press(guard, "a", 0.0) == "a"
    assert press(guard, "b", 0.2) == "b"


def test_a_key_may_repeat_at_once() -> None:
    guard = on_screen()
    for number in range(5):
        guard.down("1", "key:a", number / 100)
        assert guard.up("1", "key:a", number / 100, rest_s=0.0) == "key:a"


def test_the_second_half_of_a_double_tap_does_not_reach_the_next_screen() -> None:
    for elder in (False, True):
        guard = on_screen("home", elder=elder)
        assert press(guard, "action:next", 1.0) == "action:next"
        assert guard.screen("consent", 1.1, elder=elder)
        assert press(guard, "action:next", 1.1 + SETTLE_S[elder] - 0.06) is None
        assert press(guard, "action:next", 1.1 + SETTLE_S[elder]) == "action:next"


def test_elders_get_more_time() -> None:
    assert SETTLE_S[True] > SETTLE_S[False]


def test_a_finger_that_came_down_on_the_former_screen_does_nothing() -> None:
    guard = on_screen("home")
    guard.down("1", "action:next", 1.0)
    guard.screen("consent", 1.1, elder=False)
    assert guard.up("1", "action:next", 1.1 + AFTER_S) is None


def test_the_same_screen_again_takes_no_finger_away() -> None:
    guard = on_screen("home")
    guard.down("1", "a", 1.0)
    assert not guard.screen("home", 1.1, elder=False)
    assert guard.up("1", "a", 1.2) == "a"


def test_the_very_first_screen_can_be_pressed_at_once() -> None:
    assert press(on_screen("attract", 7.0), "action:begin", 7.0) == "action:begin"


def test_a_second_finger_does_nothing_and_takes_nothing_away() -> None:
    guard = on_screen()
    guard.down("1", "a", 0.0)
    assert not guard.down("2", "b", 0.1)
    assert guard.up("2", "b", 0.2) is None
    assert guard.up("1", "a", 0.3) == "a"


def test_a_touch_that_nobody_saw_come_down_does_nothing() -> None:
    assert on_screen().up("9", "a", 1.0) is None
