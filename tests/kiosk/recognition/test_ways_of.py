"""Which ways a village offers follows from what is fitted there, not from what is wished alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.assembly.proofs import ways_of
from kiosk.catalogue.model import Method
from kiosk.settings import load_text
from tests.kiosk.settings.test_settings import SHIPPED

INI = SHIPPED.read_text("utf-8")


def given(ways: str, slot: str, *, demo: bool) -> str:
    text = INI
    for key, shipped, value in (
        ("ways", "face, helper", ways),
        ("helper_kind", "none", slot),
        ("demo", "false", str(demo).lower()),
    ):
        line = f"\n{key} = {shipped}\n"
        assert text.count(line) == 1
        text = text.replace(line, f"\n{key} = {value}\n")
    return text


@pytest.mark.parametrize(
    ("slot", "demo", "offered"),
    [
        ("pcsc", True, {Method.FACE, Method.HELPER, Method.SMS}),
        ("none", True, {Method.FACE, Method.SMS}),
        ("none", False, {Method.FACE, Method.SMS}),
    ],
)
def test_a_helpers_card_is_a_way_only_where_there_is_a_slot(
    tmp_path: Path, slot: str, demo: bool, offered: set[Method]
) -> None:
    settings, problems = load_text(given("face, helper, sms", slot, demo=demo), "kiosk.ini", tmp_path)
    assert settings is not None, problems
    assert ways_of(settings) == offered


def test_in_service_there_can_be_no_slot(tmp_path: Path) -> None:
    settings, problems = load_text(given("face, helper", "pcsc", demo=False), "kiosk.ini", tmp_path)
    assert settings is None
    assert any("write none in service" in str(one) for one in problems)
