"""Every screen on every panel: nothing cut, nothing covered, everything large enough."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache, partial

import pytest

from kiosk.journey.states import State
from kiosk.journey.view import Code, FieldKind, Style, View, actions_of, fields_of
from screens.compose.overlay import NOTE
from screens.compose.page import SCROLL_DOWN, Local, compose
from screens.geometry import Rect
from screens.scene import Scene, Words
from screens.session import PAGE_SHARE
from screens.theme import Theme
from tests.screens.faults import faults, visible_words
from tests.screens.gallery import all_views
from tests.screens.panels import PANELS, PanelSize, types
from tests.screens.writing import sheets

EVERY = pytest.mark.parametrize(
    ("panel", "elder", "language"),
    [
        # One worker composes all screens of a look, once, for every test that looks at them.
        pytest.param(*look, marks=pytest.mark.xdist_group(f"layout of {look}"))
        for look in itertools.product(PANELS, (False, True), ("zh", "en"))
    ],
    ids=lambda value: (
        {False: "standard", True: "elder"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    ),
)


ASKS_FOR_A_PICTURE = frozenset({State.CONSENT, State.FACE, State.CLERK_CONSENT, State.CLERK})
Shown = tuple[str, View, tuple[Scene, ...]]


@cache
def visit_on(panel: PanelSize, elder: bool, language: str) -> tuple[Shown, ...]:
    """Name, view, and the screen as its scroll button shows it, page by page."""
    theme = panel.theme(elder=elder)
    return tuple((name, view, pages(view, theme)) for name, view in all_views(language, elder=elder).items())


def beneath(view: View) -> str:
    """The whole first screen can be pressed, and its button lies on it."""
    return "action:begin" if view.state is State.ATTRACT else ""


@EVERY
def test_nothing_is_cut_covered_or_too_small(panel: PanelSize, elder: bool, language: str) -> None:
    theme = panel.theme(elder=elder)
    found = {}
    for name, view, scenes in visit_on(panel, elder, language):
        for scene in scenes:
            wrong = faults(scene, theme, types(), beneath=beneath(view))
            if wrong:
                found[name] = wrong
    assert found == {}


def pages(view: View, theme: Theme) -> tuple[Scene, ...]:
    """The screen as its scroll button shows it, page by page."""
    scenes = [compose(view, theme, types())]
    moved = 0.0
    while scenes[-1].target(SCROLL_DOWN) is not None:
        body = scenes[-1].body
        assert body is not None
        moved = min(moved + body.h * PAGE_SHARE, scenes[-1].overflow_px)
        scenes.append(compose(view, theme, types(), Local(scroll_px=moved)))
        assert len(scenes) < 200, "the scroll button never ends"
    return tuple(scenes)


@EVERY
def test_everything_can_be_reached_by_the_scroll_button(panel: PanelSize, elder: bool, language: str) -> None:
    theme = panel.theme(elder=elder)
    for name, view, shown in visit_on(panel, elder, language):
        wanted = {f"action:{action.id}" for action in actions_of(view)}
        for field in fields_of(view):
            if field.kind is FieldKind.CHOICE:
                wanted |= {f"option:{field.id}={value}" for value, _ in field.options}
            else:
                wanted.add(f"field:{field.id}")
        reached = {target.key for scene in shown for target in scene.targets if large(target.rect, theme)}
        assert wanted <= reached, name
        if view.dialog is None:  # under a dialog nothing moves
            assert lines_of(shown[0]) <= {line for scene in shown for line in visible_words(scene)}, name


@EVERY
def test_title_and_subtitle_are_somewhere(panel: PanelSize, elder: bool, language: str) -> None:
    """On a small panel the subtitle may go into the body; it never goes away."""
    for name, view, (scene, *_) in visit_on(panel, elder, language):
        texts = {"".join(words.lines).replace(" ", "") for words in all_words(scene)}
        for wanted in (view.title, view.subtitle, view.progress_text):
            assert not wanted or wanted.replace(" ", "") in texts, (name, wanted)


def all_words(scene: Scene) -> list[Words]:
    return [item for layer in scene.layers for item in layer.items if isinstance(item, Words)]


def large(rect: Rect, theme: Theme) -> bool:
    return min(rect.w, rect.h) >= theme.target(0) - 1.5


def lines_of(scene: Scene) -> set[str]:
    """What stands in the body, wherever it is moved."""
    return {
        line
        for layer in scene.layers
        if layer.clip is not None
        for item in layer.items
        if isinstance(item, Words)
        for line in item.lines
    }


@EVERY
def test_code_buttons_and_bar_are_in_sight_at_once(panel: PanelSize, elder: bool, language: str) -> None:
    theme = panel.theme(elder=elder)
    for name, view, (scene, *_) in visit_on(panel, elder, language):
        at_once = view.dialog.actions if view.dialog is not None else (*view.actions, *view.bar)
        for action in at_once:
            target = scene.target(f"action:{action.id}")
            assert target is not None, (name, action.id)
            assert large(target.rect, theme), (name, action.id)
        for block in view.blocks if view.dialog is None else ():
            if isinstance(block, Code):
                assert block.code in visible_words(scene), name


@EVERY
def test_equal_choices_look_equal(panel: PanelSize, elder: bool, language: str) -> None:
    """Rule D10: two equal buttons; rule D34: five levels, and not to answer, none larger."""
    pairs = 0
    for name, view, (scene, *_) in visit_on(panel, elder, language):
        if view.dialog is not None:
            continue
        for style in (Style.EQUAL, Style.CHOICE, Style.TILE):
            alike = [action for action in actions_of(view) if action.style is style]
            rects = [
                target.rect for target in scene.targets if target.key in {f"action:{a.id}" for a in alike}
            ]
            whole = [
                rect
                for rect in rects
                if scene.body is None or not scene.overflow_px or rect.bottom < view_of(scene).bottom - 1
            ]
            assert len({(round(rect.w, 3), round(rect.h, 3)) for rect in whole}) <= 1, (name, style)
            pairs += len(whole) > 1
            if style is Style.EQUAL:
                sizes = {label_size(scene, rect) for rect in rects}
                assert len(sizes) <= 1, name
        if view.state is State.EVALUATE:
            assert not scene.overflow_px  # the lowest level is as near as the highest
    assert pairs >= 5


@EVERY
def test_no_way_to_be_recognised_is_larger_heavier_or_farther_than_another(
    panel: PanelSize, elder: bool, language: str
) -> None:
    """Where a screen asks for a face or a picture, the other way is on that very screen, and alike."""
    asked = 0
    for name, view, (scene, *_) in visit_on(panel, elder, language):
        pair = [one for one in view.actions if one.style is Style.EQUAL]
        if view.state not in ASKS_FOR_A_PICTURE or len(pair) < 2 or view.dialog is not None:
            continue
        targets = [scene.target(f"action:{one.id}") for one in pair]
        rects = [target.rect for target in targets if target is not None]
        assert len(rects) == 2, name
        first, second = rects
        assert (round(first.w, 3), round(first.h, 3)) == (round(second.w, 3), round(second.h, 3)), name
        assert round(first.y, 3) == round(second.y, 3) or round(first.x, 3) == round(second.x, 3), name
        looks = {(label.size_px, label.bold) for label in map(partial(label_of, scene), rects)}
        assert len(looks) == 1, (name, looks)
        inks = {label_of(scene, rect).ink for rect in rects}
        assert len(inks) == 1 or not all(one.enabled for one in pair), name
        asked += 1
    assert asked >= 4


def view_of(scene: Scene) -> Rect:
    assert scene.body is not None
    return scene.body


def label_size(scene: Scene, rect: Rect) -> int:
    """The em height of a button's first words."""
    return label_of(scene, rect).size_px


