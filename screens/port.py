"""What a window needs from the terminal behind it, and what it is told at its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from drivers.camera.contract import Frame
from drivers.receipt_printer.fonts import Fonts
from kiosk.events import TwoTouchProviders, UnexpectedKeyboard
from kiosk.journey.events import Entered, Pressed, StaffAsked, Touched
from kiosk.journey.view import View

PREVIEW_HZ = 15.0
"""What software rendering can redraw beside a deciding face worker (kivy study, chapter 7)."""

FromScreen = Pressed | Entered | Touched | StaffAsked


class WindowError(Exception):
    """No window can be opened; the text says what to do."""


class WindowPort(Protocol):
    """The terminal as a window sees it. No call may block."""

    def view(self) -> View: ...

    def subscribe(self, listener: Callable[[], None]) -> None:
        """`listener` is called from any thread whenever the view changed."""
        ...

    def send(self, event: FromScreen, /) -> None: ...

    def tell(self, event: TwoTouchProviders | UnexpectedKeyboard, /) -> None:
        """Something about the window itself that the operations are to know."""
        ...

    def preview(self) -> Frame | None:
        """The newest live picture, or None while the camera is closed. Asked `PREVIEW_HZ` times a second."""
        ...

    def taken_photo(self) -> bytes | None:
        """The photo of this visit, JPEG or PNG."""
        ...


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """The panel in pixels, and in millimetres of its width.

    `home` is a folder for Kivy and the pinyin engine. `announce` is the bench's and the tests' sight
    of the window; a terminal in service has none.
    """

    fonts: Fonts
    home: Path
    width_px: int
    height_px: int
    panel_width_mm: float
    show_cursor: bool = False
    announce: TextIO | None = None
