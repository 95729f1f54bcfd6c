from collections.abc import Iterator

import pytest

from drivers.card_reader.protocol import Command
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault, Rule
from tests.drivers.card_reader.conformance import ReaderConformance
from tests.drivers.card_reader.people import CARD, RESIDENT

ALWAYS = 1_000_000


class SdtRig:
    def __init__(self) -> None:
        self.module = SimulatedSdtReader()
        self.reader = SdtReader(
            SerialLink(self.module.path), poll_s=0.05, short_timeout_s=0.3, read_timeout_s=0.5
        )
        self.document = RESIDENT

    def put(self) -> None:
        self.module.put_card(CARD)

    def take(self) -> None:
        self.module.take_card()

    def pull_in_mid_read(self) -> None:
        self.module.inject(Rule(Fault.PULL_CARD, Command.READ_BASE))

    def answer_garbage(self) -> None:
        self.module.inject(Rule(Fault.WRONG_CHECKSUM, times=ALWAYS))

    def fall_silent(self) -> None:
        self.module.inject(Rule(Fault.SILENCE, times=ALWAYS))

    def heal(self) -> None:
        self.module.clear_faults()

    def unplug(self) -> None:
        self.module.unplug()

    def replug(self) -> None:
        self.module.replug()


@pytest.fixture
def rig() -> Iterator[SdtRig]:
    rig = SdtRig()
    yield rig
    rig.reader.close()
    rig.module.close()


class TestSdtConformance(ReaderConformance):
    """All of it, through a pty."""
