"""I01.2 and I05.3: a rare character has its glyph, and a name of 14 characters is shown uncut, dot and all."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from drivers.receipt_printer.contract import Pair, Slip
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from kiosk.identity import mask_name
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.visit import Visit
from screens.compose.page import compose
from screens.scene import Words
from tests.drivers.receipt_printer.slips import fonts
from tests.kiosk.journey.visits import card, visit, world
from tests.kiosk.paper.test_receipt import slip, text
from tests.screens.panels import PANELS, PanelSize, types

LONG = "阿卜杜测试热依·艾合买提样例"
RARE = "钱\U0002cb4a"


def filed(name: str) -> Visit:
    done = visit(State.RESULT)
    read = card()
    return replace(done, card=replace(read, document=replace(read.document, name=name)))


@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("panel", PANELS, ids=str)
def test_the_name_is_on_the_screen_as_the_rules_mask_it_and_no_shorter(panel: PanelSize, elder: bool) -> None:
    assert len(LONG) == 14
    scene = compose(present(filed(LONG), world()), panel.theme(elder=elder), types())
    shown = {"".join(item.lines) for layer in scene.layers for item in layer.items if isinstance(item, Words)}
    assert any(mask_name(LONG) in words for words in shown)
    assert "阿卜杜测试热依·" in mask_name(LONG)


def test_the_name_is_on_the_slip_in_one_piece() -> None:
    assert f"姓名 {mask_name(LONG)}" in text(slip(filed(LONG)))


def test_a_name_that_is_printed_in_full_is_wrapped_and_never_cut() -> None:
    """Dots of the last character are on the paper: without it there are fewer."""

    def ink(name: str) -> int:
        image = render_slip(Slip("A", (Pair("姓名", name),)), WIDE_DOTS, fonts())
        return image.convert("L").histogram()[0]

    whole = [ink((LONG * 3)[:size]) for size in range(1, 3 * len(LONG) + 1)]
    assert all(shorter < longer for shorter, longer in pairwise(whole))


@pytest.mark.parametrize("bold", [False, True])
def test_the_screen_has_a_glyph_for_the_rare_name(bold: bool) -> None:
    runs = list(types().face(40, bold=bold).runs(RARE))
    assert "".join(piece for piece, _ in runs) == RARE
    missing = "\U0010ffff"
    assert all(bytes(font.getmask(piece)) != bytes(font.getmask(missing)) for piece, font in runs)
