"""Password authenticated connection establishment (Doc 9303-11, section 4.4).

ECDH with generic mapping; chip authentication mapping runs as generic mapping, its extra proof is
not taken for evidence. Integrated mapping and finite-field Diffie-Hellman are not offered.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from drivers.card_reader.emrtd import ciphers, curves, keys, tlv
from drivers.card_reader.emrtd.apdu import SHORT_LE, SUCCESS, Command
from drivers.card_reader.emrtd.channel import Channel, refused
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.keys import MrzKey, Password
from drivers.card_reader.emrtd.outcome import EmrtdFailure, Refusal
from drivers.card_reader.emrtd.secure_messaging import SecureMessaging
from drivers.contract import Failed, Ok

PROTOCOL: Final = bytes.fromhex("04007F0007020204")
"""id-PACE, 0.4.0.127.0.7.2.2.4, as the bytes of an object identifier."""
GENERIC: Final = 2
CHIP_AUTHENTICATION: Final = 6
SUITES: Final = {1: Suite.TDES, 2: Suite.AES_128, 3: Suite.AES_192, 4: Suite.AES_256}
DYNAMIC_DATA: Final = 0x7C
_MAPPINGS: Final = (GENERIC, CHIP_AUTHENTICATION)
_WRONG_KEY: Final = (0x6982, 0x6988)


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """One PACEInfo that this terminal can run: the protocol's identifier and standard parameters."""

    identifier: bytes
    parameters: int

    @property
    def mapping(self) -> int:
        return self.identifier[-2]

    @property
    def suite(self) -> Suite:
        return SUITES[self.identifier[-1]]


def parse_infos(card_access: bytes) -> list[PaceInfo]:
    """The supported PACEInfos of EF.CardAccess (or of DG14's SecurityInfos), in the chip's order."""
    infos = []
    for entry in tlv.read_all(tlv.read_only(card_access, 0x31)):
        if entry.tag != 0x30:
            msg = "a SecurityInfo that is no sequence"
            raise tlv.Malformed(msg)
        fields = tlv.read_all(entry.value)
        identifier = tlv.require(fields, 0x06)
        if identifier[:-2] != PROTOCOL or len(fields) != 3 or [f.tag for f in fields[1:]] != [0x02, 0x02]:
            continue
        parameters = int.from_bytes(fields[2].value, "big")
        if identifier[-2] in _MAPPINGS and identifier[-1] in SUITES and parameters in curves.STANDARD:
            infos.append(PaceInfo(identifier, parameters))
    return infos


def is_pace(info: tlv.Node) -> bool:
    """Whether this SecurityInfo is about PACE, of any kind."""
    return info.value[2:].startswith(PROTOCOL)


def choose(infos: list[PaceInfo]) -> PaceInfo | None:
    """Plain generic mapping before any other, the longest key first."""
    return min(infos, key=lambda info: (info.mapping, -info.suite.key_size, info.suite.value), default=None)


def establish(
    channel: Channel,
    info: PaceInfo,
    password: Password,
    scalar: Callable[[curves.Curve], int] = curves.private_scalar,
) -> Ok[SecureMessaging] | Refusal:
    """Run the protocol; the session's keys, counter at zero."""
    reference = b"\x01" if isinstance(password, MrzKey) else b"\x02"
    data = tlv.encode(0x80, info.identifier) + tlv.encode(0x83, reference)
    data += tlv.encode(0x84, bytes([info.parameters]))
    outcome = channel.send(Command(0x00, 0x22, 0xC1, 0xA4, data))
    if isinstance(outcome, Failed):
        return outcome
    if outcome.value.status != SUCCESS and outcome.value.status >> 8 != 0x63:
        # 63Cx: a failed attempt is remembered, the chip goes on
        return refused(Command(0x00, 0x22, 0xC1, 0xA4), outcome.value)
    try:
        return _agree(channel, info, password, scalar)
    except (tlv.Malformed, curves.BadPoint) as error:
        return Failed(EmrtdFailure.MALFORMED, f"PACE: {error}")


def token(suite: Suite, mac_key: bytes, identifier: bytes, public_key: bytes) -> bytes:
    """The authentication token over the other side's ephemeral public key."""
    body = tlv.encode(0x7F49, tlv.encode(0x06, identifier) + tlv.encode(0x86, public_key))
    return ciphers.mac(suite, mac_key, body)


def nonce_key(suite: Suite, password: Password) -> bytes:
    return keys.derive(suite, password.secret, keys.PASSWORD)


def _agree(
    channel: Channel, info: PaceInfo, password: Password, scalar: Callable[[curves.Curve], int]
) -> Ok[SecureMessaging] | Refusal:
    suite, curve = info.suite, curves.STANDARD[info.parameters]
    encrypted = _step(channel, b"", 0x80)
    if isinstance(encrypted, Failed):
        return encrypted
    if len(encrypted.value) != 16:
        msg = f"a nonce of {len(encrypted.value)} bytes"
        raise tlv.Malformed(msg)
    nonce = ciphers.decrypt(suite, nonce_key(suite, password), bytes(suite.block_size), encrypted.value)

    secret = scalar(curve)
    answer = _step(channel, tlv.encode(0x81, curves.encode(curve.generator * secret)), 0x82)
    if isinstance(answer, Failed):
        return answer
    shared = curves.multiply(curves.decode(curve, answer.value), secret)
    mapped = curve.generator * int.from_bytes(nonce, "big") + shared

    secret = scalar(curve)
    own = curves.encode(curves.multiply(mapped, secret))
    answer = _step(channel, tlv.encode(0x83, own), 0x84)
    if isinstance(answer, Failed):
        return answer
    chips = answer.value
    if chips == own:
        msg = "the chip sent the terminal's own key back"
        raise tlv.Malformed(msg)
    agreed = curves.x_bytes(curve, curves.multiply(curves.decode(curve, chips), secret))
    pair = (keys.derive(suite, agreed, keys.ENCRYPTION), keys.derive(suite, agreed, keys.MAC))

    proof = token(suite, pair[1], info.identifier, chips)
    answer = _step(channel, tlv.encode(0x85, proof), 0x86, last=True)
    if isinstance(answer, Failed):
        return answer
    if not hmac.compare_digest(answer.value, token(suite, pair[1], info.identifier, own)):
        return Failed(EmrtdFailure.ACCESS_DENIED, "PACE: the chip's token is wrong")
    return Ok(SecureMessaging(suite, pair))


def _step(channel: Channel, data: bytes, tag: int, *, last: bool = False) -> Ok[bytes] | Refusal:
    """One GENERAL AUTHENTICATE; the value of `tag` in the answer."""
    chained = 0x00 if last else 0x10
    command = Command(chained, 0x86, 0x00, 0x00, tlv.encode(DYNAMIC_DATA, data), SHORT_LE)
    outcome = channel.send(command)
    if isinstance(outcome, Failed):
        return outcome
    reply = outcome.value
    if last and (reply.status >> 8 == 0x63 or reply.status in _WRONG_KEY):
        return Failed(EmrtdFailure.ACCESS_DENIED, f"PACE: {reply.status:04X}")
    if reply.status != SUCCESS:
        return refused(command, reply)
    return Ok(tlv.require(tlv.read_all(tlv.read_only(reply.data, DYNAMIC_DATA)), tag))
