"""Cards with fingerprints: they are left where they are, and keep nothing else from being read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.card_reader.protocol import Command
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault, Rule
from drivers.contract import Ok
from tests.drivers.card_reader.people import CARD, PHOTO, RESIDENT
from tests.drivers.card_reader.test_card_readers import NEVER


@pytest.mark.parametrize("size", [1024, 512, 0])
def test_a_card_with_fingerprints_is_read_without_them(module: SimulatedSdtReader, size: int) -> None:
    reader = SdtReader(SerialLink(module.path), poll_s=0.05, with_fingerprint=True)
    module.put_card(replace(CARD, fingerprint=b"F" * size))
    outcome = reader.read(10.0, NEVER)
    reader.close()
    assert isinstance(outcome, Ok)
    assert outcome.value.document == RESIDENT
    assert outcome.value.photo == EncodedPhoto(PhotoFormat.WLT, PHOTO)
    assert module.heard(Command.READ_BASE) == 0


@pytest.mark.parametrize("status", [0x37, 0x21])
def test_a_fingerprint_that_cannot_be_had_does_not_keep_the_rest(
    module: SimulatedSdtReader, status: int
) -> None:
    reader = SdtReader(SerialLink(module.path), poll_s=0.05, with_fingerprint=True)
    module.inject(Rule(Fault.STATUS, Command.READ_FINGERPRINT, status=status))
    module.put_card(CARD)
    outcome = reader.read(10.0, NEVER)
    reader.close()
    assert isinstance(outcome, Ok)
    assert module.heard(Command.READ_BASE) == 1
