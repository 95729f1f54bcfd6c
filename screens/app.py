"""The way in: shows a terminal in a window until it is told to end."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kiosk.journey.view import Field, View
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
    from screens.compose.writing import candidate_width, candidates_room
    from screens.keyboard.kind import keyboard_kind
    from screens.keyboard.model import Keyboard
    from screens.keyboard.pinyin import Pinyin
    from screens.theme import Theme
    from screens.typeset import Typesetter
    from screens.window import KioskApp, Panel

    engine = Pinyin(options.home / "pinyin")
    engine.start()

    types = Typesetter(options.fonts)
    types.warm()

    def keyboard_for(field: Field, view: View) -> Keyboard:
        panel = options.width_px, options.height_px, options.panel_width_mm
        theme = Theme.for_panel(*panel, elder=view.elder)
        return Keyboard(
            view.language,
            keyboard_kind(field.kind),
            field.max_length,
            engine,
            text=field.value,
            candidates_width=candidates_room(theme),
            width_of=lambda text: candidate_width(theme, types, text),
        )

    app = KioskApp(lambda: Panel(port, options, types, keyboard_for), ended, on_first_frame)
    try:
        app.run()
    finally:
        engine.close()
