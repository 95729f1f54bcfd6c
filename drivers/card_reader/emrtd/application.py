"""The travel document as one of the PC/SC reader's applications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from drivers.card_reader.applications import Content, Transport, zeros
from drivers.card_reader.contract import CardFailure
from drivers.card_reader.emrtd import files, reader, trust
from drivers.card_reader.emrtd.channel import Channel
from drivers.card_reader.emrtd.files import File
from drivers.card_reader.emrtd.keys import Password
from drivers.card_reader.emrtd.outcome import EmrtdFailure, Reason
from drivers.contract import CheckOutcome, Failed, Ok

_FAILURES: Final = {
    EmrtdFailure.NO_APPLICATION: CardFailure.WRONG_CARD,
    EmrtdFailure.ACCESS_DENIED: CardFailure.WRONG_CARD,
    EmrtdFailure.ACCESS_UNSUPPORTED: CardFailure.UNSUPPORTED_KIND,
}
"""A document that the typed MRZ does not open is not the document that was meant. The rest is unreadable."""


@dataclass(frozen=True, slots=True)
class _Bytes:
    """A reader's transport as the one of this package."""

    card: Transport

    def transmit(self, apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
        outcome = self.card.transmit(apdu)
        if isinstance(outcome, Failed):
            return outcome
        return Ok(outcome.value.data + outcome.value.sw.to_bytes(2, "big"))


@dataclass(frozen=True, slots=True)
class TravelDocumentCard:
    """The `CardApplication` for one document: its chip opens with the MRZ's fields or the CAN alone.

    `csca_folder` is None when the terminal trusts no country; see `trust.load_folder`.
    """

    password: Password
    csca_folder: Path | None = None
    name: str = "travel_document"

    def select(self, card: Transport) -> Ok[None] | Failed[CardFailure]:
        """EF.CardAccess or the application; the chip is left at its master file."""
        channel = Channel(_Bytes(card))
        files.select_master(channel)
        found = files.select(channel, File.CARD_ACCESS.identifier)
        if isinstance(found, Failed):
            found = files.select_application(channel)
        if isinstance(found, Failed):
            wire = isinstance(found.reason, CardFailure)
            return _failed(found.reason if wire else EmrtdFailure.NO_APPLICATION, found.detail)
        return Ok(None)

    def read(self, card: Transport) -> Ok[Content] | Failed[CardFailure]:
        """`NOT_AUTHENTIC` when any check failed; what could not be checked stands in the evidence."""
        store = None if self.csca_folder is None else trust.load_folder(self.csca_folder)
        outcome = reader.read(_Bytes(card), self.password, store, datetime.now(UTC))
        if isinstance(outcome, Failed):
            return _failed(outcome.reason, outcome.detail)
        found = outcome.value
        for check in found.evidence:
            if check.outcome is CheckOutcome.FAILED:
                return Failed(CardFailure.NOT_AUTHENTIC, f"{check.name}: {check.detail}")
        return Ok(Content(found.document, found.photo, found.evidence))

    def redacted(self, answers: Sequence[bytes]) -> list[bytes]:
        """Zeros: the chip's and the reader's random numbers make every conversation another one, so that
        no recording of one can be played again.
        """
        return zeros(answers)


def _failed(reason: Reason, detail: str) -> Failed[CardFailure]:
    if isinstance(reason, CardFailure):
        return Failed(reason, detail)
    return Failed(_FAILURES.get(reason, CardFailure.UNREADABLE), f"{reason}: {detail}")
