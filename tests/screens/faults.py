"""What is wrong with a scene on its panel, as sentences; an empty list is a good screen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from screens.geometry import Rect
from screens.scene import Item, Scene, Target, Words
from screens.theme import BODY_MM, INK_PER_EM, LABEL_MM, TARGET_MM, TOP_BAR_MM, Theme
from screens.typeset import Typesetter

SLACK_PX = 1.5
"""Rounding to whole pixels."""
LEADING_PX = 3.0
PLAIN_LAYERS = 2
"""Ground and body, nothing over them."""


def faults(scene: Scene, theme: Theme, types: Typesetter, *, beneath: str = "") -> list[str]:
    """`beneath` is the key of a target that lies under everything on purpose."""
    return [
        *_words(scene, theme, types),
        *_items(scene, theme),
        *_crossings(scene),
        *_targets(scene, theme, beneath),
    ]


def _words(scene: Scene, theme: Theme, types: Typesetter) -> Iterator[str]:
    for words in (item for layer in scene.layers for item in layer.items if isinstance(item, Words)):
        for line in words.lines:
            width = types.width(line, words.size_px, bold=words.bold)
            if width > words.rect.w + SLACK_PX:
                yield f"cut: {line!r} is {width:.0f} px wide in {words.rect.w:.0f} px"
        if len(words.lines) * words.line_px > words.rect.h + SLACK_PX:
            yield f"cut: {_named(words)} is higher than its place"
        floor = _least_mm(words, scene, theme)
        ink_mm = words.size_px * INK_PER_EM / theme.pixels_per_mm
        if ink_mm < floor - 0.05:
            yield f"small: {words.lines[0]!r} is {ink_mm:.2f} mm high, {floor} mm are needed"


def _least_mm(words: Words, scene: Scene, theme: Theme) -> float:
    """Rule D17 for what is read; less for what its place explains."""
    if words.rect.bottom <= theme.top_height:
        return TOP_BAR_MM
    x, y = words.rect.middle
    target = scene.target_at(x, y)
    in_bar = y > theme.height_px - theme.bottom_height
    on_key = target is not None and target.key.startswith("key:")
    return (LABEL_MM if in_bar or on_key else BODY_MM)[theme.elder]


def _items(scene: Scene, theme: Theme) -> Iterator[str]:
    panel = Rect(0, 0, theme.width_px, theme.height_px)
    for layer in scene.layers:
        room = layer.clip or panel
        if not room.inside(panel):
            yield f"off the panel: a layer's room {room}"
        # Under a dialog or a keyboard nothing moves, yet what is hidden there may be longer than its room.
        longer = scene.overflow_px > 0 or len(scene.layers) > PLAIN_LAYERS
        for item in layer.items:
            moved = layer.clip is not None and longer
            rect = item.rect
            where = Rect(rect.x, room.y, rect.w, 0) if moved else rect
            if not where.inside(room):
                yield f"off its room: {_named(item)} {rect} in {room}"


def _crossings(scene: Scene) -> Iterator[str]:
    """Words over words, and words across the edge of something to press."""
    for layer in scene.layers:
        words = [item for item in layer.items if isinstance(item, Words)]
        for a, b in combinations(words, 2):
            if _overlap(a.rect, b.rect):
                yield f"crossing: {_named(a)} and {_named(b)}"
    # What lies over a page hides its words, not its edges: only the topmost layers are looked at.
    for layer in scene.layers if len(scene.layers) == PLAIN_LAYERS else scene.layers[-1:]:
        for item in layer.items:
            seen = _visible(item.rect, layer.clip)
            for target in scene.targets if isinstance(item, Words) and seen is not None else ():
                if seen and _overlap(seen, target.rect) and not _within(seen, target.rect):
                    yield f"across an edge: {_named(item)} and {target.key}"


def _visible(rect: Rect, clip: Rect | None) -> Rect | None:
    """The part inside `clip`."""
    if clip is None:
        return rect
    top, bottom = max(rect.y, clip.y), min(rect.bottom, clip.bottom)
    return Rect(rect.x, top, rect.w, bottom - top) if bottom > top else None


def visible_words(scene: Scene) -> set[str]:
    """Every line that is wholly in sight."""
    seen = set()
    for layer in scene.layers:
        for item in layer.items:
            if isinstance(item, Words):
                for number, line in enumerate(item.lines):
                    rect = Rect(item.rect.x, item.rect.y + number * item.line_px, item.rect.w, item.line_px)
                    if layer.clip is None or rect.inside(layer.clip):
                        seen.add(line)
    return seen


def _within(inner: Rect, outer: Rect) -> bool:
    """Vertically, the leading of a line may stand out: there is no ink in it."""
    return inner.shrink(0, LEADING_PX).inside(outer)


def _targets(scene: Scene, theme: Theme, beneath: str) -> Iterator[str]:
    panel = Rect(0, 0, theme.width_px, theme.height_px)
    least = TARGET_MM[theme.elder] * theme.pixels_per_mm - SLACK_PX
    targets = [target for target in scene.targets if target.key != beneath]
    for target in targets:
        if min(target.rect.w, target.rect.h) <= 0:
            yield f"nowhere: {target.key} {target.rect}"
        if not target.rect.inside(panel):
            yield f"off the panel: {target.key} {target.rect}"
        if min(target.rect.w, target.rect.h) < least and not _cut_by_body(target, scene):
            yield f"too small to press: {target.key} {target.rect}, {least:.0f} px are needed"
    for a, b in combinations(targets, 2):
        if _overlap(a.rect, b.rect):
            yield f"two under one finger: {a.key} and {b.key}"


def _cut_by_body(target: Target, scene: Scene) -> bool:
    """Scrolled partly out of sight."""
    body = scene.body
    if body is None or not scene.overflow_px:
        return False
    rect = target.rect
    return rect.inside(body) and (rect.y <= body.y + SLACK_PX or rect.bottom >= body.bottom - SLACK_PX)


def _overlap(a: Rect, b: Rect) -> bool:
    return a.shrink(SLACK_PX / 2).overlaps(b.shrink(SLACK_PX / 2))


def _named(item: Item) -> str:
    return repr("".join(item.lines)[:24]) if isinstance(item, Words) else type(item).__name__
