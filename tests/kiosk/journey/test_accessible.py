"""The screen for those who listen: everything is there, in order, and nothing that others must not hear."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.journey.accessible import Role, spoken, tree
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.view import Field, FieldKind, Fields, actions_of, fields_of
from kiosk.journey.visit import DialogKind
from tests.kiosk.journey.visits import visit, world


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_action_and_field_is_a_node_in_order(state: State, language: str) -> None:
    view = present(replace(visit(state), language=language), world())
    nodes = tree(view)
    assert [node.order for node in nodes] == list(range(len(nodes)))
    assert nodes[0].role is Role.HEADING
    assert nodes[0].label == view.title
    said = {node.action for node in nodes}
    assert {action.id for action in actions_of(view)} <= said
    assert {field.id for field in fields_of(view)} <= said
    assert view.title in spoken(view)


def test_under_a_dialog_only_the_dialog_is_there() -> None:
    view = present(replace(visit(State.FORM), dialog=DialogKind.CANCEL), world())
    assert view.dialog is not None
    assert [node.action for node in tree(view)] == ["", *(action.id for action in view.dialog.actions)]
    assert view.title not in spoken(view)


def test_what_was_written_is_not_read_aloud_but_that_it_was() -> None:
    view = present(visit(State.FORM), world())
    field = Field(
        "mobile", FieldKind.NUMBER, "手机号", value="13800001234", error="请再看一下", required=True
    )
    aloud = spoken(replace(view, blocks=(Fields((field,)),)))
    assert "13800001234" not in aloud
    assert "手机号，已填写，必填" in aloud
    assert "请再看一下" in aloud


def test_a_disabled_choice_says_why_and_states_are_said_in_the_language() -> None:
    view = present(replace(visit(State.CONSENT), language="en"), replace(world(), face_ready=False))
    aloud = spoken(view)
    face = next(action for action in view.actions if action.id == "face")
    assert face.reason in aloud
    assert "not available now" in aloud
    assert "disabled" not in aloud
