"""P01.1: the card service is down while a resident stands before the card screen."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from drivers.card_reader.contract import CardFailure
from drivers.card_reader.virtual_service import VirtualService
from drivers.contract import Cause, Failed
from kiosk.assembly.devices import open_devices
from kiosk.journey import events as ev
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import actions_of
from kiosk.journey.visit import CardProblem
from tests.drivers.card_reader.card_service import card_service
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER
from tests.kiosk.journey.visits import visit, world
from tests.kiosk.test_assembly import settings_of

__all__ = ["card_service"]


@pytest.mark.xdist_group(ONE_READER)
def test_the_reader_is_down_and_the_screen_says_so_and_offers_the_window(
    card_service: VirtualService, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        reader = open_devices(settings_of(tmp_path, {("card_reader", "kind"): "pcsc"}), stack).identity_reader
        assert reader is not None
        assert wait_until(lambda: reader.probe().usable)
        card_service.stop()
        assert wait_until(lambda: reader.probe().cause is Cause.CARD_SERVICE_LOST)
        answered = reader.read(15.0, Event())
    assert isinstance(answered, Failed)
    assert answered.reason is CardFailure.SERVICE_LOST
    waiting = replace(visit(State.CARD), card=None)
    told, _ = step(waiting, ev.CardAnswered(answered), world())
    assert (told.state, told.card_problem) == (State.CARD, CardProblem.READER)
    offered = {action.id: action for action in actions_of(present(told, world()))}
    assert offered["window"].enabled
    at_the_window, _ = step(told, ev.Pressed("window"), world())
    assert at_the_window.state is State.WINDOW