def label_of(scene: Scene, rect: Rect) -> Words:
    """A button's first words."""
    return next(
        item
        for layer in scene.layers
        for item in layer.items
        if isinstance(item, Words) and item.rect.shrink(0, 3).inside(rect)
    )


@EVERY
def test_the_writing_sheet_is_whole_in_every_state(panel: PanelSize, elder: bool, language: str) -> None:
    theme = panel.theme(elder=elder)
    view = all_views(language, elder=elder)["form_110199-SB-01_1"]
    found = {}
    for name, local in sheets(language, theme, types()):
        scene = compose(view, theme, types(), local)
        keyboard = local.keyboard
        assert keyboard is not None
        wanted = {f"key:{key.id}" for row in keyboard.rows() for key in row.keys}
        wanted |= {f"candidate:{place}" for place, _ in enumerate(keyboard.candidates())}
        wanted |= {f"action:{action.id}" for action in view.bar}
        wanted |= {"key:more"} if keyboard.has_more else set()
        wanted |= {"key:previous"} if keyboard.has_previous else set()
        missing = wanted - {target.key for target in scene.targets}
        wrong = [*faults(scene, theme, types()), *(f"missing: {key}" for key in sorted(missing))]
        if wrong:
            found[name] = wrong
    assert found == {}


@EVERY
def test_a_note_over_any_screen_is_whole(panel: PanelSize, elder: bool, language: str) -> None:
    theme = panel.theme(elder=elder)
    for name, view, _ in visit_on(panel, elder, language):
        reasons = {action.reason for action in actions_of(view) if not action.enabled}
        for reason in reasons:
            scene = compose(view, theme, types(), Local(note=reason))
            note = scene.target(NOTE)
            assert note is not None
            assert scene.target_at(*note.rect.middle) is note, name
            alone = Scene((scene.layers[-1],), (note,))
            assert faults(alone, theme, types()) == [], name
            words = next(item for item in scene.layers[-1].items if isinstance(item, Words))
            assert words.rect.inside(note.rect)
            assert "".join(words.lines).replace(" ", "") == reason.replace(" ", "")


@EVERY
def test_long_words_of_another_county_are_not_cut(panel: PanelSize, elder: bool, language: str) -> None:
    theme = panel.theme(elder=elder)
    views = all_views(language, elder=elder)
    for name in ("05_consent", "25_result_no_paper", "19_photo", "02_home", "28_evaluate"):
        view = views[name]
        station = "乌兰察布市察哈尔右翼后旗白音察干镇政务服务大厅自助服务区二号厅"
        long = replace(
            view,
            top=replace(view.top, station=station),
            subtitle="这里的说明比平常长得多，因为这个县要多说两句：" * 3,
            actions=tuple(replace(a, label=a.label + "（本人自愿选择）") for a in view.actions),
        )
        for scene in pages(long, theme):
            assert faults(scene, theme, types()) == [], name
