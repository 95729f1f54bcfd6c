from collections.abc import Iterator

import pytest

from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.virtual_card import CardFault, IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import READER_NAME, VirtualService
from tests.drivers.card_reader.conformance import ReaderConformance
from tests.drivers.card_reader.people import DEMO
from tests.groups import ONE_READER

pytestmark = pytest.mark.xdist_group(ONE_READER)


class PcscRig:
    def __init__(self, service: VirtualService) -> None:
        self._service = service
        self.card = VirtualCard(IdentityFileCard(DEMO))
        self.reader = PcscReader(READER_NAME, conversation_s=1.0)
        self.document = DEMO

    def put(self) -> None:
        self.card.insert()

    def take(self) -> None:
        self.card.remove()

    def pull_in_mid_read(self) -> None:
        self.card.misbehave(CardFault.LEAVE)

    def answer_garbage(self) -> None:
        self.card.misbehave(CardFault.GARBAGE)

    def fall_silent(self) -> None:
        self.card.misbehave(CardFault.SILENT)

    def heal(self) -> None:
        self.card.misbehave(None)

    def unplug(self) -> None:
        if not self._service.is_ours:
            pytest.skip("a card service of this machine is running, which is not ours to end")
        self._service.kill()

    def replug(self) -> None:
        self._service.start()


@pytest.fixture
def rig(card_service: VirtualService) -> Iterator[PcscRig]:
    rig = PcscRig(card_service)
    yield rig
    rig.reader.close()
    rig.card.remove()


class TestPcscConformance(ReaderConformance):
    """All of it, through a real pcscd and vpcd."""
