"""Basic access control, the fallback for documents without PACE (Doc 9303-11, section 4.3)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from drivers.card_reader.emrtd import ciphers, keys
from drivers.card_reader.emrtd.apdu import SUCCESS, Command
from drivers.card_reader.emrtd.channel import Channel, refused
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.keys import MrzKey
from drivers.card_reader.emrtd.outcome import EmrtdFailure, Refusal
from drivers.card_reader.emrtd.secure_messaging import SecureMessaging
from drivers.contract import Failed, Ok

GET_CHALLENGE = Command(0x00, 0x84, 0x00, 0x00, le=8)
_NONCE = 8
_KEYING = 16
_ANSWER = 2 * _NONCE + _KEYING
_WRONG_KEY = (0x6982, 0x6988, 0x6A80)
"""Beside 63xx; chips differ in how they say that the cryptogram was not theirs."""


def establish(
    channel: Channel, key: MrzKey, random: Callable[[int], bytes] = secrets.token_bytes
) -> Ok[SecureMessaging] | Refusal:
    """Mutual authentication after the application was selected; the session's keys and counter."""
    suite = Suite.TDES
    seed = key.secret[:_KEYING]
    encryption_key = keys.derive(suite, seed, keys.ENCRYPTION)
    mac_key = keys.derive(suite, seed, keys.MAC)
    challenge = channel.ask(GET_CHALLENGE)
    if isinstance(challenge, Failed):
        return challenge
    chip_nonce = challenge.value
    if len(chip_nonce) != _NONCE:
        return Failed(EmrtdFailure.MALFORMED, f"a challenge of {len(chip_nonce)} bytes")
    nonce, keying = random(_NONCE), random(_KEYING)
    zeros = bytes(suite.block_size)
    cryptogram = ciphers.encrypt(suite, encryption_key, zeros, nonce + chip_nonce + keying)
    token = cryptogram + ciphers.mac(suite, mac_key, cryptogram)
    command = Command(0x00, 0x82, 0x00, 0x00, token, _ANSWER + ciphers.MAC_SIZE)
    outcome = channel.send(command)
    if isinstance(outcome, Failed):
        return outcome
    reply = outcome.value
    if reply.status >> 8 == 0x63 or reply.status in _WRONG_KEY:
        return Failed(EmrtdFailure.ACCESS_DENIED, f"BAC: {reply.status:04X}")
    if reply.status != SUCCESS:
        return refused(command, reply)
    answer, checksum = reply.data[:_ANSWER], reply.data[_ANSWER:]
    if len(reply.data) != _ANSWER + ciphers.MAC_SIZE:
        return Failed(EmrtdFailure.MALFORMED, f"BAC: an answer of {len(reply.data)} bytes")
    if not hmac.compare_digest(checksum, ciphers.mac(suite, mac_key, answer)):
        return Failed(EmrtdFailure.ACCESS_DENIED, "BAC: the chip's answer has a wrong MAC")
    opened = ciphers.decrypt(suite, encryption_key, zeros, answer)
    if opened[: 2 * _NONCE] != chip_nonce + nonce:
        return Failed(EmrtdFailure.ACCESS_DENIED, "BAC: the chip's answer is to another challenge")
    shared = bytes(a ^ b for a, b in zip(keying, opened[2 * _NONCE :], strict=True))
    pair = (keys.derive(suite, shared, keys.ENCRYPTION), keys.derive(suite, shared, keys.MAC))
    return Ok(SecureMessaging(suite, pair, int.from_bytes(chip_nonce[4:] + nonce[4:], "big")))
