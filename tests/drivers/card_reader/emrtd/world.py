"""An invented holder of an invented country, and reading the chip in memory."""

from __future__ import annotations

import functools
import io
from datetime import UTC, datetime

from asn1crypto import crl, x509
from PIL import Image

from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.card_reader.emrtd import pace, reader
from drivers.card_reader.emrtd.keys import Password
from drivers.card_reader.emrtd.outcome import Refusal
from drivers.card_reader.emrtd.pace import PaceInfo
from drivers.card_reader.emrtd.reader import TravelDocument
from drivers.card_reader.emrtd.simulated_chip import MemoryTransport, Profile, SimulatedChip
from drivers.card_reader.emrtd.simulated_files import Holder
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.emrtd.trust import TrustStore
from drivers.contract import CheckOutcome, Ok
from drivers.evidence import CheckName

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOLDER = Holder(
    number="X12345678",
    surname="EXAMPLE",
    given_names="ELLA MARGARETHE",
    birth="480312",
    expiry="310501",
    full_name="艾<<拉",
    address="1 IMAGINARY STREET<NOWHERE",
    full_birth="19480312",
)


def pace_info(mapping: int = pace.GENERIC, cipher: int = 2, parameters: int = 13) -> PaceInfo:
    return PaceInfo(pace.PROTOCOL + bytes([mapping, cipher]), parameters)


@functools.cache
def _picture(kind: PhotoFormat, side: int) -> bytes:
    out = io.BytesIO()
    noise = Image.effect_noise((side, side * 4 // 3), 60).convert("RGB")
    if kind is PhotoFormat.JPEG:
        noise.save(out, "JPEG")
    else:
        noise.save(out, "JPEG2000", quality_mode="rates", quality_layers=[16])
    return out.getvalue()


def portrait(kind: PhotoFormat = PhotoFormat.JPEG2000, side: int = 60) -> EncodedPhoto:
    """A grey picture with some noise in it: a kilobyte, or 36 with a side of 380 pixels."""
    return EncodedPhoto(kind, _picture(kind, side))


def trust(
    issuer: Issuer, *, root: x509.Certificate | None = None, revocations: bytes | None = None
) -> TrustStore:
    """The country's own certificate and list; `revocations` b"" for no list."""
    listed = issuer.revocations() if revocations is None else revocations
    return TrustStore(
        (issuer.root() if root is None else root,), (crl.CertificateList.load(listed),) if listed else ()
    )


def read(
    profile: Profile, store: TrustStore | None = None, password: Password | None = None, now: datetime = NOW
) -> Ok[TravelDocument] | Refusal:
    chip = SimulatedChip(profile)
    return reader.read(MemoryTransport(chip), password or profile.key, store, now)


def checks(outcome: Ok[TravelDocument] | Refusal) -> dict[CheckName, CheckOutcome]:
    """The five levels that a chip has, by name."""
    assert isinstance(outcome, Ok), outcome
    named = {CheckName(check.name): check.outcome for check in outcome.value.evidence}
    return {name: named[name] for name in LEVELS}


def detail(outcome: Ok[TravelDocument] | Refusal, name: CheckName) -> str:
    assert isinstance(outcome, Ok), outcome
    return next(check.detail for check in outcome.value.evidence if check.name == name)


LEVELS = (
    CheckName.READ,
    CheckName.INTEGRITY,
    CheckName.SIGNATURE,
    CheckName.TRUSTED_CHAIN,
    CheckName.CLONE_CHECK,
)
