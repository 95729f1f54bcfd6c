"""What a screen shows, as data: the window draws it, a rehearsal reads it, speech reads it aloud.

A view holds finished words in the resident's language. Everything that can be pressed is an
`Action` with an id; everything that can be filled is a `Field`. A screen answers with
`events.Pressed(action.id)` or `events.Entered(field.id, value)` and decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.journey.states import State


class Tone(StrEnum):
    """Colour of meaning; never the only carrier of it."""

    CALM = "calm"
    FINE = "fine"
    WAITING = "waiting"
    TROUBLE = "trouble"


class Style(StrEnum):
    """How an action looks. `EQUAL` is for choices that must not be steered."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    EQUAL = "equal"
    TILE = "tile"
    CHOICE = "choice"
    BAR = "bar"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to press. A disabled action always says why in `reason`."""

    id: str
    label: str
    style: Style = Style.PRIMARY
    hint: str = ""
    icon: str = ""
    enabled: bool = True
    reason: str = ""
    selected: bool = False


class FieldKind(StrEnum):
    """The widgets that a form may ask for (a closed set)."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    CHOICE = "choice"
    PIN = "pin"
    """Digits that are never shown."""
    CODE = "code"
    """A case code: Latin letters and digits."""


DIGITS = frozenset({FieldKind.NUMBER, FieldKind.PIN})
"""Written on a number pad."""


@dataclass(frozen=True, slots=True, repr=False)
class Field:
    """A question. `options` are (value, label) for a choice; `error` is the sentence to show."""

    id: str
    kind: FieldKind
    label: str
    value: str = ""
    hint: str = ""
    error: str = ""
    required: bool = False
    max_length: int = 200
    options: tuple[tuple[str, str], ...] = ()
    note: str = ""
    """Stands under the value: where it comes from."""

    def __repr__(self) -> str:
        return f"Field({self.id!r}, {self.kind.value}, masked)"


@dataclass(frozen=True, slots=True)
class Points:
    """A numbered or plain list of sentences on a white card."""

    sentences: tuple[str, ...]
    numbered: bool = True
    title: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A label with its value, never in a repr; `edit` is the id of the action that changes it."""

    label: str
    value: str = field(repr=False)
    edit: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A white card of label and value lines."""

    lines: tuple[Line, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence in a coloured box."""

    text: str
    tone: Tone = Tone.CALM


@dataclass(frozen=True, slots=True)
class Code:
    """A case code in the largest type, grouped in fours."""

    label: str
    code: str


@dataclass(frozen=True, slots=True)
class Illustration:
    """A drawn icon with a caption: where to put the card, where the slip comes out."""

    icon: str
    caption: str = ""
    tone: Tone = Tone.CALM


@dataclass(frozen=True, slots=True)
class Preview:
    """The live picture of the camera, or the taken photo. The camera-on sign is drawn with it."""

    caption: str
    mirrored: bool = True
    still: bool = False
    """True: show the taken photo (`Terminal.taken_photo()`), False: the live picture."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """A group of service tiles under a life event."""

    title: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """A column or grid of equal choices (evaluation levels, ways to be recognised)."""

    actions: tuple[Action, ...]
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Fields:
    """The questions of this page."""

    fields: tuple[Field, ...]


Block = Points | Lines | Message | Code | Illustration | Preview | Tiles | Choices | Fields


@dataclass(frozen=True, slots=True)
class Dialog:
    """A question over the screen; only its own actions close it. `countdown_s` draws a ring."""

    title: str
    text: str
    actions: tuple[Action, ...]
    countdown_s: int | None = None


@dataclass(frozen=True, slots=True)
class TopBar:
    """The same on every screen: whose terminal this is and how the network stands."""

    product: str
    station: str
    link_text: str
    link_tone: Tone
    time_text: str


@dataclass(frozen=True, slots=True)
class View:
    """One screen. `progress` is (step, of); `mark` is an icon beside the title (a tick)."""

    state: State
    title: str
    top: TopBar
    subtitle: str = ""
    progress: tuple[int, int] | None = None
    progress_text: str = ""
    mark: str = ""
    blocks: tuple[Block, ...] = ()
    actions: tuple[Action, ...] = ()
    bar: tuple[Action, ...] = ()
    dialog: Dialog | None = None
    busy: bool = False
    language: str = "zh"
    elder: bool = False


def actions_of(view: View) -> Iterator[Action]:
    """Every action that can be pressed now: under a dialog only the dialog's own."""
    if view.dialog is not None:
        yield from view.dialog.actions
        return
    for block in view.blocks:
        if isinstance(block, Tiles | Choices):
            yield from block.actions
        elif isinstance(block, Lines):
            for line in block.lines:
                if line.edit:
                    yield Action(line.edit, line.label, Style.LINK)
    yield from view.actions
    yield from view.bar


def fields_of(view: View) -> Iterator[Field]:
    """Every field that can be filled now."""
    if view.dialog is None:
        for block in view.blocks:
            if isinstance(block, Fields):
                yield from block.fields


def action(view: View, id_: str) -> Action | None:
    """The action with this id that can be pressed now, or None."""
    return next((a for a in actions_of(view) if a.id == id_), None)
