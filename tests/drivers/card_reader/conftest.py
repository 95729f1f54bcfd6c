"""A simulated module; the card service, and on it the helper's card and a reader.

For every file of tests that has none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.virtual_card import IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import READER_NAME, VirtualService
from drivers.contract import Ok
from tests.drivers.card_reader.card_service import card_service
from tests.drivers.card_reader.people import HELPER

__all__ = ["card_service"]


@pytest.fixture
def module() -> Iterator[SimulatedSdtReader]:
    module = SimulatedSdtReader()
    yield module
    module.close()


@pytest.fixture
def card(card_service: VirtualService) -> Iterator[VirtualCard]:
    assert isinstance(card_service.start(), Ok)
    card = VirtualCard(IdentityFileCard(HELPER))
    yield card
    card.remove()


@pytest.fixture
def reader(card: VirtualCard) -> Iterator[PcscReader]:
    assert card is not None
    reader = PcscReader(READER_NAME)
    yield reader
    reader.close()
