"""The data groups as the `Document` that every reader of this terminal gives."""

from __future__ import annotations

from datetime import date

from drivers.card_reader.contract import Document, DocumentKind, ValidityKind
from drivers.card_reader.emrtd import mrz
from drivers.card_reader.emrtd.data_groups import AdditionalDetails
from drivers.card_reader.emrtd.mrz import Mrz

_SEX = {"M": "1", "F": "2", "X": "9", mrz.FILLER: "9"}
"""GB/T 2261.1: male, female, not stated."""


def make(zone: Mrz, details: AdditionalDetails, today: date) -> Document:
    """Latin names and dates from the MRZ; the name in the holder's own script from DG11.

    DG11's full birth date is taken where the MRZ's six digits agree with it.
    """
    latin = ", ".join(part for part in (zone.surname, zone.given_names) if part)
    native = details.full_name
    birth = mrz.birth_date(zone.birth, today)
    if details.birth_date is not None and f"{details.birth_date:%y%m%d}" == zone.birth:
        birth = details.birth_date
    expiry = mrz.expiry_date(zone.expiry, today)
    return Document(
        kind=DocumentKind.PASSPORT,
        number=zone.number,
        name=native or latin,
        name_complete=bool(native) or zone.name_complete,
        latin_name=latin,
        sex_code=_SEX[zone.sex],
        nationality=zone.nationality,
        birth_date=birth,
        address=details.address,
        authority=zone.issuer,
        validity=ValidityKind.UNREADABLE if expiry is None else ValidityKind.DATED,
        valid_to=expiry,
    )
