"""From kiosk.ini through a real pcscd to the journey: which reader, which cards, and what they are good for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from drivers.card_reader.contract import DocumentKind
from drivers.card_reader.virtual_card import CardProgram, IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import (
    READER_NAME,
    SECOND_READER_NAME,
    VirtualService,
)
from drivers.card_reader.virtual_social_security import VirtualSocialSecurityCard
from kiosk.assembly.devices import open_devices
from kiosk.journey import events as ev
from kiosk.journey.hands import Devices
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.visit import CardProblem, Visit
from tests.drivers.card_reader.card_service import card_service
from tests.drivers.card_reader.people import DEMO, HELPER, SOCIAL_SECURITY
from tests.groups import ONE_READER
from tests.kiosk.journey.visits import visit, world
from tests.kiosk.test_assembly import settings_of

__all__ = ["card_service"]

pytestmark = pytest.mark.xdist_group(ONE_READER)

SMART_CARDS = {
    ("card_reader", "kind"): "pcsc",
    ("card_reader", "helper_kind"): "pcsc",
    ("card_reader", "helper_reader_name"): "00 00",
}


@pytest.fixture
def devices(card_service: VirtualService, tmp_path: Path) -> Iterator[Devices]:
    assert card_service is not None
    with ExitStack() as stack:
        yield open_devices(settings_of(tmp_path, SMART_CARDS), stack)


def answered(devices: Devices, program: CardProgram, wanted: str) -> Visit:
    """The visit after this card was put in while a service that wants `wanted` of a card asks for one."""
    assert devices.identity_reader is not None
    card = VirtualCard(program, slot=1)
    card.insert()
    try:
        result = devices.identity_reader.read(15.0, Event())
    finally:
        card.remove()
    asking = replace(visit(State.CARD), card=None)
    evidence = asking.service.evidence.model_copy(update={"card_assurance": wanted})
    asked = asking.service.model_copy(update={"evidence": evidence})
    after, _ = step(replace(asking, definition=asked), ev.CardAnswered(result), world())
    return after


def test_a_social_security_card_serves_where_the_definition_takes_it(devices: Devices) -> None:
    taken = answered(devices, VirtualSocialSecurityCard(SOCIAL_SECURITY), "low")
    assert taken.card is not None
    assert taken.card.document == SOCIAL_SECURITY
    assert taken.card.reader_id == f"pcsc:{SECOND_READER_NAME}"


def test_it_does_not_serve_where_more_is_wanted(devices: Devices) -> None:
    refused = answered(devices, VirtualSocialSecurityCard(SOCIAL_SECURITY), "high")
    assert (refused.state, refused.card, refused.card_problem) == (State.CARD, None, CardProblem.TOO_WEAK)


def test_a_plain_file_card_is_no_identity_card(devices: Devices) -> None:
    refused = answered(devices, IdentityFileCard(DEMO), "high")
    assert (refused.card, refused.card_problem) == (None, CardProblem.TOO_WEAK)


def test_in_service_a_card_that_anybody_can_write_is_no_card(
    card_service: VirtualService, tmp_path: Path
) -> None:
    assert card_service is not None
    in_service = {**SMART_CARDS, ("card_reader", "helper_kind"): "none", ("terminal", "demo"): "false"}
    with ExitStack() as stack:
        refused = answered(
            open_devices(settings_of(tmp_path, in_service), stack), IdentityFileCard(DEMO), "low"
        )
    assert (refused.card, refused.card_problem) == (None, CardProblem.WRONG)


def test_the_helpers_reader_is_the_one_that_is_named_and_reads_no_other_cards(devices: Devices) -> None:
    assert devices.helper_reader is not None
    card = VirtualCard(IdentityFileCard(HELPER))
    card.insert()
    try:
        read = devices.helper_reader.read(15.0, Event())
    finally:
        card.remove()
    assert getattr(read, "value", None) is not None
    assert read.value.document.kind is DocumentKind.HELPER  # type: ignore[union-attr]  # just asserted
    assert read.value.reader_id == f"pcsc:{READER_NAME}"  # type: ignore[union-attr]
