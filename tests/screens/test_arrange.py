"""What gives way where there is little room, and what never does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.journey.view import Line, Lines
from screens.compose.chrome import put_top
from screens.compose.lines import rows
from screens.compose.page import Local, compose
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.scene import Scene, Words
from screens.theme import INK_PER_EM, TOP_BAR_MM, Size
from tests.screens.gallery import all_views
from tests.screens.panels import PANELS, STANDING, PanelSize, types

SMALL = PANELS[-1]
LONG = "这里的说明比平常长得多，因为这个县要多说两句：" * 4


def words(scene: Scene, text: str) -> tuple[int, Words]:
    """The layer and the item that says it."""
    return next(
        (number, item)
        for number, layer in enumerate(scene.layers)
        for item in layer.items
        if isinstance(item, Words) and "".join(item.lines).replace(" ", "") == text.replace(" ", "")
    )


@pytest.mark.parametrize("elder", [False, True])
def test_the_usual_panel_shows_every_title_in_full_size_with_its_subtitle_under_it(elder: bool) -> None:
    theme = STANDING.theme(elder=elder)
    for view in all_views("zh", elder=elder).values():
        scene = compose(view, theme, types())
        layer, title = words(scene, view.title)
        assert (layer, title.size_px) == (0, theme.text(Size.TITLE))
        if view.subtitle:
            layer, subtitle = words(scene, view.subtitle)
            assert layer == 0
            assert subtitle.rect.y >= title.rect.bottom


def test_a_subtitle_without_room_goes_to_the_top_of_the_body() -> None:
    theme = SMALL.theme(elder=True)
    view = replace(all_views("zh", elder=True)["25_result_no_paper"], subtitle=LONG)
    scene = compose(view, theme, types())
    layer, subtitle = words(scene, LONG)
    assert layer == 1
    assert scene.body is not None
    assert subtitle.rect.y < scene.body.y + theme.px(60)


def test_a_title_is_smaller_before_the_subtitle_has_to_go() -> None:
    theme = SMALL.theme(elder=True)
    view = all_views("en", elder=True)["05_consent"]
    layer, title = words(compose(view, theme, types()), view.title)
    assert (layer, title.size_px) == (0, theme.text(Size.HEADING))
    assert words(compose(view, theme, types()), view.subtitle)[0] == 0


def test_long_labels_stand_over_their_values_short_ones_beside() -> None:
    pen = Pen(STANDING.theme(elder=True), types())
    short = Lines((Line("姓名", "测*"), Line("事项", "养老待遇资格认证")))
    long = Lines((Line("具体位置（可以不填）", "村口往东，电线杆旁边，过了小卖部就是，门前有两棵柳树"),))
    assert rows(pen, short, 800).label_w > 0
    assert rows(pen, long, 800).label_w == 0


def test_the_top_bar_keeps_its_floor_and_shortens_a_name_that_is_too_long() -> None:
    theme = PanelSize(1024, 600, 154).theme(elder=False)
    top = replace(all_views("zh", elder=False)["02_home"].top, station="清河镇便民服务站" * 6)
    pen = Pen(theme, types())
    put_top(pen, top, Rect(0, 0, theme.width_px, theme.top_height))
    said = [item for item in pen.items if isinstance(item, Words)]
    for item in said:
        assert item.size_px * INK_PER_EM / theme.pixels_per_mm >= TOP_BAR_MM
    assert any(item.lines[0].startswith("清河镇") and item.lines[0].endswith("…") for item in said)


def test_the_way_on_below_is_said_in_words() -> None:
    view = all_views("zh", elder=False)["review_full"]
    theme = STANDING.theme(elder=False)
    said = {"".join(w.lines) for w in items(compose(view, theme, types()))}
    assert "往下看，还有" in said
    assert "往上看" not in said
    moved = {"".join(w.lines) for w in items(compose(view, theme, types(), Local(scroll_px=10.0)))}
    assert {"往下看，还有", "往上看"} <= moved


def items(scene: Scene) -> list[Words]:
    return [item for layer in scene.layers for item in layer.items if isinstance(item, Words)]
