"""The card service of the demo and the tests: it starts whatever else runs, and its slots see each card."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from drivers.card_reader.virtual_card import PORTS, IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import SECOND_READER_NAME, VirtualService, VirtualSlot
from drivers.contract import Ok
from tests.drivers.card_reader.card_service import our_turn, running_service
from tests.drivers.card_reader.people import HELPER
from tests.groups import ONE_READER

pytestmark = pytest.mark.xdist_group(ONE_READER)


@pytest.fixture
def ports_taken() -> Iterator[None]:
    """The ports of Debian's configuration are given to other programs, as the system may at any time."""
    with ExitStack() as stack:
        for slot in (0, 1):
            with suppress(OSError):  # taken already
                stack.enter_context(socket.create_server(("", PORTS[1] + slot)))
        yield


@pytest.mark.usefixtures("ports_taken")
def test_it_needs_no_port_that_the_system_gives_away() -> None:
    with our_turn():
        service = VirtualService()
        started = service.start()
        try:
            assert isinstance(started, Ok), started
            for slot in (0, 1):
                VirtualSlot(service, slot).put(VirtualCard(IdentityFileCard(HELPER), slot=slot))
        finally:
            service.stop()


def test_at_a_reader_that_is_away_a_hand_is_told() -> None:
    with running_service() as service:
        slot = VirtualSlot(service, 1)
        assert service.reader_name(1) == SECOND_READER_NAME
        if not service.is_ours:
            pytest.skip("a card service of this machine is running, which is not ours to end")
        service.unplug()
        with pytest.raises(ConnectionRefusedError):
            slot.put(VirtualCard(IdentityFileCard(HELPER), slot=1))
        slot.take()
