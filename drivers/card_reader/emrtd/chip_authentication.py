"""Chip authentication, version 1: key agreement with the chip's static key (Doc 9303-11, 6.2; TR-03110).

The proof is implicit: only the chip that has the private key can go on talking with the new keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.card_reader.emrtd import curves, files, keys, public_keys, tlv
from drivers.card_reader.emrtd.apdu import SHORT_LE, Command
from drivers.card_reader.emrtd.channel import Channel
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.files import File
from drivers.card_reader.emrtd.outcome import EmrtdFailure, Refusal
from drivers.card_reader.emrtd.pace import DYNAMIC_DATA, SUITES
from drivers.card_reader.emrtd.public_keys import EcKey, Unsupported, asn1_errors
from drivers.card_reader.emrtd.secure_messaging import SecureMessaging
from drivers.card_reader.emrtd.tlv import Malformed
from drivers.card_reader.emrtd.trust import Verdict
from drivers.contract import CheckOutcome, Failed, Ok

PUBLIC_KEY: Final = bytes.fromhex("04007F000702020102")
"""id-PK-ECDH, 0.4.0.127.0.7.2.2.1.2."""
_PUBLIC_KEY_DH: Final = bytes.fromhex("04007F000702020101")
PROTOCOL: Final = bytes.fromhex("04007F000702020302")
"""id-CA-ECDH, 0.4.0.127.0.7.2.2.3.2; the next number is the cipher."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A chip's static key and the protocol that goes with it."""

    key: EcKey
    key_id: bytes | None
    identifier: bytes

    @property
    def suite(self) -> Suite:
        return SUITES[self.identifier[-1]]


def security_infos(dg14: bytes) -> list[tlv.Node]:
    """The SecurityInfos of DG14; raises `Malformed`."""
    infos = tlv.read_all(tlv.read_only(tlv.read_only(dg14, 0x6E), 0x31))
    for info in infos:
        if info.tag != 0x30 or not (fields := tlv.read_all(info.value)) or fields[0].tag != 0x06:
            msg = "a SecurityInfo that is no sequence with an identifier"
            raise Malformed(msg)
    return infos


def offer(infos: list[tlv.Node]) -> Offer | None:
    """The best offer in these infos, None without one; raises `Malformed` or `Unsupported`."""
    protocols: dict[bytes | None, list[bytes]] = {}
    keys_by_id: dict[bytes | None, EcKey] = {}
    for info in infos:
        fields = tlv.read_all(info.value)
        identifier = fields[0].value
        key_id = fields[2].value if len(fields) > 2 and fields[2].tag == 0x02 else None
        if identifier[:-1] == PROTOCOL and identifier[-1] in SUITES:
            protocols.setdefault(key_id, []).append(identifier)
        elif identifier == PUBLIC_KEY and len(fields) > 1:
            keys_by_id[key_id] = _key(fields[1])
        elif identifier == _PUBLIC_KEY_DH:
            msg = "a key for finite-field Diffie-Hellman"
            raise Unsupported(msg)
    for key_id, key in keys_by_id.items():
        named = protocols.get(key_id) or protocols.get(None)
        # a key alone goes with 3DES: the protocol of the first documents
        identifier = max(named, key=lambda one: one[-1]) if named else PROTOCOL + b"\x01"
        return Offer(key, key_id, identifier)
    return None


def run(channel: Channel, chosen: Offer) -> Ok[Verdict] | Refusal:
    """Agree on new keys and use them once; a refusal only when the wire ended."""
    curve = chosen.key.curve
    secret = curves.private_scalar(curve)
    own = curves.encode(curve.generator * secret)
    for command in _commands(chosen, own):
        outcome = channel.ask(command)
        if isinstance(outcome, Failed):
            return _verdict(outcome)
    agreed = curves.x_bytes(curve, curves.multiply(curves.decode(curve, chosen.key.point), secret))
    suite = chosen.suite
    pair = (keys.derive(suite, agreed, keys.ENCRYPTION), keys.derive(suite, agreed, keys.MAC))
    channel.secure(SecureMessaging(suite, pair))
    proof = files.select(channel, File.COM.identifier)
    if isinstance(proof, Failed):
        return _verdict(proof)
    return Ok(Verdict(CheckOutcome.PASSED, f"chip authentication {suite.label}"))


def _commands(chosen: Offer, own: bytes) -> list[Command]:
    reference = b"" if chosen.key_id is None else tlv.encode(0x84, chosen.key_id)
    if chosen.suite is Suite.TDES:
        return [Command(0x00, 0x22, 0x41, 0xA6, tlv.encode(0x91, own) + reference)]
    public = tlv.encode(DYNAMIC_DATA, tlv.encode(0x80, own))
    return [
        Command(0x00, 0x22, 0x41, 0xA4, tlv.encode(0x80, chosen.identifier) + reference),
        Command(0x00, 0x86, 0x00, 0x00, public, SHORT_LE),
    ]


def _verdict(failed: Refusal) -> Ok[Verdict] | Refusal:
    if isinstance(failed.reason, EmrtdFailure):
        return Ok(Verdict(CheckOutcome.FAILED, f"chip authentication: {failed.detail}"))
    return failed


def _key(node: tlv.Node) -> EcKey:
    from asn1crypto import keys as asn1_keys

    with asn1_errors("chip authentication key"):
        key = public_keys.load(asn1_keys.PublicKeyInfo.load(node.raw, strict=True))
    if not isinstance(key, EcKey):
        msg = "a chip authentication key of another kind"
        raise Malformed(msg)
    return key
