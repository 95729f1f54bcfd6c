"""The same chip behind a real card service, read by the PC/SC reader's child process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers import private_memory
from drivers.card_reader.contract import CardFailure, CardRead, DocumentKind
from drivers.card_reader.emrtd import simulated_files
from drivers.card_reader.emrtd.application import TravelDocumentCard
from drivers.card_reader.emrtd.files import File
from drivers.card_reader.emrtd.keys import Can
from drivers.card_reader.emrtd.simulated_chip import ATR_INFO, Profile, SimulatedChip
from drivers.card_reader.emrtd.simulated_chip_keys import ca_infos, dg14, static_key
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.identity_file import IdentityFile
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.social_security import SocialSecurityCard
from drivers.card_reader.virtual_card import IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import READER_NAME, VirtualService
from drivers.contract import Failed, Ok
from drivers.evidence import Assurance, assurance
from tests.drivers.card_reader.card_service import card_service
from tests.drivers.card_reader.emrtd.world import HOLDER, pace_info, portrait
from tests.drivers.card_reader.people import HELPER
from tests.drivers.card_reader.test_card_readers import NEVER
from tests.drivers.memory_of import found_in
from tests.groups import ONE_READER

__all__ = ["card_service"]
pytestmark = pytest.mark.xdist_group(ONE_READER)
PIECE_BYTES = 48
"""As long as no chance would have it."""


@pytest.fixture
def without_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `main.py run` begins itself, and so every child of it."""
    for name, value in private_memory.without_caches(os.environ).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def reader(card_service: VirtualService) -> Iterator[PcscReader]:
    assert isinstance(card_service.start(), Ok)
    reader = PcscReader(READER_NAME, conversation_s=10.0)
    yield reader
    reader.close()


@pytest.fixture
def folder(issuer: Issuer, tmp_path: Path) -> Path:
    """Made for today: here the clock is the machine's."""
    replace(issuer, now=datetime.now(UTC) - timedelta(hours=1)).write_trust(tmp_path)
    return tmp_path


def _read(
    reader: PcscReader, profile: Profile, wanted: TravelDocumentCard
) -> Ok[CardRead] | Failed[CardFailure]:
    reader.applications = (IdentityFile(), SocialSecurityCard(), wanted)
    card = VirtualCard(SimulatedChip(profile))
    card.insert()
    try:
        return reader.read(15.0, NEVER)
    finally:
        card.remove()


def _issue(issuer: Issuer, **more: object) -> Profile:
    today = replace(issuer, now=datetime.now(UTC) - timedelta(hours=1))
    return today.issue(HOLDER, portrait(side=380), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("announced", [0, 1500])
def test_a_document_with_everything(reader: PcscReader, issuer: Issuer, folder: Path, announced: int) -> None:
    key = static_key()
    chip = _issue(
        issuer,
        pace=pace_info(),
        can="512034",
        extra={14: dg14(simulated_files.pace_info(pace_info()), ca_infos(key))},
    )
    chip.static_key = key
    if announced:
        chip.files[ATR_INFO], chip.extended = simulated_files.atr_info(announced), True
    outcome = _read(reader, chip, TravelDocumentCard(Can("512034"), folder))
    assert isinstance(outcome, Ok), outcome
    assert outcome.value.document.kind is DocumentKind.PASSPORT
    assert outcome.value.document.number == HOLDER.number
    assert outcome.value.photo == portrait(side=380)
    assert assurance(outcome.value.evidence) is Assurance.HIGH


def test_by_bac_and_without_a_folder_the_assurance_is_low(reader: PcscReader, issuer: Issuer) -> None:
    chip = _issue(issuer)
    outcome = _read(reader, chip, TravelDocumentCard(chip.key))
    assert isinstance(outcome, Ok), outcome
    assert assurance(outcome.value.evidence) is Assurance.LOW


@pytest.mark.usefixtures("without_caches")
def test_no_piece_of_the_portrait_stays_in_the_childs_memory(reader: PcscReader, issuer: Issuer) -> None:
    """It comes in pieces of some two hundred bytes, which are put together several times."""
    chip = _issue(issuer)
    outcome = _read(reader, chip, TravelDocumentCard(chip.key))
    assert isinstance(outcome, Ok), outcome
    assert outcome.value.photo is not None
    whole = outcome.value.photo.data
    pieces = {str(at): whole[at : at + PIECE_BYTES] for at in range(0, len(whole) - PIECE_BYTES, 100)}
    assert found_in(os.getpid(), pieces).keys() == pieces.keys(), "the search finds what is there"
    assert reader.child_pid is not None
    assert found_in(reader.child_pid, pieces) == {}


def test_an_mrz_that_is_not_this_documents(reader: PcscReader, issuer: Issuer) -> None:
    chip = _issue(issuer, pace=pace_info())
    outcome = _read(reader, chip, TravelDocumentCard(replace(chip.key, number="X12345679")))
    assert isinstance(outcome, Failed)
    assert outcome.reason is CardFailure.WRONG_CARD
    assert outcome.detail.startswith("access_denied")


def test_a_check_that_failed_is_no_identity(reader: PcscReader, issuer: Issuer, folder: Path) -> None:
    chip = _issue(issuer)
    chip.files[File.DG11.identifier] = chip.files[File.DG11.identifier].replace(b"NOWHERE", b"ANYWAYS")
    outcome = _read(reader, chip, TravelDocumentCard(chip.key, folder))
    assert outcome == Failed(CardFailure.NOT_AUTHENTIC, "integrity: DG11 is not what was signed")


def test_another_card_is_left_to_its_own_application(reader: PcscReader, issuer: Issuer) -> None:
    reader.applications = (TravelDocumentCard(_issue(issuer).key), IdentityFile())
    card = VirtualCard(IdentityFileCard(HELPER))
    card.insert()
    try:
        outcome = reader.read(15.0, NEVER)
    finally:
        card.remove()
    assert isinstance(outcome, Ok), outcome
    assert outcome.value.document.kind is DocumentKind.HELPER
