"""Active authentication: the chip signs a challenge with a key it cannot give away (Doc 9303-11, 6.1)."""

from __future__ import annotations

import secrets
from typing import Final

from drivers.card_reader.emrtd import public_keys, tlv
from drivers.card_reader.emrtd.apdu import SHORT_LE, SUCCESS, Command
from drivers.card_reader.emrtd.channel import Channel
from drivers.card_reader.emrtd.outcome import Refusal
from drivers.card_reader.emrtd.public_keys import EcKey, RsaKey, Unsupported, asn1_errors
from drivers.card_reader.emrtd.secure_messaging import LARGEST_OVERHEAD
from drivers.card_reader.emrtd.tlv import Malformed
from drivers.card_reader.emrtd.trust import Verdict
from drivers.contract import CheckOutcome, Failed, Ok

_CHALLENGE: Final = 8
_INFO: Final = bytes.fromhex("678108010105")
"""id-icao-mrtd-security-aaProtocolObject, 2.23.136.1.1.5."""
_PLAIN_ECDSA: Final = bytes.fromhex("04007F000701010401")
"""ecdsa-plain-signatures of TR-03111, 0.4.0.127.0.7.1.1.4.1; the next number is the hash."""
_TRAILERS: Final = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}
"""ISO/IEC 10118-3 identifiers in a two-byte trailer xxCC; the one-byte trailer BC is SHA-1."""
_PARTIAL_RECOVERY: Final = 0x60
_ANY_LENGTH: Final = 0x10000
"""A chip with a key that long takes extended commands, announced or not."""


def run(channel: Channel, dg15: bytes, infos: list[tlv.Node]) -> Ok[Verdict] | Refusal:
    """Challenge the chip; a refusal only when the wire or the session ended.

    `infos` are DG14's SecurityInfos (empty without DG14): for ECDSA they name the hash.
    """
    from asn1crypto import keys

    try:
        with asn1_errors("DG15"):
            key = public_keys.load(keys.PublicKeyInfo.load(tlv.read_only(dg15, 0x6F), strict=True))
    except Unsupported as error:
        return Ok(Verdict(CheckOutcome.NOT_DONE, f"active authentication: {error}"))
    except Malformed as error:
        return Ok(Verdict(CheckOutcome.FAILED, f"active authentication: {error}"))
    challenge = secrets.token_bytes(_CHALLENGE)
    long = isinstance(key, RsaKey) and key.size + LARGEST_OVERHEAD > SHORT_LE
    outcome = channel.send(Command(0x00, 0x88, 0x00, 0x00, challenge, _ANY_LENGTH if long else SHORT_LE))
    if isinstance(outcome, Failed):
        return outcome
    reply = outcome.value
    if reply.status != SUCCESS:
        return Ok(Verdict(CheckOutcome.FAILED, f"active authentication: {reply.status:04X}"))
    match key:
        case RsaKey():
            right = verify_rsa(key, challenge, reply.data)
        case EcKey():
            right = any(
                public_keys.verify_ecdsa(key, public_keys.digest(name, challenge), reply.data, plain=True)
                for name in hash_names(infos)
            )
    if not right:
        return Ok(Verdict(CheckOutcome.FAILED, "active authentication: the chip's signature is wrong"))
    weak = f"; weak: {key.weakness}" if key.weakness else ""
    return Ok(Verdict(CheckOutcome.PASSED, f"active authentication{weak}"))


def verify_rsa(key: RsaKey, challenge: bytes, signature: bytes) -> bool:
    """ISO/IEC 9796-2 scheme 1 with partial recovery; the challenge is the part that is not recovered.

    Full recovery is refused: such a signature does not depend on the challenge.
    """
    if len(signature) != key.size:
        return False
    opened = pow(int.from_bytes(signature, "big"), key.exponent, key.modulus)
    if opened & 0x0F != 0x0C:
        opened = key.modulus - opened
    message = opened.to_bytes(key.size, "big")
    if message[-1] == 0xBC:
        hash_name, trailer = "sha1", 1
    elif message[-1] == 0xCC and message[-2] in _TRAILERS:
        hash_name, trailer = _TRAILERS[message[-2]], 2
    else:
        return False
    start = _recovered_start(message)
    end = len(message) - trailer - len(public_keys.digest(hash_name, b""))
    if start is None or end < start:
        return False
    return message[end:-trailer] == public_keys.digest(hash_name, message[start:end] + challenge)


def hash_names(infos: list[tlv.Node]) -> tuple[str, ...]:
    """The hash that the ActiveAuthenticationInfo names; all of them when there is none."""
    for info in infos:
        fields = tlv.read_all(info.value)
        if len(fields) == 3 and fields[0].value == _INFO:
            named = fields[2].value
            index = named[-1] - 1 if named[:-1] == _PLAIN_ECDSA else -1
            if 0 <= index < len(public_keys.HASHES):
                return (public_keys.HASHES[index],)
    return public_keys.HASHES


def _recovered_start(message: bytes) -> int | None:
    """Where the recovered part begins, behind the header 6A or 6B BB .. BA."""
    if message[0] & 0xF0 != _PARTIAL_RECOVERY:
        return None
    for index, byte in enumerate(message):
        if byte & 0x0F == 0x0A:
            return index + 1
        if byte & 0x0F != 0x0B or (index and byte >> 4 != 0x0B):
            return None
    return None
