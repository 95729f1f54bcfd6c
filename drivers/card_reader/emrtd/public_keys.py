"""Public keys and signatures as certificates, SODs and chips hold them: RSA and ECDSA.

Elliptic curves may come by name or, as Doc 9303-12 asks, by explicit parameters. Hashes: SHA-1,
SHA-224, -256, -384, -512.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from drivers.card_reader.emrtd import curves
from drivers.card_reader.emrtd.tlv import Malformed
from drivers.contract import Failed, Ok

Asn1: TypeAlias = Any
"""A value of `asn1crypto`, which has no types."""
HASHES: Final = ("sha1", "sha224", "sha256", "sha384", "sha512")
_WEAK_HASHES: Final = ("sha1",)
_SHORT_RSA_BITS: Final = 2048
_SHORT_EC_BITS: Final = 224
_SMALLEST_RSA_BITS: Final = 1024
_LARGEST_RSA_BITS: Final = 16384


class SignatureFailure(StrEnum):
    """Why a signature is not right: it is wrong, or this terminal cannot tell."""

    WRONG = "wrong"
    UNSUPPORTED = "unsupported"


class Unsupported(Exception):  # noqa: N818  # raised here, caught where a check is made
    """A key or an algorithm outside of what this terminal verifies."""


@dataclass(frozen=True, slots=True)
class RsaKey:
    """Modulus and public exponent."""

    modulus: int
    exponent: int

    @property
    def size(self) -> int:
        """Bytes of the modulus."""
        return (self.modulus.bit_length() + 7) // 8

    @property
    def weakness(self) -> str:
        bits = self.modulus.bit_length()
        return f"RSA of {bits} bits" if bits < _SHORT_RSA_BITS else ""


@dataclass(frozen=True, slots=True)
class EcKey:
    """A known curve and the uncompressed point."""

    curve: curves.Curve
    point: bytes

    @property
    def weakness(self) -> str:
        bits = self.curve.order.bit_length()
        return f"EC of {bits} bits" if bits < _SHORT_EC_BITS else ""


PublicKey: TypeAlias = RsaKey | EcKey


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a signature was made; `mask_hash` and `salt_size` are PSS's and None for the others."""

    kind: str
    hash_name: str
    mask_hash: str | None = None
    salt_size: int | None = None


@contextmanager
def asn1_errors(what: str) -> Iterator[None]:
    """`asn1crypto` parses when asked for a field: whatever it then stumbles over is `Malformed`."""
    try:
        yield
    except Malformed:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        OverflowError,
        AttributeError,
        RecursionError,
    ) as error:
        # the library's own texts quote the bytes
        msg = f"{what}: not the ASN.1 it should be ({type(error).__name__})"
        raise Malformed(msg) from None


def load(info: Asn1) -> PublicKey:
    """The key of a SubjectPublicKeyInfo; raises `Malformed` or `Unsupported`."""
    with asn1_errors("public key"):
        algorithm = info["algorithm"]["algorithm"].native
        if algorithm in ("rsa", "rsassa_pss"):
            numbers = info["public_key"].parsed
            key = RsaKey(int(numbers["modulus"].native), int(numbers["public_exponent"].native))
            if not _SMALLEST_RSA_BITS <= key.modulus.bit_length() <= _LARGEST_RSA_BITS:
                msg = f"RSA of {key.modulus.bit_length()} bits"
                raise Unsupported(msg)
            if not (
                key.modulus > 0 and key.modulus % 2 and 2 < key.exponent < key.modulus and key.exponent % 2
            ):
                raise Malformed("RSA numbers that are no key")
            return key
        if algorithm != "ec":
            msg = f"a key for {algorithm}"
            raise Unsupported(msg)
        curve = _curve(info["algorithm"]["parameters"])
        if curve is None:
            msg = "an unknown curve"
            raise Unsupported(msg)
        point = bytes(info["public_key"].native)
        curves.decode(curve, point)
        return EcKey(curve, point)


