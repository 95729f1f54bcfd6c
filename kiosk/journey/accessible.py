"""The screen as a tree for those who do not see it: read aloud, keys, tests. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kiosk.journey.view import (
    Action,
    Block,
    Choices,
    Code,
    Dialog,
    Field,
    FieldKind,
    Fields,
    Illustration,
    Lines,
    Message,
    Points,
    Preview,
    Tiles,
    View,
)
from kiosk.locale import texts_for


class Role(StrEnum):
    """What a node is, as a reader would name it."""

    HEADING = "heading"
    TEXT = "text"
    STATUS = "status"
    STATUS_BAR = "status_bar"
    PROGRESS = "progress"
    IMAGE = "image"
    GROUP = "group"
    BUTTON = "button"
    FIELD = "field"
    CHOICE = "choice"
    DIALOG = "dialog"


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """One thing of the screen; `order` counts from 0 in reading order. Values are the view's own
    (masked) words and stay out of the repr.
    """

    role: Role
    label: str
    value: str = ""
    state: tuple[str, ...] = ()
    action: str = ""
    order: int = 0

    def __repr__(self) -> str:
        return f"Node({self.role.value}, order={self.order})"


STATE_WORDS = {"selected": "已选", "disabled": "暂时不能用", "required": "必填"}
"""How a state is said, as keys of the translations."""


def tree(view: View) -> tuple[Node, ...]:
    """Every node in reading order; under a dialog only the dialog."""
    nodes = _dialog(view.dialog) if view.dialog is not None else _screen(view)
    return tuple(Node(n.role, n.label, n.value, n.state, n.action, order) for order, n in enumerate(nodes))


def spoken(view: View) -> str:
    """The screen as sentences for reading aloud, in the view's language.

    What a resident has written is not said: others hear it. The bottom bar is left out: it is the
    same everywhere, and who listens waits for what is new.
    """
    t = texts_for(view.language)
    bar = {action.id for action in view.bar}
    parts = []
    for node in tree(view):
        if node.action in bar or node.role in (Role.STATUS_BAR, Role.PROGRESS):
            continue
        value = t("已填写") if node.role is Role.FIELD and node.value else node.value
        words = (node.label, value, *(t(STATE_WORDS[state]) for state in node.state if state in STATE_WORDS))
        sentence = ("，" if view.language == "zh" else ", ").join(filter(None, words))
        if sentence:
            parts.append(sentence.rstrip("。.，, "))
    return ("。" if view.language == "zh" else ". ").join(parts)


def news(view: View) -> str:
    """What changes beside a live picture, for who follows it by ear: the request, not the whole screen."""
    found = []
    for block in view.blocks:
        match block:
            case Preview(words, _, _) | Message(words, _):
                found.append(words)
            case _:
                pass
    return ("。" if view.language == "zh" else ". ").join(found)


def _dialog(dialog: Dialog) -> Iterator[Node]:
    yield Node(Role.DIALOG, dialog.title, dialog.text)
    yield from map(_action, dialog.actions)


def _screen(view: View) -> Iterator[Node]:
    yield Node(Role.HEADING, view.title, view.subtitle)
    if view.progress is not None:
        yield Node(Role.PROGRESS, view.progress_text, f"{view.progress[0]}/{view.progress[1]}")
    for block in view.blocks:
        yield from _block(block)
    yield from map(_action, view.actions)
    yield from map(_action, view.bar)
    yield Node(Role.STATUS_BAR, view.top.link_text, view.top.time_text)


def _action(action: Action) -> Node:
    state = []
    if action.selected:
        state.append("selected")
    if not action.enabled:
        state.append("disabled")
    return Node(
        Role.BUTTON, action.label, action.hint if action.enabled else action.reason, tuple(state), action.id
    )


def _field(field: Field) -> Iterator[Node]:
    state = tuple(s for s, holds in (("required", field.required), ("invalid", bool(field.error))) if holds)
    chosen = field.kind is FieldKind.CHOICE
    yield Node(Role.FIELD, field.label, "" if chosen else field.value, state, field.id)
    if field.hint and not field.value:
        yield Node(Role.TEXT, field.hint)
    if field.note:
        yield Node(Role.TEXT, field.note)
    if field.error:
        yield Node(Role.STATUS, field.error)
    if chosen:
        for value, label in field.options:
            yield Node(Role.CHOICE, label, "", ("selected",) if value == field.value else (), field.id)


def _block(block: Block) -> Iterator[Node]:
    match block:
        case Points(sentences, _, title):
            if title:
                yield Node(Role.GROUP, title)
            for sentence in sentences:
                yield Node(Role.TEXT, sentence)
        case Lines(lines, title):
            if title:
                yield Node(Role.GROUP, title)
            for line in lines:
                yield Node(Role.BUTTON if line.edit else Role.TEXT, line.label, line.value, (), line.edit)
        case Message(text, _):
            yield Node(Role.STATUS, text)
        case Code(label, code):
            yield Node(Role.TEXT, label, " ".join(code))
        case Illustration(_, caption, _) | Preview(caption, _, _):
            yield Node(Role.IMAGE, caption)
        case Tiles(title, actions):
            yield Node(Role.GROUP, title)
            yield from map(_action, actions)
        case Choices(actions, _):
            yield from map(_action, actions)
        case Fields(fields):
            for field in fields:
                yield from _field(field)
