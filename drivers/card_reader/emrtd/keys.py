"""The password of a travel document, and the keys made of it (Doc 9303-11, sections 9.7 and 4.3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

from drivers.card_reader.emrtd import mrz
from drivers.card_reader.emrtd.ciphers import Suite

ENCRYPTION = 1
MAC = 2
PASSWORD = 3


@dataclass(frozen=True, slots=True, repr=False)
class MrzKey:
    """The three fields of the MRZ that open a chip; dates are YYMMDD as printed, `<` for unknown parts."""

    number: str
    birth: str
    expiry: str

    @property
    def well_formed(self) -> bool:
        """Whether it could stand in an MRZ; `information` needs that."""
        number = bool(mrz.CHARACTERS.fullmatch(self.number.upper()))
        return number and all(mrz.DATE.fullmatch(day) is not None for day in (self.birth, self.expiry))

    @property
    def information(self) -> bytes:
        """MRZ_information; a number shorter than nine is filled up, a longer one is taken whole."""
        parts = (self.number.upper().ljust(mrz.NUMBER_SIZE, mrz.FILLER), self.birth, self.expiry)
        return "".join(part + mrz.check_digit(part) for part in parts).encode("ascii")

    @property
    def secret(self) -> bytes:
        """K of PACE; the first 16 bytes are the seed of BAC."""
        return hashlib.sha1(self.information, usedforsecurity=False).digest()

    def __repr__(self) -> str:
        return "MrzKey(masked)"


@dataclass(frozen=True, slots=True, repr=False)
class Can:
    """The card access number, printed on the data page: six digits."""

    number: str

    @property
    def secret(self) -> bytes:
        return self.number.encode("iso-8859-1")

    def __repr__(self) -> str:
        return "Can(masked)"


Password: TypeAlias = MrzKey | Can


def derive(suite: Suite, secret: bytes, counter: int) -> bytes:
    """KDF(secret, counter): SHA-1 up to 128 bits, SHA-256 above; DES keys with odd parity."""
    data = secret + counter.to_bytes(4, "big")
    if suite.key_size <= 16:
        key = hashlib.sha1(data, usedforsecurity=False).digest()[: suite.key_size]
    else:
        key = hashlib.sha256(data).digest()[: suite.key_size]
    return _odd_parity(key) if suite is Suite.TDES else key


def _odd_parity(key: bytes) -> bytes:
    return bytes((byte & 0xFE) | (~(byte >> 1).bit_count() & 1) for byte in key)
