"""The keys that a simulated chip proves itself with: DG14, DG15 and what answers their protocols."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from drivers.card_reader.emrtd import chip_authentication, curves, public_keys, simulated_files, tlv
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.pace import SUITES
from drivers.card_reader.emrtd.simulated_chip import StaticKey
from drivers.card_reader.emrtd.simulated_keys import SigningKey, spelled_out

_TRAILERS: Final = {"sha1": b"\xbc", "sha256": b"\x34\xcc", "sha512": b"\x35\xcc"}
_PLAIN_ECDSA: Final = bytes.fromhex("04007F000701010401")
_AA: Final = bytes.fromhex("678108010105")


def dg15(key: SigningKey) -> bytes:
    return tlv.encode(0x6F, key.public_info().dump())


def signer(key: SigningKey) -> Callable[[bytes], bytes]:
    """The answer to INTERNAL AUTHENTICATE: ISO/IEC 9796-2 for RSA, r and s for an elliptic curve."""
    return lambda challenge: _sign_ecdsa(key, challenge) if key.kind == "ecdsa" else _sign_rsa(key, challenge)


def recoverable(size: int, challenge: bytes, hash_name: str, recovered: bytes | None = None) -> bytes:
    """F of ISO/IEC 9796-2, `size` bytes: header, random recovered part, hash, trailer."""
    trailer = _TRAILERS[hash_name]
    room = size - 1 - len(public_keys.digest(hash_name, b"")) - len(trailer)
    recovered = secrets.token_bytes(room) if recovered is None else recovered
    return b"\x6a" + recovered + public_keys.digest(hash_name, recovered + challenge) + trailer


def aa_info(hash_name: str) -> bytes:
    """ActiveAuthenticationInfo of an elliptic key."""
    plain = _PLAIN_ECDSA + bytes([public_keys.HASHES.index(hash_name) + 1])
    return tlv.encode(0x30, tlv.encode(0x06, _AA) + tlv.encode(0x02, b"\x01") + tlv.encode(0x06, plain))


def static_key(parameters: int = 13, suite: Suite = Suite.AES_128) -> StaticKey:
    curve = curves.STANDARD[parameters]
    return StaticKey(curve, curves.private_scalar(curve), suite)


def ca_infos(key: StaticKey, *, explicit: bool = False, key_id: int | None = None) -> bytes:
    """ChipAuthenticationPublicKeyInfo and ChipAuthenticationInfo, one behind the other."""
    from asn1crypto import keys

    named = keys.ECDomainParameters(name="named", value=".".join(map(str, key.curve.oid)))
    point = curves.encode(key.curve.generator * key.secret)
    info = keys.PublicKeyInfo({"algorithm": {"algorithm": "ec", "parameters": named}, "public_key": point})
    if explicit:
        info = spelled_out(info)
    number = b"" if key_id is None else tlv.encode(0x02, bytes([key_id]))
    cipher = next(number for number, suite in SUITES.items() if suite is key.suite)
    protocol = chip_authentication.PROTOCOL + bytes([cipher])
    public = tlv.encode(0x30, tlv.encode(0x06, chip_authentication.PUBLIC_KEY) + info.dump() + number)
    return public + tlv.encode(0x30, tlv.encode(0x06, protocol) + tlv.encode(0x02, b"\x01") + number)


def dg14(*infos: bytes) -> bytes:
    return tlv.encode(0x6E, simulated_files.security_infos(*infos))


def _sign_rsa(key: SigningKey, challenge: bytes) -> bytes:
    numbers = key.private.private_numbers()
    size = (key.private.key_size + 7) // 8
    message = int.from_bytes(recoverable(size, challenge, key.hash_name), "big")
    return int(pow(message, numbers.d, numbers.public_numbers.n)).to_bytes(size, "big")


def _sign_ecdsa(key: SigningKey, challenge: bytes) -> bytes:
    how = getattr(hashes, key.hash_name.upper())()
    r, s = decode_dss_signature(key.private.sign(challenge, ec.ECDSA(how)))
    size = (key.private.curve.key_size + 7) // 8
    return int(r).to_bytes(size, "big") + int(s).to_bytes(size, "big")
