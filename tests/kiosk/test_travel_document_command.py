"""The technician's command for travel documents, through a real card service."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from smartcard import scard

from drivers.card_reader.emrtd import simulated_keys
from drivers.card_reader.emrtd.simulated_chip import SimulatedChip
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.virtual_card import VirtualCard
from drivers.card_reader.virtual_service import READER_NAME
from drivers.recording import load
from drivers.tap import Direction
from kiosk.recording_command import recording
from kiosk.travel_document_command import travel_document
from tests.drivers.card_reader.card_service import card_service
from tests.drivers.card_reader.emrtd.world import HOLDER, pace_info, portrait
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER

__all__ = ["card_service"]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    now = datetime.now(UTC) - timedelta(hours=1)
    return Issuer(simulated_keys.elliptic(), simulated_keys.elliptic(), now)


@pytest.fixture
def config(tmp_path: Path, issuer: Issuer) -> Path:
    issuer.write_trust(tmp_path / "csca")
    (tmp_path / "csca" / "bad.cer").write_bytes(b"0")
    file = tmp_path / "kiosk.ini"
    file.write_text(
        f"[terminal]\nnumber = 0142\nstate = {tmp_path}/state\n"
        f"[card_reader]\nkind = pcsc\nreader_name = {READER_NAME}\ncsca_folder = {tmp_path}/csca\n",
        "utf-8",
    )
    return file


def _pad_is_empty() -> bool:
    """What the card service says: it looks at a virtual reader every 0.4 s, and knows of the last card until then."""
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    try:
        _, seen = scard.SCardGetStatusChange(context, 0, [(READER_NAME, scard.SCARD_STATE_UNAWARE)])
        return bool(seen) and not seen[0][1] & scard.SCARD_STATE_PRESENT
    finally:
        scard.SCardReleaseContext(context)


def _run(config: Path, card: VirtualCard, typed: str, *words: str) -> tuple[int, str]:
    card.insert()
    try:
        answered = CliRunner().invoke(travel_document, [*words, "--config", str(config)], input=typed)
    finally:
        card.remove()
        assert wait_until(_pad_is_empty), "the service never saw the document leave"
    return answered.exit_code, answered.output


@pytest.mark.xdist_group(ONE_READER)
@pytest.mark.usefixtures("card_service")
def test_each_check_is_told_and_nothing_of_the_person(config: Path, issuer: Issuer) -> None:
    chip = issuer.issue(HOLDER, portrait(), pace=pace_info(), can="512034")
    card = VirtualCard(SimulatedChip(chip))
    code, told = _run(config, card, f"{HOLDER.number}\n{HOLDER.birth}\n{HOLDER.expiry}\n")
    assert code == 0, told
    for line in (
        "read: 通过 / passed PACE AES-128",
        "trusted_chain: 通过 / passed CSCA of UT",
        "clone_check: 没有做 / not done",
        "assurance: substantial",
        "photo: jpeg2000",
        "CSCA folder: bad.cer",
    ):
        assert line in told
    for secret in (HOLDER.number, HOLDER.birth, HOLDER.expiry, HOLDER.surname, "艾"):
        assert secret not in told


@pytest.mark.xdist_group(ONE_READER)
@pytest.mark.usefixtures("card_service")
def test_a_can_of_another_document_is_told(config: Path, issuer: Issuer) -> None:
    chip = issuer.issue(HOLDER, portrait(), pace=pace_info(), can="512034")
    code, told = _run(config, VirtualCard(SimulatedChip(chip)), "512035\n", "--can", "--json")
    data = json.loads(told.splitlines()[-1])
    assert (code, data["ok"], data["reason"]) == (1, False, "wrong_card")
    assert data["detail"].startswith("access_denied")


@pytest.mark.xdist_group(ONE_READER)
@pytest.mark.usefixtures("card_service")
def test_a_conversation_can_be_recorded_and_holds_lengths_and_the_outcome_alone(
    config: Path, issuer: Issuer
) -> None:
    config.write_text(config.read_text("utf-8") + "[log]\nrecord_devices = true\n", "utf-8")
    chip = issuer.issue(HOLDER, portrait(), pace=pace_info(), can="512034")
    assert _run(config, VirtualCard(SimulatedChip(chip)), "512034\n", "--can")[0] == 0
    code, said = _run(config, VirtualCard(SimulatedChip(chip)), "512035\n", "--can")
    assert (code, "wrong_card" in said) == (1, True), said
    good, refused = (load(file) for file in sorted(config.parent.glob("state/recordings/*.jsonl")))
    assert [one.data for one in good.pieces if one.direction is Direction.LINE] == [
        b"T=1 travel_document",
        b"ok",
    ]
    assert refused.pieces[-1].data == b"failed wrong_card"
    for piece in good.pieces:
        if piece.direction is Direction.FROM_DEVICE:
            assert not any(piece.data[:-2])
    played = CliRunner().invoke(
        recording, ["replay", str(next(config.parent.glob("state/recordings/*.jsonl"))), "--json"]
    )
    assert json.loads(played.output) == {"ok": True, "wires": [], "left_out": ["travel_document"]}


@pytest.mark.parametrize("typed", ["X12-45678\n480312\n310501\n", "X12345678\n1948\n310501\n"])
def test_what_no_mrz_holds_is_not_tried(config: Path, typed: str) -> None:
    answered = CliRunner().invoke(travel_document, ["--config", str(config)], input=typed)
    assert answered.exit_code == 2
    assert "six digits" in answered.output
