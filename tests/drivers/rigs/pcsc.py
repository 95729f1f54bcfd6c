"""A PC/SC reader: a real pcscd with vpcd's virtual reader, and a card that dials in to it."""

from __future__ import annotations

import contextlib
from threading import Event

import pytest

from drivers.card_reader.applications import CardApplication
from drivers.card_reader.contract import Document
from drivers.card_reader.emrtd import simulated_keys
from drivers.card_reader.emrtd.application import TravelDocumentCard
from drivers.card_reader.emrtd.simulated_chip import SimulatedChip
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.identity_file import IdentityFile
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.social_security import SocialSecurityCard
from drivers.card_reader.virtual_card import CardFault, CardProgram, IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import VirtualService, VirtualSlot
from drivers.card_reader.virtual_social_security import VirtualSocialSecurityCard
from drivers.contract import Device, Ok
from tests.drivers.card_reader.card_service import OTHER_NAME, running_service
from tests.drivers.card_reader.emrtd.world import HOLDER, NOW, portrait, read
from tests.drivers.card_reader.people import DEMO, SOCIAL_SECURITY
from tests.drivers.rigs.rig import CardRig
from tests.drivers.waiting import wait_until

NAME_PART = "Virtual PCD"
"""What the settings have of the reader's name: it is the same in another socket, the rest is not."""


class PcscRig(CardRig):
    conversation_s = 3.0

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._service: VirtualService = self._stack.enter_context(running_service())
        self._slot = VirtualSlot(self._service)
        program, self._application, self.document = self.kind()
        self.card = VirtualCard(program)
        self._reader: PcscReader | None = None
        self._gone = False

    def kind(self) -> tuple[CardProgram, CardApplication, Document]:
        """What runs on the card, who reads it, and what it should read."""
        return IdentityFileCard(DEMO), IdentityFile(), DEMO

    def driver(self) -> PcscReader:
        self._reader = PcscReader(NAME_PART, (self._application,), conversation_s=self.conversation_s)
        return self._reader

    def operate(self, device: Device, *, long: bool = False) -> bool:
        """The long one waits for a card."""
        assert isinstance(device, PcscReader)
        if not long and not self._gone:
            self.put()
        outcome = device.read(2.0 if long else 10.0, Event())
        self.take()
        return isinstance(outcome, Ok) and outcome.value.document == self.document

    def wait_busy(self) -> bool:
        return wait_until(lambda: self._reader is not None and self._reader.status().usable)

    def put(self) -> None:
        self._slot.put(self.card)

    def take(self) -> None:
        self._slot.take()

    def pull_in_mid_read(self) -> None:
        self.card.misbehave(CardFault.LEAVE)

    def plug(self) -> None:
        started = self._service.start()
        assert isinstance(started, Ok), started
        self._gone = False

    def unplug(self) -> None:
        """The virtual reader goes with its service."""
        if not self._service.is_ours:
            pytest.skip("a card service of this machine is running, which is not ours to end")
        self._service.kill()
        self._gone = True

    def replug_elsewhere(self) -> None:
        """The service lists another name from now on; both slots' ports stay."""
        self.unplug()
        self._service = VirtualService(OTHER_NAME)
        self._slot = VirtualSlot(self._service)
        self._stack.callback(self._service.stop)
        self.plug()

    def restart_service(self) -> None:
        self.unplug()
        self.plug()

    def garble(self) -> None:
        self.card.misbehave(CardFault.GARBAGE)

    def slow(self) -> None:
        self.card.misbehave(CardFault.SLOW)

    def silence(self) -> None:
        self.card.misbehave(CardFault.SILENT)

    def heal(self) -> None:
        self.card.misbehave(None)

    def close(self) -> None:
        self.take()
        self._stack.close()


class SocialSecurityRig(PcscRig):
    def kind(self) -> tuple[CardProgram, CardApplication, Document]:
        return VirtualSocialSecurityCard(SOCIAL_SECURITY), SocialSecurityCard(), SOCIAL_SECURITY


class TravelDocumentRig(PcscRig):
    """BAC, and no folder of trust: what is proved is how far a reading gets."""

    def kind(self) -> tuple[CardProgram, CardApplication, Document]:
        issuer = Issuer(simulated_keys.elliptic(), simulated_keys.elliptic(), NOW)
        profile = issuer.issue(HOLDER, portrait())
        in_memory = read(profile)
        assert isinstance(in_memory, Ok), in_memory
        return SimulatedChip(profile), TravelDocumentCard(profile.key), in_memory.value.document
