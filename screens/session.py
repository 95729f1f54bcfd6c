"""What happens between a finger and the journey. Pure: time comes in, events go out.

The journey decides everything about the visit; here is only what the window alone knows: which
touch counts, how far the body is moved, which field is being written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kiosk.journey.events import Entered, Pressed, StaffAsked, Touched
from kiosk.journey.view import Field, View, action, fields_of
from screens.compose.page import SCROLL_DOWN, SCROLL_UP, Local
from screens.keyboard.model import Keyboard
from screens.port import FromScreen
from screens.press import REST_S, TAKE_OVER_S, PressGuard
from screens.providers import OneProvider
from screens.scene import Scene

NOTE_S = 4.0
"""A reason is read in this time; a touch ends it earlier."""
DRAG_PX = 24.0
"""A finger that moved so far drags the page and presses nothing."""
STAFF_HOLD_S = 5.0
"""A finger that rests on the staff's corner for so long asks for the staff menu: nobody waits there by chance."""
PAGE_SHARE = 0.8
"""Of the visible body for one press of a scroll button: the last line stays in sight."""

KeyboardFor = Callable[[Field, View], Keyboard]


@dataclass(frozen=True, slots=True)
class Finger:
    """The touch that counts, where it came down and whether it drags."""

    touch: str
    y: float
    since_s: float
    scroll_px: float
    drags: bool = False
    on_corner: bool = False


