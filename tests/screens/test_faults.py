"""The judge of the layouts sees each fault when there is one."""

from __future__ import annotations

from screens.geometry import Rect
from screens.scene import Box, Item, Layer, Scene, Target, Words
from screens.theme import INK, PAPER, Size
from tests.screens.faults import faults
from tests.screens.panels import STANDING, types

THEME = STANDING.theme(elder=False)
PX = THEME.text(Size.BODY)


def words(text: str, rect: Rect, px: int = PX) -> Words:
    return Words(rect, (text,), px, round(px * 1.3), INK)


def kinds(
    items: tuple[Item, ...] = (), targets: tuple[Target, ...] = (), clip: Rect | None = None
) -> set[str]:
    ground = Layer((Box(Rect(0, 0, 1080, 1920), PAPER),))
    scene = Scene((ground, Layer(items, clip)), targets)
    return {fault.split(":")[0] for fault in faults(scene, THEME, types())}


ROOM = Rect(100, 600, 400, 60)
BUTTON = Target(Rect(100, 1000, 400, 120), "action:a")


def test_a_good_screen_has_none() -> None:
    assert kinds((words("你好", ROOM),), (BUTTON,)) == set()


def test_words_wider_or_higher_than_their_place() -> None:
    assert kinds((words("一二三四五六七八九十一二三四五六", ROOM),)) == {"cut"}
    assert kinds((words("你好", Rect(100, 600, 400, 30)),)) == {"cut"}


def test_small_type() -> None:
    assert kinds((words("你好", ROOM, px=11),)) == {"small"}


def test_an_item_off_the_panel_or_off_its_layer() -> None:
    assert kinds((words("你好", Rect(900, 600, 400, 60)),)) == {"off its room"}
    assert kinds((words("你好", ROOM),), clip=Rect(100, 700, 400, 400)) == {"off its room"}


def test_words_over_words_and_over_an_edge() -> None:
    assert kinds((words("你好", ROOM), words("再见", ROOM.moved(10, 20)))) == {"crossing"}
    assert kinds((words("你好", Rect(300, 1090, 400, 60)),), (BUTTON,)) == {"across an edge"}


def test_targets_off_the_panel_too_small_or_over_each_other() -> None:
    assert kinds(targets=(Target(Rect(900, 600, 400, 120), "action:a"),)) == {"off the panel"}
    assert kinds(targets=(Target(Rect(100, 600, 400, 38), "action:a"),)) == {"too small to press"}
    assert kinds(targets=(BUTTON, Target(BUTTON.rect.moved(0, 60), "action:b"))) == {"two under one finger"}
