"""Paints a scene on a Kivy canvas. Rectangles, textures and nothing that thinks.

Textures of words live as long as the scene that shows them: after a visit none is left.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from kivy.graphics import Color, Ellipse, InstructionGroup, Rectangle, SmoothLine, SmoothRoundedRectangle
from kivy.graphics.scissor_instructions import ScissorPop, ScissorPush
from kivy.graphics.texture import Texture
from PIL import Image, ImageDraw

from drivers.camera.contract import Frame
from screens.geometry import Rect
from screens.icons import render
from screens.scene import Align, Box, Busy, Icon, Item, Picture, Ring, Scene, Words
from screens.theme import PRESSED, WHITE, Colour
from screens.typeset import Typesetter

INK_CENTRE = 0.38
"""Ems from the baseline to the middle of a Han character's ink (Noto Sans SC)."""
BUSY_DOTS = 3


class Painter:
    """`group` is the instruction group that is filled anew for each scene."""

    def __init__(self, group: InstructionGroup, types: Typesetter, height_px: int) -> None:
        self._group = group
        self._types = types
        self._height = height_px
        self._textures: dict[Hashable, Any] = {}
        self._icons: dict[tuple[str, int], Any] = {}
        self._pressed = InstructionGroup()
        self._dots: list[Color] = []
        self._picture: tuple[Picture, Rectangle, Color] | None = None
        self._frame_texture: Any = None

    @property
    def shows_live_picture(self) -> bool:
        return self._picture is not None and not self._picture[0].still

    @property
    def shows_still(self) -> bool:
        return self._picture is not None and self._picture[0].still

    @property
    def is_busy(self) -> bool:
        return bool(self._dots)

    def paint(self, scene: Scene) -> None:
        """Replace everything by `scene`."""
        self._group.clear()
        self._dots = []
        self._picture = None
        before, self._textures = self._textures, {}
        for layer in scene.layers:
            if layer.clip is not None:
                x, y, w, h = self._place(layer.clip)
                self._group.add(ScissorPush(x=round(x), y=round(y), width=round(w), height=round(h)))
            for item in layer.items:
                self._paint(item, before)
            if layer.clip is not None:
                self._group.add(ScissorPop())
        if self._picture is None:
            self._frame_texture = None
        self._pressed.clear()
        self._group.add(self._pressed)

    def press(self, rect: Rect | None, radius: float) -> None:
        """Shade what a finger holds, or nothing."""
        self._pressed.clear()
        if rect is not None:
            self._pressed.add(Color(*PRESSED))
            x, y, w, h = self._place(rect)
            self._pressed.add(SmoothRoundedRectangle(pos=(x, y), size=(w, h), radius=[radius]))

    def beat(self, count: int) -> None:
        """Move the busy dots on by one."""
        for place, colour in enumerate(self._dots):
            colour.a = 1.0 if count % BUSY_DOTS == place else 0.3

    def show_frame(self, frame: Frame | None) -> None:
        """Put a camera picture, B G R rows from the top, into the picture's place."""
        if self._picture is None:
            return
        picture, rectangle, colour = self._picture
        if frame is None:
            colour.a = 0.0
            return
        rows, columns = frame.pixels.shape[:2]
        if self._frame_texture is None or self._frame_texture.size != (columns, rows):
            self._frame_texture = Texture.create(size=(columns, rows), colorfmt="rgb")
        texture = self._frame_texture
        texture.blit_buffer(np.ascontiguousarray(frame.pixels).reshape(-1), colorfmt="bgr", bufferfmt="ubyte")
        left, right = (1.0, 0.0) if picture.mirrored else (0.0, 1.0)
        rectangle.texture = texture
        rectangle.tex_coords = (left, 1, right, 1, right, 0, left, 0)
        colour.a = 1.0

    def _place(self, rect: Rect) -> tuple[float, float, float, float]:
        """Kivy counts from the bottom."""
        return rect.x, self._height - rect.bottom, rect.w, rect.h

    def _paint(self, item: Item, before: dict[Hashable, Any]) -> None:
        match item:
            case Box():
                self._box(item)
            case Words():
                self._words(item, before)
            case Icon():
                self._icon(item)
            case Ring():
                self._ring(item)
            case Busy():
                self._busy(item)
            case Picture():
                self._frame(item)

    def _fill(self, rect: Rect, fill: Colour, radius: float) -> None:
        x, y, w, h = self._place(rect)
        self._group.add(Color(*fill))
        if radius <= 0:
            self._group.add(Rectangle(pos=(x, y), size=(w, h)))
        else:
            self._group.add(
                SmoothRoundedRectangle(
                    pos=(x, y), size=(w, h), radius=[min(radius, w / 2, h / 2)], segments=24
                )
            )

    def _box(self, box: Box) -> None:
        if box.border_px and box.border[3] > 0:
            self._fill(box.rect, box.border, box.radius)
            self._fill(box.rect.shrink(box.border_px), box.fill, max(0.0, box.radius - box.border_px))
        else:
            self._fill(box.rect, box.fill, box.radius)

    def _words(self, words: Words, before: dict[Hashable, Any]) -> None:
        key = (words.lines, words.size_px, words.line_px, words.bold, words.align, round(words.rect.w))
        texture = self._textures.get(key) or before.get(key)
        if texture is None:
            texture = _texture(_typeset(words, self._types))
        self._textures[key] = texture
        rect = Rect(round(words.rect.x), round(words.rect.y), *texture.size)
        x, y, w, h = self._place(rect)
        self._group.add(Color(*words.ink))
        self._group.add(Rectangle(texture=texture, pos=(x, y), size=(w, h)))

    def _icon(self, icon: Icon) -> None:
        size = max(1, round(icon.rect.w))
        key = (icon.name, size)
        if key not in self._icons:
            self._icons[key] = _texture(render(icon.name, size))
        rect = Rect(round(icon.rect.x), round(icon.rect.y), size, size)
        x, y, w, h = self._place(rect)
        self._group.add(Color(*icon.ink))
        self._group.add(Rectangle(texture=self._icons[key], pos=(x, y), size=(w, h)))

    def _ring(self, ring: Ring) -> None:
        x, y, w, _ = self._place(ring.rect)
        radius, width = w / 2 - 8, w * 0.05
        middle = (x + w / 2, y + w / 2)
        for share, ink in ((1.0, ring.ground), (ring.share, ring.ink)):
            self._group.add(Color(*ink))
            self._group.add(SmoothLine(circle=(*middle, radius, 0, 360 * share), width=width))

    def _busy(self, busy: Busy) -> None:
        x, y, w, h = self._place(busy.rect)
        side = min(h * 0.36, 24.0)
        left = x + w / 2 - side * 2.5
        for place in range(BUSY_DOTS):
            colour = Color(*busy.ink)
            colour.a = 1.0 if place == 0 else 0.3
            self._group.add(colour)
            self._group.add(Ellipse(pos=(left + place * side * 2, y + h * 0.2), size=(side, side)))
            self._dots.append(colour)

    def _frame(self, picture: Picture) -> None:
        x, y, w, h = self._place(picture.rect)
        colour = Color(1, 1, 1, 0)
        self._group.add(colour)
        rectangle = Rectangle(pos=(x, y), size=(w, h))
        self._group.add(rectangle)
        self._picture = (picture, rectangle, colour)
        if picture.oval:
            self._group.add(Color(*WHITE))
            tall = h * 0.78
            wide = tall * 0.74
            where = (x + (w - wide) / 2, y + (h - tall) / 2, wide, tall)
            self._group.add(SmoothLine(ellipse=where, width=3.0))