def scheme(algorithm: Asn1, fallback_hash: str = "") -> Scheme:
    """The scheme of a signature's AlgorithmIdentifier; raises `Malformed` or `Unsupported`.

    `fallback_hash` is the digest algorithm beside it, for identifiers that name the key type alone.
    """
    with asn1_errors("signature algorithm"):
        name = str(algorithm["algorithm"].native)
        if name == "rsassa_pss":
            parameters = algorithm["parameters"]
            mask = parameters["mask_gen_algorithm"]
            if mask["algorithm"].native != "mgf1":
                msg = "PSS with an unknown mask"
                raise Unsupported(msg)
            made = Scheme(
                "pss",
                str(parameters["hash_algorithm"]["algorithm"].native),
                str(mask["parameters"]["algorithm"].native),
                int(parameters["salt_length"].native),
            )
        elif name in ("rsassa_pkcs1v15", "ecdsa", "ec"):
            made = Scheme("rsa" if name == "rsassa_pkcs1v15" else "ecdsa", fallback_hash)
        else:
            hash_name, _, kind = name.partition("_")
            made = Scheme(kind, hash_name)
    if made.kind not in ("rsa", "pss", "ecdsa") or {made.hash_name, made.mask_hash or "sha1"} - set(HASHES):
        msg = f"the signature algorithm {name}"
        raise Unsupported(msg)
    return made


def verify(key: PublicKey, how: Scheme, data: bytes, signature: bytes) -> Ok[str] | Failed[SignatureFailure]:
    """`Ok` with what is weak about it ("" for nothing)."""
    match key:
        case RsaKey() if how.kind in ("rsa", "pss"):
            right = _verify_rsa(key, how, data, signature)
        case EcKey() if how.kind == "ecdsa":
            right = verify_ecdsa(key, digest(how.hash_name, data), signature)
        case _:
            return Failed(SignatureFailure.UNSUPPORTED, "a key of another kind than the signature")
    if not right:
        return Failed(SignatureFailure.WRONG, "the signature is wrong")
    weak = how.hash_name if how.hash_name in _WEAK_HASHES else ""
    return Ok(", ".join(part for part in (weak, key.weakness) if part))


def verify_ecdsa(key: EcKey, hashed: bytes, signature: bytes, *, plain: bool = False) -> bool:
    """`plain` is r and s one after the other (TR-03111), else they come in DER."""
    import ecdsa
    from ecdsa.util import sigdecode_der, sigdecode_string

    verifier = ecdsa.VerifyingKey.from_string(key.point, curve=key.curve)
    try:
        return bool(
            verifier.verify_digest(
                signature, hashed, sigdecode=sigdecode_string if plain else sigdecode_der, allow_truncate=True
            )
        )
    except (ecdsa.BadSignatureError, ecdsa.der.UnexpectedDER, ecdsa.util.MalformedSignature, ValueError):
        return False


def digest(hash_name: str, data: bytes) -> bytes:
    return hashlib.new(hash_name, data, usedforsecurity=False).digest()


def _verify_rsa(key: RsaKey, how: Scheme, data: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    def named(name: str) -> hashes.HashAlgorithm:
        made: hashes.HashAlgorithm = getattr(hashes, name.upper())()
        return made

    try:
        scheme_padding: padding.AsymmetricPadding = padding.PKCS1v15()
        if how.mask_hash is not None and how.salt_size is not None:
            scheme_padding = padding.PSS(padding.MGF1(named(how.mask_hash)), how.salt_size)
        public = RSAPublicNumbers(key.exponent, key.modulus).public_key()
        public.verify(signature, data, scheme_padding, named(how.hash_name))
    except (InvalidSignature, ValueError, OverflowError):
        return False
    return True


def _curve(parameters: Asn1) -> curves.Curve | None:
    if parameters.name == "named":
        return curves.by_name(parameters.chosen.dotted)
    if parameters.name != "specified":
        return None
    domain = parameters.chosen
    if domain["field_id"]["field_type"].native != "prime_field":
        return None
    a, b = (int.from_bytes(domain["curve"][part].native, "big") for part in ("a", "b"))
    p = int(domain["field_id"]["parameters"].native)
    return (
        curves.by_parameters(p, a, b, bytes(domain["base"].native), int(domain["order"].native))
        if p
        else None
    )
