"""The way in: shows a terminal in a window until it is told to end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from kiosk.journey.view import Field, FieldKind
from screens.environment import prepare
from screens.port import WindowError, WindowOptions, WindowPort


def run_window(
    port: WindowPort, options: WindowOptions, ended: Callable[[], bool], on_first_frame: Callable[[], None]
) -> None:
    """Block until `ended()` is true. Call it from the main thread, once in a process.

    Raises WindowError when there is no display.
    """
    prepare(options.home, options.width_px, options.height_px, show_cursor=options.show_cursor)
    logging.disable(logging.CRITICAL)  # Kivy's traceback would bury the one sentence that helps
    try:
        from kivy.core.window import Window
    finally:
        logging.disable(logging.NOTSET)
    logging.getLogger("kivy").setLevel(logging.WARNING)
    if Window is None:
        message = "打不开屏幕窗口：没有可用的显示器 / no window can be opened: there is no display (DISPLAY)"
        raise WindowError(message)
    from screens.keyboard.model import Keyboard
    from screens.keyboard.pinyin import Pinyin
    from screens.typeset import Typesetter
    from screens.window import KioskApp, Panel

    engine = Pinyin(options.home / "pinyin")
    engine.start()

    def keyboard_for(field: Field, language: str) -> Keyboard:
        kind: Literal["text", "number"] = "number" if field.kind is FieldKind.NUMBER else "text"
        return Keyboard(language, kind, field.max_length, engine, text=field.value)

    types = Typesetter(options.fonts)
    app = KioskApp(lambda: Panel(port, options, types, keyboard_for), ended, on_first_frame)
    try:
        app.run()
    finally:
        engine.close()