class Session:
    """The window's own state. `keyboard_for(field, view)` makes a keyboard for a question."""

    def __init__(self, send: Callable[[FromScreen], None], keyboard_for: KeyboardFor) -> None:
        self._send = send
        self._keyboard_for = keyboard_for
        self._guard = PressGuard()
        self._one = OneProvider()
        self._finger: Finger | None = None
        self._field: Field | None = None
        self._note = ""
        self._note_until_s = 0.0
        self._note_about = ""
        self._scroll_px = 0.0
        self._place: object = None
        self._errors = False
        self._changed = False
        self.keyboard: Keyboard | None = None

    def shown(self, view: View, now_s: float) -> bool:
        """A view is about to be shown. True when it is another screen: then nothing of the former
        screen stays, neither scroll nor half-written words.
        """
        dialog = view.dialog.title if view.dialog is not None else ""
        fields = tuple(fields_of(view))
        place = (view.state, view.language, view.elder, tuple(field.id for field in fields))
        if view.dialog is None:
            errors = any(field.error for field in fields)
            if place != self._place:
                self._note = ""
                self._close_keyboard()
            if place != self._place or (errors and not self._errors):
                self._scroll_px = 0.0  # what is to be looked at again stands at the top
            self._place, self._errors = place, errors
        if self._note and _may_press(view, self._note_about):
            self._note = ""  # it lies over the very thing that it said to wait for
            self._changed = True
        another = self._guard.screen((*place, view.title, dialog), now_s, elder=view.elder)
        if another:
            self._finger = None
        return another

    def take_changed(self) -> bool:
        """True once after anything that the scene shows has changed here."""
        changed, self._changed = self._changed, False
        return changed

    def local(self, now_s: float) -> Local:
        """What the scene needs of this session."""
        note = self._note if now_s < self._note_until_s else ""
        return Local(self._scroll_px, note, self._field, self.keyboard)

    @property
    def held(self) -> str | None:
        return self._guard.held.target if self._guard.held is not None else None

    @property
    def doubled(self) -> frozenset[str]:
        """The devices that told one touch twice."""
        return self._one.doubled

    def down(self, touch: str, x: float, y: float, scene: Scene, now_s: float, device: str = "") -> None:
        """A finger came down at (x, y) pixels from the top left, as the provider of `device` tells."""
        if not self._one.counts(device, now_s):
            return
        self._send(Touched())
        self._changed = self._changed or bool(self._note)
        self._note = ""
        target = scene.target_at(x, y)
        self._guard.down(touch, target.key if target is not None else None, now_s)
        if self._finger is None or now_s - self._finger.since_s >= TAKE_OVER_S:
            on_corner = scene.staff_corner is not None and scene.staff_corner.holds(x, y)
            scroll_px = min(self._scroll_px, scene.overflow_px)
            self._finger = Finger(touch, y, now_s, scroll_px, on_corner=on_corner)

    def tick(self, now_s: float) -> None:
        """Time goes by: what is held too long is forgotten, or was meant for the staff's corner."""
        self._changed = self._guard.let_go(now_s) or self._changed
        finger = self._finger
        if finger is not None and finger.on_corner and now_s - finger.since_s >= STAFF_HOLD_S:
            self._finger = None
            self._send(StaffAsked())

    def move(self, touch: str, x: float, y: float, scene: Scene, now_s: float, device: str = "") -> bool:
        """A finger moved. True when the body moved with it."""
        self._one.seen(device, now_s)
        finger = self._finger
        if finger is None or finger.touch != touch:
            return False
        if finger.on_corner and not (scene.staff_corner is not None and scene.staff_corner.holds(x, y)):
            finger = self._finger = replace(finger, on_corner=False)
        if not scene.overflow_px:
            return False
        if not finger.drags and abs(y - finger.y) < DRAG_PX:
            return False
        self._guard.held = None
        self._finger = replace(finger, drags=True)
        return self._scroll_to(finger.scroll_px + finger.y - y, scene)

    def up(
        self, touch: str, x: float, y: float, scene: Scene, now_s: float, view: View, device: str = ""
    ) -> None:
        """A finger left; what it pressed acts."""
        self._one.seen(device, now_s)
        if self._finger is not None and self._finger.touch == touch:
            self._finger = None
        target = scene.target_at(x, y)
        key = target.key if target is not None else None
        # Only what changes the visit rests: an option may be corrected, a key repeated, a reason read again.
        rests = target is not None and target.enabled and target.key.startswith("action:")
        acted = self._guard.up(touch, key, now_s, rest_s=REST_S if rests else 0.0)
        if acted is None or target is None:
            return
        if not target.enabled:
            self._note, self._note_until_s, self._note_about = target.reason, now_s + NOTE_S, target.key
            self._changed = True
            return
        self._act(acted, scene, view)

    def _write(self, name: str, view: View) -> None:
        """Open the keyboard for a question."""
        field = next((field for field in fields_of(view) if field.id == name), None)
        if field is not None:
            self._finish_writing()
            self._field, self.keyboard = field, self._keyboard_for(field, view)
            self._changed = True

    def _act(self, key: str, scene: Scene, view: View) -> None:
        kind, _, name = key.partition(":")
        match kind:
            case "action":
                if view.dialog is None:  # who answers a dialog goes on writing where it came up
                    self._finish_writing()
                self._send(Pressed(name, view.state))
            case "option":
                field, _, value = name.partition("=")
                self._send(Entered(field, value))
            case "field":
                self._write(name, view)
            case "scroll":
                page = (scene.body.h if scene.body is not None else 0.0) * PAGE_SHARE
                now_px = min(self._scroll_px, scene.overflow_px)
                self._scroll_to(now_px + {SCROLL_UP: -page, SCROLL_DOWN: page}[key], scene)
            case "key" | "candidate":
                self._type(kind, name)

    def _type(self, kind: str, name: str) -> None:
        if self.keyboard is None:
            return
        self._changed = True
        match kind, name:
            case "candidate", _:
                self.keyboard.choose(int(name))
            case "key", "more":
                self.keyboard.more()
            case "key", "previous":
                self.keyboard.previous()
            case _:
                self.keyboard.press(name)
                if self.keyboard.done:
                    self._finish_writing()

    def _finish_writing(self) -> None:
        """What was written goes to the journey before anything else happens."""
        if self.keyboard is not None and self._field is not None:
            self._send(Entered(self._field.id, self.keyboard.text))
        self._close_keyboard()

    def _close_keyboard(self) -> None:
        if self.keyboard is not None:
            self.keyboard.wipe()
            self._changed = True
        self.keyboard = None
        self._field = None

    def _scroll_to(self, wanted_px: float, scene: Scene) -> bool:
        before = self._scroll_px
        self._scroll_px = min(max(0.0, wanted_px), scene.overflow_px)
        self._changed = self._changed or self._scroll_px != before
        return self._scroll_px != before


def _may_press(view: View, key: str) -> bool:
    kind, _, name = key.partition(":")
    found = action(view, name) if kind == "action" else None
    return found is not None and found.enabled