def _typeset(words: Words, types: Typesetter) -> Image.Image:
    """The lines as a mask."""
    face = types.face(words.size_px, bold=words.bold)
    widths = [types.width(line, words.size_px, bold=words.bold) for line in words.lines]
    full = max(1, round(words.rect.w)) if words.align is not Align.LEFT else max(1, round(max(widths)) + 4)
    image = Image.new("L", (full, max(1, words.line_px * len(words.lines))), 0)
    draw = ImageDraw.Draw(image)
    for number, (line, width) in enumerate(zip(words.lines, widths, strict=True)):
        spare = full - width
        x = {Align.LEFT: 0.0, Align.CENTRE: spare / 2, Align.RIGHT: spare}[words.align]
        base = words.line_px * (number + 0.5) + INK_CENTRE * words.size_px
        for piece, font in face.runs(line):
            draw.text((x, base), piece, fill=255, font=font, anchor="ls")
            x += font.getlength(piece)
    return image


def _texture(mask: Image.Image) -> Any:
    """White with the mask as alpha, so that a Color gives the ink."""
    alpha = np.asarray(mask.transpose(Image.Transpose.FLIP_TOP_BOTTOM), np.uint8)
    pixels = np.full((*alpha.shape, 4), 255, np.uint8)
    pixels[..., 3] = alpha
    texture = Texture.create(size=mask.size, colorfmt="rgba")
    texture.blit_buffer(pixels.reshape(-1), colorfmt="rgba", bufferfmt="ubyte")
    return texture
